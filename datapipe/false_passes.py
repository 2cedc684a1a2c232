"""How many answers that passed are wrong: told by those that failed, whatever the pass rates are.

Each wrong answer passes with probability f. Then n draws with k passes, one of them false, are f / (1 - f)
times as likely as the same draws with that one failed, which have k - 1 passes. So every answer that failed
tells of f / (1 - f) false passes among questions with one pass more, and summed over any questions that is
the expected number, exactly: no distribution of pass rates is assumed. (The argument is that of Robbins
1956, "An empirical Bayes approach to statistics"; it needs f and nothing else.)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Alike:
    """Questions whose answers came out alike."""

    questions: int
    passes: int
    """Of each question, as are the fails."""
    fails: int
    wrong_passes: float
    """Share of wrong answers that pass, below 1."""


Within = Callable[[int, int], bool]
"""Whether questions with so many passes and fails are among those that are asked about."""


def expected_share(known: Iterable[tuple[Alike, Within]], passes: int) -> tuple[float, float, float]:
    """(expected, low, high) share of wrong answers among the `passes` of the questions asked about.

    `known` are all questions of the policy, also those not asked about: what failed there may have passed.
    The interval is a 95 % one for the share that came about, f taken as known: the variance of false passes
    less their expectation is estimated by the same argument, applied to pairs of failed answers. Above it is
    the score interval of a Poisson count, so that it covers where few false passes are expected.
    """
    expected = variance = 0.0
    for each, within in known:
        odds, fails = each.wrong_passes / (1 - each.wrong_passes), each.fails
        one = fails > 0 and within(each.passes + 1, fails - 1)
        two = fails > 1 and within(each.passes + 2, fails - 2)
        lifted, pairs = odds * fails, odds**2 * fails * (fails - 1)
        expected += each.questions * lifted * one
        variance += each.questions * (one * (lifted + lifted**2) + two * pairs - 2 * (one and two) * pairs)
    spread = max(variance, 0.0)
    low = expected - _Z * sqrt(spread)
    high = expected + _Z**2 / 2 + _Z * sqrt(spread + _Z**2 / 4)
    return _share(expected, passes), _share(low, passes), _share(high, passes)


def _share(count: float, passes: int) -> float:
    return min(max(count / passes, 0.0), 1.0)
