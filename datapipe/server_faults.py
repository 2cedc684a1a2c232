"""Whether one server's answers are broken far more often than those of the others."""

import math
from collections import Counter
from dataclasses import dataclass, field

LEAST = 8
"""Faults before a server is judged by them."""
FAR = 4.0
"""Times the others' share that is far above it."""
SURE = 3.0
"""Standard deviations that chance is allowed besides."""
_WINDOW = 4_096
"""Answers of one server after which half of what is known of all is forgotten."""


@dataclass(slots=True)
class Faults:
    """What speaks against the answers of one server; `told` is how often over all, by reason."""

    answers: float = 0.0
    faults: float = 0.0
    told: Counter[str] = field(default_factory=Counter)

    def forget(self, share: float) -> None:
        """Keep so much of what is judged; what was told stays."""
        self.answers *= share
        self.faults *= share

    def often(self) -> str:
        """The most frequent reason."""
        return self.told.most_common(1)[0][0] if self.told else "nothing"


def fade(every: list[Faults]) -> None:
    """Forget half of everything once any server has answered often."""
    if any(one.answers >= _WINDOW for one in every):
        for one in every:
            one.forget(0.5)


def far_above(one: Faults, others: list[Faults]) -> bool:
    """Whether faults of one server are too many to be what its questions and its model make anyway.

    Compared with what is expected at FAR times the others' share, as if they had one fault more than they
    had, and SURE standard deviations above (normal approximation of a Poisson count).
    """
    if one.faults < LEAST or not others:
        return False
    rest, faults = sum(other.answers for other in others), sum(other.faults for other in others)
    expected = FAR * one.answers * (faults + 1) / (rest + 1)
    return one.faults > expected + SURE * math.sqrt(expected)
