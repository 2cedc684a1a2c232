"""How questions of a domain fall into kinds, from the few of each domain that were seen, as a posterior.

A hierarchical Dirichlet model: the mix of a domain is Dirichlet(c beta) around the mix of its lane, beta is
Dirichlet around an even one, and c, which says how alike domains are, has a flat prior over a grid of
logarithms. Sampled by Gibbs steps with table counts as in Teh et al. 2006, section 5.2.
"""

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
        self._starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
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
