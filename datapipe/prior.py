"""What pass rates are like before any answer: a Beta slab with spikes at 0 and 1, fitted to counts.

The fit is empirical Bayes (Efron and Morris 1973) by EM; the slab's step is Minka 2000, "Estimating a
Dirichlet distribution", equation 55, which needs no digamma of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from math import comb, exp, lgamma

from datapipe.config import Rate, Tiers
from datapipe.posterior import shape_cdf

PSEUDO = 20
"""Questions that the base prior counts for in a fit: with as many real ones, half is the base's."""
_DRAWS = 32
"""Draws of such a question: with fewer, a spike at 0 could not be told from a slab that leans there."""
_SOLVED = 0.02
"""Mass at 1 before any fit: little, since a checker that errs looks the same, but a spike at all may be
fitted."""
_LEAST, _LARGEST = 0.05, 50.0
"""Bounds of both shapes: beyond them a slab is a spike, or all questions the same."""
_TURNS = 500
_CLOSE = 1e-5
"""The fit ends when a turn moves nothing by more than this share of it."""

Cell = tuple[int, int]
"""Passes and scored draws of a question."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Beta(alpha, beta), and mass at exactly 0 (`unsolved`) and exactly 1 (`solved`)."""

    alpha: float
    beta: float
    unsolved: float
    solved: float = 0.0
    n: int = 0
    """Questions that it was fitted to."""

    def __post_init__(self) -> None:
        if min(self.alpha, self.beta) <= 0:
            raise ValueError(f"the shapes of a prior are above 0, not {self.alpha} and {self.beta}")
        if min(self.unsolved, self.solved) < 0 or self.unsolved + self.solved >= 1:
            raise ValueError(f"the spikes of a prior leave something: {self.unsolved} and {self.solved}")


def base(rate: Rate) -> Prior:
    """What a fit starts from: Jeffreys' Beta(1/2, 1/2) with `rate.unsolved_prior` at 0, and a little at 1."""
    return Prior(0.5, 0.5, rate.unsolved_prior, min(_SOLVED, (1 - rate.unsolved_prior) / 2))


def fit(counts: Iterable[Cell], base: Prior) -> Prior:
    """The prior that the counts of many questions are likeliest under, shrunk towards `base`.

    Counts are (passes, scored) of each question; how many draws one got may depend on what came, since that
    changes its likelihood by a constant only. The base counts as `PSEUDO` questions of 32 draws that came
    out just as it says. A spike that the base has not is not fitted.

    Raises ValueError on counts that are none.
    """
    cells = Counter((passes, scored) for passes, scored in counts if scored)
    if any(not 0 <= passes <= scored for passes, scored in cells):
        raise ValueError("passes lie between 0 and the scored draws")
    weights = {**_pseudo(base)}
    for cell, times in sorted(cells.items()):  # sums of floats depend on the order, decisions may not
        weights[cell] = weights.get(cell, 0.0) + times
    found = base
    for _ in range(_TURNS):
        before, found = found, _turn(found, weights)
        if _moved(before, found) < _CLOSE:
            break
    return Prior(found.alpha, found.beta, found.unsolved, found.solved, cells.total())


def spikes(passes: int, fails: int, prior: Prior) -> tuple[float, float]:
    """Posterior mass at exactly 0 and at exactly 1."""
    nothing, everything = prior.unsolved * (not passes), prior.solved * (not fails)
    slab = (1 - prior.unsolved - prior.solved) * exp(_evidence(passes, fails, prior.alpha, prior.beta))
    whole = nothing + everything + slab
    return nothing / whole, everything / whole


def mean(passes: int, fails: int, prior: Prior) -> float:
    """Posterior mean of the pass rate: the chance that one more draw is right."""
    nothing, everything = spikes(passes, fails, prior)
    slab = (prior.alpha + passes) / (prior.alpha + prior.beta + passes + fails)
    return everything + (1 - nothing - everything) * slab


@lru_cache(maxsize=65_536)
def masses(passes: int, fails: int, prior: Prior, tiers: Tiers) -> tuple[float, float, float, float, float]:
    """Posterior mass of unsolved, hard, medium, easy, trivial; they sum to 1. The spike at 1 is trivial."""
    nothing, everything = spikes(passes, fails, prior)
    edges = (0.0, tiers.hard, tiers.medium, tiers.easy, 1.0)
    below = [shape_cdf(edge, prior.alpha + passes, prior.beta + fails) for edge in edges]
    slab = 1 - nothing - everything
    hard, medium, easy, trivial = (slab * max(high - low, 0.0) for low, high in pairwise(below))
    return nothing, hard, medium, easy, trivial + everything


def chances(draws: int, prior: Prior) -> list[float]:
    """P(so many of `draws` are right) of a question nothing is known of, from none to all."""
    slab = 1 - prior.unsolved - prior.solved
    of = [
        slab * comb(draws, passes) * exp(_evidence(passes, draws - passes, prior.alpha, prior.beta))
        for passes in range(draws + 1)
    ]
    of[0] += prior.unsolved
    of[-1] += prior.solved
    return of


def _evidence(passes: int, fails: int, a: float, b: float) -> float:
    """Log chance of one sequence of draws under Beta(a, b)."""
    return (
        (lgamma(a + passes) - lgamma(a))
        + (lgamma(b + fails) - lgamma(b))
        - (lgamma(a + b + passes + fails) - lgamma(a + b))
    )


def _pseudo(base: Prior) -> dict[Cell, float]:
    return {(passes, _DRAWS): PSEUDO * chance for passes, chance in enumerate(chances(_DRAWS, base))}


def _turn(prior: Prior, weights: Mapping[Cell, float]) -> Prior:
    """One step of EM: how much of each cell each part of the prior made, then the parts from their shares."""
    nothing = everything = total = 0.0
    slab: dict[Cell, float] = {}
    for (passes, scored), weight in weights.items():
        at_0, at_1 = spikes(passes, scored - passes, prior)
        nothing, everything, total = nothing + weight * at_0, everything + weight * at_1, total + weight
        slab[passes, scored] = weight * (1 - at_0 - at_1)
    alpha, beta = _shapes(prior.alpha, prior.beta, slab)
    return Prior(alpha, beta, nothing / total, everything / total)


def _shapes(alpha: float, beta: float, slab: Mapping[Cell, float]) -> tuple[float, float]:
    """Minka's step: psi(x + k) - psi(x) is the sum of 1 / (x + j) over j below k."""
    most = max(scored for _, scored in slab)
    right, wrong, all_ = (_harmonic(shape, most) for shape in (alpha, beta, alpha + beta))
    up = sum(weight * right[passes] for (passes, _), weight in slab.items())
    down = sum(weight * wrong[scored - passes] for (passes, scored), weight in slab.items())
    whole = sum(weight * all_[scored] for (_, scored), weight in slab.items())
    return _bounded(alpha * up / whole), _bounded(beta * down / whole)


def _harmonic(shape: float, most: int) -> list[float]:
    return list(accumulate((1 / (shape + k) for k in range(most)), initial=0.0))


def _bounded(shape: float) -> float:
    return min(max(shape, _LEAST), _LARGEST)


def _moved(before: Prior, after: Prior) -> float:
    pairs = ((before.alpha, after.alpha), (before.beta, after.beta))
    shapes = max(abs(b - a) / a for a, b in pairs)
    return max(shapes, abs(after.unsolved - before.unsolved), abs(after.solved - before.solved))
