"""Questions with known pass rates; their answers are longer, and cut off more often, the harder they are."""

from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 32
"""Draws made of every question; a plan looks at the first of them."""
LIMIT = 8_192
"""max_tokens."""
_MEDIAN, _HARDER, _WRONG, _SPREAD = 1_500, 1.2, 0.3, 0.7
"""Lengths are log-normal: median tokens of a right answer to the easiest question, what is added to its log
for the hardest question and for a wrong answer, and the spread of the log."""


@dataclass(frozen=True)
class World:
    """A law of pass rates: Beta(alpha, beta), and shares of questions at exactly 0 and 1."""

    name: str
    alpha: float
    beta: float
    zero: float
    one: float
    from_: str


WORLDS = (
    World("U", 0.3, 0.3, 0.10, 0.05, "stated: most questions are never or always solved"),
    World("J", 0.4, 1.6, 0.15, 0.0, "stated: most questions are hard"),
    World("uniform", 1.0, 1.0, 0.0, 0.0, "stated"),
    World(
        "recorded",
        0.809,
        1.150,
        0.098,
        0.029,
        "`datapipe.prior.fit` to 400 GSM8K questions with 4 recorded answers each, 615 of 1,600 right "
        "(openai/grade-school-math, example model solutions, MIT); the four are of four models (6B and 175B, "
        "with and without verification), pooled as if of one",
    ),
)


@dataclass(frozen=True)
class Draws:
    """`MOST` answers to each of n questions."""

    unlimited: Floats
    """(n,) chance to be right of an answer that may be as long as it likes."""
    rate: Floats
    """(n,) the pass rate that is estimated: P(right | not cut off)."""
    right: NDArray[np.bool_]
    """(n, MOST); never where the answer is cut off."""
    scored: NDArray[np.bool_]
    tokens: Floats


def drawn(world: World, questions: int, seed: int) -> Draws:
    rng = np.random.default_rng(seed)
    q = rng.beta(world.alpha, world.beta, questions)
    kind = rng.random(questions)
    q[kind < world.zero] = 0.0
    q[kind > 1 - world.one] = 1.0
    return answers(q, rng)


def answers(q: Floats, rng: np.random.Generator, limit: float = LIMIT) -> Draws:
    """Answers to questions whose unlimited chances are given."""
    would = rng.random((len(q), MOST)) < q[:, None]
    logs = np.log(_MEDIAN) + _HARDER * (1 - q[:, None]) + _WRONG * ~would
    length = np.exp(rng.normal(logs, _SPREAD))
    scored = length <= limit
    return Draws(q, scored_rate(q, limit), would & scored, scored, np.minimum(length, limit))


def scored_rate(q: Floats, limit: float = LIMIT) -> Floats:
    """P(right | not cut off) from the chance without a limit: wrong answers are longer, so it is higher."""
    right, wrong = q * (1 - cut(q, False, limit)), (1 - q) * (1 - cut(q, True, limit))
    return right / (right + wrong)


def cut(q: Floats, wrong: bool, limit: float = LIMIT) -> Floats:
    """Share of answers that run into the limit."""
    z = (np.log(limit) - np.log(_MEDIAN) - _HARDER * (1 - q) - _WRONG * wrong) / _SPREAD
    return np.asarray([(1 - erf(value / 2**0.5)) / 2 for value in z])
