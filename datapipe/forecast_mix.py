"""How questions of a domain fall into kinds, from the few of each domain that were seen, as a posterior.

A hierarchical Dirichlet model: the mix of a domain is Dirichlet(c beta) around the mix of its lane, beta is
Dirichlet around an even one, and c, which says how alike domains are, has a flat prior over a grid of
logarithms. Sampled by Gibbs steps with table counts as in Teh et al. 2006, section 5.2.
"""

from collections.abc import Sequence
from math import lgamma

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_GRID = np.array([0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024])
_log_gamma = np.vectorize(lgamma, otypes=[float])


class Mix:
    """The mixes of one lane's domains. Each `step` is one more draw of the posterior."""

    def __init__(self, seen: Counts, even: Array, rng: np.random.Generator) -> None:
        """`seen` (domains, kinds) are counts; `even` (kinds) the prior mass of the lane's own mix."""
        self._seen, self._even, self._rng = seen, even, rng
        self._beta = (seen.sum(0) + even) / (seen.sum() + even.sum())
        self._alike = 16.0
        rows, kinds = np.nonzero(seen)
        self._kinds, counts = kinds, seen[rows, kinds]
        self._starts = np.cumsum(counts) - counts
        self._cell = np.repeat(np.arange(len(counts)), counts)
        self._place = np.arange(int(counts.sum())) - np.repeat(self._starts, counts)
        self._rows = rows

    def step(self) -> Array:
        """(domains, kinds): the mix of each domain in one draw."""
        self._lane_mix()
        self._how_alike()
        mass = self._rng.standard_gamma(self._seen + self._alike * self._beta) + 1e-300
        mixes: Array = mass / mass.sum(1, keepdims=True)
        return mixes

    def _lane_mix(self) -> None:
        """A draw of beta, given how many times each domain drew anew from it."""
        mass = self._even.copy()
        if len(self._place):
            pull = (self._alike * self._beta)[self._kinds][self._cell]
            anew = self._rng.random(len(pull)) * (pull + self._place) < pull
            tables = np.add.reduceat(anew.astype(np.float64), self._starts)
            np.add.at(mass, self._kinds, tables)
        drawn = self._rng.standard_gamma(mass) + 1e-300
        self._beta = drawn / drawn.sum()

    def _how_alike(self) -> None:
        """A draw of c from its posterior over the grid, given beta."""
        n = self._seen.sum(1)
        rows, kinds = np.nonzero(self._seen)
        pull = _GRID[:, None] * self._beta[kinds][None, :]
        fit = (_log_gamma(pull + self._seen[rows, kinds]) - _log_gamma(pull)).sum(1)
        fit += (_log_gamma(_GRID)[:, None] - _log_gamma(_GRID[:, None] + n[None, :])).sum(1)
        chance = np.exp(fit - fit.max())
        self._alike = float(self._rng.choice(_GRID, p=chance / chance.sum()))


class Nested:
    """Mixes in two steps, first over groups of kinds, then inside each.

    How alike domains are is told for each step by itself: what is cut off in long domains may differ
    between them where difficulty does not.
    """

    def __init__(self, seen: Counts, even: Array, groups: Sequence[Counts], rng: np.random.Generator) -> None:
        """As of Mix; `groups` are indices of kinds, each kind in one."""
        self._groups = groups
        over = np.stack([seen[:, group].sum(1) for group in groups], axis=1)
        self._over = Mix(over, np.array([even[group].sum() for group in groups]), rng)
        self._within = [Mix(seen[:, group], even[group], rng) for group in groups]

    def step(self) -> Array:
        """(domains, kinds): the mix of each domain in one draw."""
        over = self._over.step()
        mixes = np.zeros((len(over), sum(len(group) for group in self._groups)))
        for place, (group, within) in enumerate(zip(self._groups, self._within, strict=True)):
            mixes[:, group] = over[:, [place]] * within.step()
        return mixes
