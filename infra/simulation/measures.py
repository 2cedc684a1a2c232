"""What is measured on simulated questions, each number with its Monte-Carlo error."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from simulation.rounds import Asked, Ints
from simulation.worlds import Floats

BIAS, COVERAGE = 0.02, 0.93
"""What the gates allow in every tenth."""
_Z = 1.96


@dataclass(frozen=True)
class Measured:
    """A number with the ends of its 95 % Monte-Carlo interval, over n questions."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Tenth:
    """Questions whose true rates lie together."""

    low: float
    high: float
    naive: Measured
    unbiased: Measured
    """Mean error of both estimates."""
    jeffreys: Measured
    stored: Measured
    """Coverage of both intervals."""


def mean(values: Floats) -> Measured:
    """By the central limit theorem."""
    middle, error = float(values.mean()), float(values.std() / max(len(values), 1) ** 0.5)
    return Measured(middle, middle - _Z * error, middle + _Z * error, len(values))


def share(hits: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Measured:
    """Wilson's interval."""
    n, p = len(hits), float(hits.mean())
    middle, wide = p + _Z**2 / (2 * n), _Z * (p * (1 - p) / n + _Z**2 / (4 * n**2)) ** 0.5
    return Measured(p, (middle - wide) / (1 + _Z**2 / n), (middle + wide) / (1 + _Z**2 / n), n)


def ratio(ours: Floats, theirs: Floats) -> Measured:
    """Of two sums over the same questions, by the delta method."""
    value = float(ours.sum() / theirs.sum())
    error = float((ours - value * theirs).std() / len(ours) ** 0.5 / theirs.mean())
    return Measured(value, value - _Z * error, value + _Z * error, len(ours))


def tenths(truth: Floats, asked: Asked) -> list[Tenth]:
    """By tenths of [0, 1]."""
    place = np.minimum((truth * 10).astype(np.int64), 9)
    return [_tenth(truth, asked, np.flatnonzero(place == k)) for k in range(10)]


def ranked(truth: Floats, asked: Asked) -> list[Tenth]:
    """By tenths of the questions, from the hardest up."""
    order = np.argsort(truth, kind="stable")
    return [_tenth(truth, asked, where) for where in np.array_split(order, 10)]


def _tenth(truth: Floats, asked: Asked, where: Ints) -> Tenth:
    """Questions without a verdict have no estimate; their interval is everything."""
    p, told = truth[where], where[~np.isnan(asked.naive[where])]
    return Tenth(
        float(p.min()),
        float(p.max()),
        mean(asked.naive[told] - truth[told]),
        mean(asked.unbiased[told] - truth[told]),
        share((asked.naive_low[where] <= p) & (p <= asked.naive_high[where])),
        share((asked.low[where] <= p) & (p <= asked.high[where])),
    )


def broken(name: str, found: list[Tenth]) -> Iterator[str]:
    """Where a gate does not hold, in words."""
    for number, tenth in enumerate(found, 1):
        if abs(tenth.unbiased.value) > BIAS:
            yield f"{name}, tenth {number}: bias {tenth.unbiased.value:+.3f}"
        if tenth.stored.value < COVERAGE:
            yield f"{name}, tenth {number}: coverage {tenth.stored.value:.3f}"
