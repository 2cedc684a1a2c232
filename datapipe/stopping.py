"""Whether a question is asked again: rounds go on while no tier holds enough of the posterior.

A decision looks at counts alone, so a question's rounds are a walk on the lattice of (scored, passes) with
a region in which it goes on. `Look` keeps that region as it was at each decision: `estimate` needs it.
"""

from dataclasses import dataclass

from datapipe.config import Tiers
from datapipe.config_spend import Spend
from datapipe.prior import Prior, masses, mean
from schemas.base import TIERS, Tier

EARLIEST = 8
"""Scored draws before which nothing stops at none right or all right."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a decision comes to; `more` is 0 where the question is left as it is."""

    more: int
    reason: str
    tier: Tier
    """The tier of most posterior mass."""
    mass: float


@dataclass(frozen=True, slots=True)
class Look:
    """One decision as it would have been for any counts: what makes an unbiased estimate possible."""

    scored: int
    """Draws with a verdict that it was taken on."""
    asks: tuple[int, ...] = ()
    """Passes among them, rising, at which more is asked; empty where nothing is, whatever came."""


def decide(
    passes: int, scored: int, draws: int, spend: Spend, prior: Prior, tiers: Tiers, hard_short: bool
) -> Step:
    """Whether to ask more, and why; a pure function of counts, so that a resumed run decides the same.

    `draws` are all that are finished, with those that no check could rule on; `hard_short` says whether the
    hard tier still lacks samples. Raises ValueError on counts that are none.
    """
    if not 0 <= passes <= scored <= draws:
        raise ValueError(f"{passes} right of {scored} scored of {draws} draws cannot be")
    of = masses(passes, scored - passes, prior, tiers)
    mass = max(of)
    tier = TIERS[of.index(mass)]
    more, reason = _more(passes, scored, draws, spend, hard_short, f"{tier} holds {mass:.2f}", mass)
    return Step(more, reason, tier, mass)


def _more(
    passes: int, scored: int, draws: int, spend: Spend, hard_short: bool, holds: str, mass: float
) -> tuple[int, str]:
    none = scored > 0 and passes == 0
    if draws < spend.first:
        return spend.first - draws, f"the first {spend.first} draws are asked whatever comes"
    if none and hard_short and draws < spend.hard:
        return _step(draws, spend), f"0 of {scored} right while hard questions are short"
    if draws >= spend.most:
        return 0, f"{draws} draws are the most; {holds}"
    if passes in (0, scored) and scored < EARLIEST:
        return _step(draws, spend), f"{passes} of {scored} right says little before {EARLIEST}"
    if mass >= spend.mass:
        return 0, f"{holds} of the mass"
    return _step(draws, spend), f"no tier holds {spend.mass:g} of the mass: {holds}"


def _step(draws: int, spend: Spend) -> int:
    """The same for whatever came, so that all walks look at the same draws."""
    limit = spend.most if draws < spend.most else spend.hard
    return min(spend.step, limit - draws)


def look(scored: int, draws: int, spend: Spend, prior: Prior, tiers: Tiers, hard_short: bool) -> Look:
    """The decision after so many draws, for every count of passes. Store it with the decision."""
    steps = (decide(passes, scored, draws, spend, prior, tiers, hard_short) for passes in range(scored + 1))
    return Look(scored, tuple(passes for passes, step in enumerate(steps) if step.more))


def decide_open(
    passes: int, scored: int, draws: int, spend: Spend, prior: Prior, wanted: int
) -> tuple[int, str]:
    """(more, reason) where no reference decides: it stops when another draw is unlikely to be kept.

    A draw is kept if it passes while fewer than `wanted` have; its chance to pass is the posterior mean, and
    unlikely is below 1 - `spend.mass`. Raises ValueError on counts that are none.
    """
    if not 0 <= passes <= scored <= draws:
        raise ValueError(f"{passes} passed of {scored} scored of {draws} draws cannot be")
    if draws < spend.first:
        return spend.first - draws, f"the first {spend.first} draws are asked whatever comes"
    if passes >= wanted:
        return 0, f"{passes} passed and {wanted} are kept"
    if draws >= spend.most:
        return 0, f"{draws} draws are the most; {passes} of {wanted} wanted passed"
    chance = mean(passes, scored - passes, prior)
    if chance < 1 - spend.mass:
        return 0, f"another draw is kept with a chance of {chance:.2f}"
    return min(spend.step, spend.most - draws), f"{passes} of {wanted} wanted passed"
