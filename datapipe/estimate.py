"""Pass rates from rounds whose number hung on what came: an unbiased estimate and an interval that holds.

Girshick, Mosteller and Savage 1946, "Unbiased estimates for certain binomial sampling problems"; the
interval turns the test round that orders outcomes by that estimate (Emerson and Fleming 1990), with half
the weight on a tie.

What is conditioned on: which draws had a verdict (taken as not depending on whether they would be right,
given the pass rate among draws with one, which is what is estimated), and the looks: the counts at which
each decision would have asked more. A look must not depend on the question's own draws, so its prior is
best fitted to other questions; where it is one of N that the prior was fitted to, the bias is of order 1/N.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from math import comb, exp, log, log1p

from datapipe.posterior import interval as jeffreys
from datapipe.stopping import Look

_STEPS = 30

Paths = dict[int, tuple[int, int]]
"""By passes so far: ways to come there, and those among them whose first draw with a verdict is right."""
Outcome = tuple[int, int, int, float]
"""Passes, scored draws, ways to come there, unbiased estimate."""
Weighted = tuple[int, int, float]
"""Passes, fails, log of ways: they may be more than a float holds."""


def unbiased(passes: int, scored: int, gone: Sequence[Look]) -> float | None:
    """The share of ways to this end whose first draw is right: unbiased for every pass rate.

    `gone` are the looks that asked for more, in order; none where all was asked at once, and then this is
    passes over scored. None where nothing is scored, or where no way leads here, as where verdicts of
    earlier rounds have changed since. It is no posterior: after 0 of 16, 1 of 20 gives 0, since only a
    first draw that was wrong leads there.
    """
    *_, paths = _walk([*gone, Look(scored)])
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
    below = _weighted(end for end in ends if _order(end) < here)
    above = _weighted(end for end in ends if _order(end) > here)
    tie = _weighted(end for end in ends if _order(end) == here)
    low = _crossing(lambda p: _chance(p, above) + _chance(p, tie) / 2 < tail) if below else 0.0
    high = _crossing(lambda p: _chance(p, below) + _chance(p, tie) / 2 >= tail) if above else 1.0
    return low, high


@lru_cache(maxsize=4_096)
def outcomes(looks: tuple[Look, ...]) -> tuple[Outcome, ...]:
    """Every end of a plan: at each look the counts that ask no more, at the last look all of them."""
    found: list[Outcome] = []
    for number, paths in enumerate(_walk(looks), 1):
        look = looks[number - 1]
        going = set(look.asks) if number < len(looks) else set[int]()
        for passes, (ways, first) in paths.items():
            if passes not in going and look.scored:
                found.append((passes, look.scored, ways, first / ways))
    return tuple(found)


def _walk(looks: Sequence[Look]) -> Iterator[Paths]:
    """At each look the ways to every count of passes that asked more at all looks before it."""
    paths: Paths = {0: (1, 0)}
    scored = 0
    for look in looks:
        fresh = look.scored - scored
        if fresh < 0:
            paths = {}
        elif scored:
            paths = _spread(paths, fresh)
        elif paths:
            paths = {c: (comb(fresh, c), comb(fresh - 1, c - 1) if c else 0) for c in range(fresh + 1)}
        yield paths
        scored = look.scored
        paths = {passes: paths[passes] for passes in look.asks if passes in paths}


def _spread(paths: Paths, fresh: int) -> Paths:
    """The same after so many draws more."""
    found: Paths = {}
    times = [comb(fresh, right) for right in range(fresh + 1)]
    for passes, (ways, first) in paths.items():
        for right, each in enumerate(times):
            old = found.get(passes + right, (0, 0))
            found[passes + right] = (old[0] + each * ways, old[1] + each * first)
    return found


def _order(outcome: Outcome) -> tuple[float, float]:
    """By the estimate; where that is 0 for all who had none right at first, by the share of right ones."""
    passes, scored, _, estimate = outcome
    return round(estimate, 12), passes / scored


def _weighted(ends: Iterable[Outcome]) -> list[Weighted]:
    return [(passes, scored - passes, log(ways)) for passes, scored, ways, _ in ends]


def _chance(p: float, ends: Sequence[Weighted]) -> float:
    right, wrong = log(p), log1p(-p)
    return sum(exp(ways + passes * right + fails * wrong) for passes, fails, ways in ends)


def _crossing(below: Callable[[float], bool]) -> float:
    """The pass rate at which a test that holds for low ones ceases to."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2
