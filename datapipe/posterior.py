"""What counts of right and wrong say about a pass rate: interval, pass@k, posterior mass per tier.

The prior is Jeffreys' Beta(1/2, 1/2) with a spike at exactly 0, for questions that this policy never
solves. Interval: Brown, Cai and DasGupta 2001; pass@k: Chen et al. 2021, equation 1.
"""

from functools import lru_cache
from itertools import pairwise
from math import comb, exp, lgamma, log, log1p

import numpy as np

from datapipe.config import Rate, Tiers
from schemas.rows import Tier

_STEPS = 50
_FEW, _MANY = 48, 1024
"""Terms of a series that are added one by one, and those that are added at a time after them."""
_NOTHING = 1e-300
"""Below this a term is nothing, and a float may be too small to fall any further."""


def beta_cdf(x: float, passes: int, fails: int) -> float:
    """P(p <= x) under Beta(passes + 1/2, fails + 1/2)."""
    return shape_cdf(x, passes + 0.5, fails + 0.5)


def shape_cdf(x: float, a: float, b: float) -> float:
    """P(p <= x) under Beta(a, b), both above 0."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    return _cdf(x, a, b)


@lru_cache(maxsize=65_536)
def _cdf(x: float, a: float, b: float) -> float:
    """By the series of DLMF 8.17.8, from the side of the mean where its terms fall and none is negative.

    mpmath's `betainc` sums one whose terms cancel, and gives up from a few thousand draws on.
    """
    if x * (a + b) > a:
        return 1.0 - _cdf(1.0 - x, b, a)
    term = exp(lgamma(a + b) - lgamma(a + 1) - lgamma(b) + a * log(x) + b * log1p(-x))
    total, k = 0.0, 0
    while term > total * 1e-17 and term > _NOTHING:  # max() would take as long as all the rest
        total += term
        term *= x * (a + b + k) / (a + 1 + k)
        k += 1
        if k == _FEW:
            return _rest(x, a, b, term, total)
    return total


def _rest(x: float, a: float, b: float, term: float, total: float) -> float:
    """The same sum from term _FEW on, to the last bit: accumulated in the same order, many at a time."""
    k = float(_FEW)
    while True:
        ks = np.arange(k, k + _MANY)
        terms = np.multiply.accumulate(np.concatenate(([term], x * (a + b + ks) / (a + 1 + ks))))
        totals = np.add.accumulate(np.concatenate(([total], terms[:-1])))
        over = np.flatnonzero(~((terms > totals * 1e-17) & (terms > _NOTHING)))
        if len(over):
            return float(totals[over[0]])
        k, term, total = k + _MANY, terms[-1], totals[-1]


@lru_cache(maxsize=8_192)
def interval(passes: int, fails: int, level: float = 0.95) -> tuple[float, float]:
    """Equal-tailed Jeffreys interval; its ends are 0 and 1 where every draw says so, (0, 1) without draws."""
    tail = (1 - level) / 2
    low = 0.0 if passes == 0 else _quantile(tail, passes, fails)
    high = 1.0 if fails == 0 else _quantile(1 - tail, passes, fails)
    return low, high


def _quantile(mass: float, passes: int, fails: int) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_cdf(middle, passes, fails) < mass else (low, middle)
    return (low + high) / 2


def pass_at(k: int, passes: int, scored: int) -> float | None:
    """Unbiased chance that one of k draws is right; None where fewer than k are scored."""
    if scored < k:
        return None
    return 1.0 - comb(scored - passes, k) / comb(scored, k)


def tier_of(rate: float, tiers: Tiers) -> Tier:
    """The tier of a pass rate: unsolved is 0, the edges belong to the harder side."""
    if rate <= 0:
        return "unsolved"
    if rate <= tiers.hard:
        return "hard"
    if rate <= tiers.medium:
        return "medium"
    return "easy" if rate <= tiers.easy else "trivial"


def spike(passes: int, fails: int, prior: float) -> float:
    """Posterior mass at exactly 0."""
    if passes:
        return 0.0
    # Marginal likelihood of so many fails under Jeffreys' prior: B(1/2, f + 1/2) / B(1/2, 1/2).
    slab = exp(lgamma(fails + 0.5) - lgamma(fails + 1) - lgamma(0.5))
    return prior / (prior + (1 - prior) * slab) if prior else 0.0


def mass_between(low: float, high: float, passes: int, fails: int, prior: float) -> float:
    """Posterior mass of (low, high]; the spike at 0 lies in no such band."""
    inside = beta_cdf(high, passes, fails) - beta_cdf(low, passes, fails)
    return (1 - spike(passes, fails, prior)) * max(inside, 0.0)


def masses(passes: int, fails: int, rate: Rate) -> tuple[float, float, float, float, float]:
    """Posterior mass of unsolved, hard, medium, easy, trivial; they sum to 1."""
    edges = (0.0, rate.tiers.hard, rate.tiers.medium, rate.tiers.easy, 1.0)
    hard, medium, easy, trivial = (
        mass_between(low, high, passes, fails, rate.unsolved_prior) for low, high in pairwise(edges)
    )
    return spike(passes, fails, rate.unsolved_prior), hard, medium, easy, trivial
