"""Pass rates from rounds whose number hung on what came: an unbiased estimate and an interval that holds.

Girshick, Mosteller and Savage 1946, "Unbiased estimates for certain binomial sampling problems"; the
interval turns the test round that orders outcomes by that estimate (Emerson and Fleming 1990), with half
the weight on a tie.

What is conditioned on: which draws had a verdict (taken as not depending on whether they would be right,
given the pass rate among draws with one, which is what is estimated), and the looks: the counts at which
each decision would have asked more. A look must not depend on the question's own draws, so its prior is
best fitted to other questions; where it is one of N that the prior was fitted to, the bias is of order 1/N.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import comb

from datapipe.posterior import interval as jeffreys
from datapipe.stopping import Look

_STEPS = 30

Paths = dict[int, tuple[int, int]]
"""By passes so far: ways to come there, and those among them whose first draw with a verdict is right."""
Outcome = tuple[int, int, int, float]
"""Passes, scored draws, ways to come there, unbiased estimate."""


def unbiased(passes: int, scored: int, gone: Sequence[Look]) -> float | None:
    """The share of ways to this end whose first draw is right: unbiased for every pass rate.

    `gone` are the looks that asked for more, in order; none where all was asked at once, and then this is
    passes over scored. None where nothing is scored, or where no way leads here, as where verdicts of
    earlier rounds have changed since. It is no posterior: after 0 of 16, 1 of 20 gives 0, since only a
    first draw that was wrong leads there.
    """
    paths = _walk(tuple(gone), scored)
    if not scored or passes not in paths:
        return None
    ways, first_right = paths[passes]
    return first_right / ways


def interval(passes: int, scored: int, gone: Sequence[Look], level: float = 0.95) -> tuple[float, float]:
    """Where the pass rate lies, with the coverage of `level` over plans like this one.

    The looks to come play no part: who would have gone on from this one is placed where he stands, which is
    the mean of where he would end. Jeffreys' interval where no way leads here, (0, 1) without draws. The
    estimate may lie below it where it is 0 and some draw was right.
    """
    if not scored:
        return 0.0, 1.0
    return _interval(passes, scored, tuple(gone), level)


@lru_cache(maxsize=65_536)
def _interval(passes: int, scored: int, gone: tuple[Look, ...], level: float) -> tuple[float, float]:
    ends = outcomes((*gone, Look(scored)))
    mine = next((end for end in ends if end[:2] == (passes, scored)), None)
    if mine is None:
        return jeffreys(passes, max(scored - passes, 0), level)
    tail, here = (1 - level) / 2, _order(mine)
    below = [end for end in ends if _order(end) < here]
    above = [end for end in ends if _order(end) > here]
    tie = [end for end in ends if _order(end) == here]
    low = _crossing(lambda p: _chance(p, above) + _chance(p, tie) / 2 < tail) if below else 0.0
    high = _crossing(lambda p: _chance(p, below) + _chance(p, tie) / 2 >= tail) if above else 1.0
    return low, high


@lru_cache(maxsize=4_096)
def outcomes(looks: tuple[Look, ...]) -> tuple[Outcome, ...]:
    """Every end of a plan: at each look the counts that ask no more, at the last look all of them."""
    found: list[Outcome] = []
    for number, look in enumerate(looks):
        going = set(look.asks) if number + 1 < len(looks) else set[int]()
        for passes, (ways, first) in _walk(looks[:number], look.scored).items():
            if passes not in going and look.scored:
                found.append((passes, look.scored, ways, first / ways))
    return tuple(found)


@lru_cache(maxsize=16_384)
def _walk(gone: tuple[Look, ...], scored: int) -> Paths:
    """Ways to every count of passes among `scored` draws that asked more at each look of `gone`."""
    if not gone:
        return {c: (comb(scored, c), comb(scored - 1, c - 1) if c else 0) for c in range(scored + 1)}
    *before, look = gone
    here = _walk(tuple(before), look.scored)
    asked = {c: here[c] for c in look.asks if c in here}
    fresh = scored - look.scored
    if not look.scored:
        return _walk((), scored) if asked else {}
    return _spread(asked, fresh) if fresh >= 0 else {}


def _spread(paths: Paths, fresh: int) -> Paths:
    """The same after so many draws more."""
    found: Paths = {}
    for passes, (ways, first) in paths.items():
        for right in range(fresh + 1):
            times = comb(fresh, right)
            old = found.get(passes + right, (0, 0))
            found[passes + right] = (old[0] + times * ways, old[1] + times * first)
    return found


def _order(outcome: Outcome) -> tuple[float, float]:
    """By the estimate; where that is 0 for all who had none right at first, by the share of right ones."""
    passes, scored, _, estimate = outcome
    return round(estimate, 12), passes / scored


def _chance(p: float, ends: Sequence[Outcome]) -> float:
    return sum(ways * p**passes * (1 - p) ** (scored - passes) for passes, scored, ways, _ in ends)


def _crossing(below: Callable[[float], bool]) -> float:
    """The pass rate at which a test that holds for low ones ceases to."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2
