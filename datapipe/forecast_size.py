"""How many tokens questions of a domain and tier take, from the few that were seen: a posterior, sampled.

The logarithm of a question's tokens is a mean of the lane, plus effects of its tier, its domain and of both
together, each normal around 0 with a variance of its own (weak inverse-gamma prior), plus a residual. The
residuals are not taken to be normal: new questions draw theirs from those seen, under weights that are
Dirichlet(1, …, 1) in every draw (Rubin 1981, the Bayesian bootstrap), so that a heavy tail stays one.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_MANY = 48
"""New questions of one cell from which their sum is taken to be normal."""
_SCALES = (0.5, 0.3, 0.15)
"""Standard deviations expected of the effects of tier, of domain and of both."""


class Sizes:
    """Tokens by domain and tier of one lane. Each `step` is one more draw of the posterior."""

    def __init__(
        self, tokens: Array, domain: Ints, tier: Ints, shape: tuple[int, int], rng: np.random.Generator
    ) -> None:
        """`tokens` of the questions seen, with their `domain` and `tier` as indices into `shape`."""
        self._x, self._rng, self._shape = np.log(np.maximum(tokens, 1.0)), rng, shape
        domains, tiers = shape
        cell = domain * tiers + tier
        self._groups = ((tier, tiers), (domain, domains), (cell, domains * tiers))
        self._effects = [np.zeros(size) for _, size in self._groups]
        self._variances = [scale**2 for scale in _SCALES]
        self._mean = float(self._x.mean()) if len(self._x) else 0.0
        self._noise = max(float(self._x.var()), 0.01) if len(self._x) > 1 else 0.25

    def step(self) -> None:
        """Draw the effects, then the variances."""
        left = self._x - self._mean - sum(e[g] for e, (g, _) in zip(self._effects, self._groups, strict=True))
        for place, (group, size) in enumerate(self._groups):
            left += self._effects[place][group]
            n = np.bincount(group, minlength=size)
            precision = n / self._noise + 1 / self._variances[place]
            middle = np.bincount(group, left, minlength=size) / self._noise / precision
            self._effects[place] = middle + self._rng.standard_normal(size) / np.sqrt(precision)
            left -= self._effects[place][group]
            scale = 2 * _SCALES[place] ** 2 + float((self._effects[place] ** 2).sum())
            self._variances[place] = scale / float(self._rng.chisquare(size + 2))
        if len(left):
            left += self._mean
            self._mean = float(left.mean() + self._rng.standard_normal() * np.sqrt(self._noise / len(left)))
            left -= self._mean
        self._noise = (0.1 + float((left**2).sum())) / float(self._rng.chisquare(len(left) + 2))
        weights = self._rng.standard_exponential(len(left)) if len(left) else np.ones(1)
        self._weights = np.cumsum(weights / weights.sum())
        self._factors = np.exp(left) if len(left) else np.ones(1)

    def total(self, questions: Ints) -> Array:
        """Tokens of so many new questions (…, domains, tiers), in the draw that the last step made."""
        tier, domain, both = self._effects
        middle = np.exp(self._mean + tier[None, :] + domain[:, None] + both.reshape(self._shape))
        sums = np.zeros(questions.shape)
        few = (questions > 0) & (questions <= _MANY)
        if few.any():
            counts = questions[few]
            place = np.searchsorted(self._weights, self._rng.random(int(counts.sum())))
            drawn = self._factors[np.minimum(place, len(self._factors) - 1)]
            sums[few] = np.add.reduceat(drawn, np.concatenate([[0], np.cumsum(counts)[:-1]]))
        many = questions > _MANY
        chance = np.diff(self._weights, prepend=0.0)
        mean = float(chance @ self._factors)
        spread = float(np.sqrt(max(chance @ self._factors**2 - mean**2, 0.0)))
        noise = self._rng.standard_normal(int(many.sum()))
        sums[many] = np.maximum(questions[many] * mean + np.sqrt(questions[many]) * spread * noise, 0.0)
        return sums * middle
