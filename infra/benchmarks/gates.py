"""Ratios of interleaved pairs, their 95 % bound, and the gates that they are held to."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mpmath import betainc

PAIRS = 7
"""Fewer say too little."""


@dataclass(frozen=True)
class Measured:
    """One line of the report: what was found, and the gate it is held to."""

    name: str
    value: str
    gate: str
    holds: bool

    def __str__(self) -> str:
        return f"{'pass' if self.holds else 'FAIL'}  {self.name:<44} {self.value:<46} gate {self.gate}"


def paired(one: Callable[[], float], other: Callable[[], float], pairs: int) -> list[float]:
    """How many times `one` is `other`, pair by pair; each goes first in every second pair."""
    ratios = []
    for number in range(max(pairs, PAIRS)):
        if number % 2:
            below = other()
            ratios.append(one() / below)
        else:
            above = one()
            ratios.append(above / other())
    return ratios


def held(name: str, ratios: Sequence[float], at_least: float) -> Measured:
    """The geometric mean of the ratios; the gate holds if the one-sided 95 % bound exceeds it."""
    mean, bound = _mean_and_bound(ratios)
    value = f"{mean:.3g} (95 % bound {bound:.3g}, {len(ratios)} pairs)"
    return Measured(name, value, f"> {at_least:g}", bound > at_least)


def _mean_and_bound(ratios: Sequence[float]) -> tuple[float, float]:
    logs = [math.log(ratio) for ratio in ratios]
    mean, count = statistics.fmean(logs), len(logs)
    error = statistics.stdev(logs) / math.sqrt(count)
    return math.exp(mean), math.exp(mean - _student(0.95, count - 1) * error)


def _student(share: float, freedom: int) -> float:
    """The quantile of Student's t, by bisection."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        tail = betainc(freedom / 2, 0.5, 0, freedom / (freedom + middle**2), regularized=True) / 2
        low, high = (middle, high) if 1 - tail < share else (low, middle)
    return high
