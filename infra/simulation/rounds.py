"""Simulated questions asked in rounds, by the engine's own rule and estimates, and all with the same n."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simulation.worlds import Draws, Floats

from datapipe import estimate, posterior, prior, stopping
from datapipe.config import Rate, Tiers
from datapipe.config_spend import Spend
from datapipe.prior import Prior
from datapipe.stopping import Look
from schemas.base import TIERS

Ints = NDArray[np.int64]

MAPS = {
    "five": Rate(),
    "three": Rate(tiers=Tiers(hard=0.25, medium=0.75 - 1e-9, easy=0.75), unsolved_prior=0.0),
}
"""The default tiers; and hard up to .25, medium up to .75, the rest (called trivial), where 0 is hard too."""


@dataclass(frozen=True)
class Asked:
    """What n questions came to."""

    draws: Ints
    passes: Ints
    scored: Ints
    tokens: Floats
    tier: Ints
    """Index into TIERS of the tier that holds most of the posterior."""
    naive: Floats
    """Passes over scored; NaN where nothing is."""
    unbiased: Floats
    low: Floats
    high: Floats
    """The interval that is stored."""
    naive_low: Floats
    naive_high: Floats
    """Jeffreys' interval, which knows of no rounds."""


def fitted(draws: Draws, first: int, rate: Rate) -> Prior:
    """The prior of a group as the engine fits it, from the first draws of all its questions."""
    passes, scored = draws.right[:, :first].sum(1), draws.scored[:, :first].sum(1)
    return prior.fit(zip(passes.tolist(), scored.tolist(), strict=True), prior.base(rate))


def fixed(of: Draws, n: int, rate: Rate, known: Prior) -> Asked:
    stop = np.full(len(of.rate), n)
    return _asked(of, stop, np.zeros((len(stop), 0), dtype=np.int64), [], rate, known)


def in_rounds(of: Draws, spend: Spend, rate: Rate, known: Prior, short: bool) -> Asked:
    """Every question until `stopping.decide` asks no more of it."""
    passes, scored = of.right.cumsum(1), of.scored.cumsum(1)
    at = _draws(spend)
    looks = [{m: stopping.look(m, n, spend, known, rate.tiers, short) for m in range(n + 1)} for n in at]
    stop, going = np.zeros(len(of.rate), dtype=np.int64), np.ones(len(of.rate), dtype=bool)
    gone = np.full((len(stop), len(looks)), -1)
    for number, (draws, by_scored) in enumerate(zip(at, looks, strict=True)):
        asks = np.zeros((draws + 1, draws + 1), dtype=bool)
        for m, look in by_scored.items():
            asks[m, list(look.asks)] = True
        more = going & asks[scored[:, draws - 1], passes[:, draws - 1]]
        stop[going & ~more] = draws
        gone[more, number] = scored[more, draws - 1]
        going = more
    return _asked(of, stop, gone, looks, rate, known)


def _draws(spend: Spend) -> list[int]:
    """At which decisions are taken."""
    most, hard = spend.most, spend.hard
    return sorted({*range(spend.first, most, spend.step), *range(most, hard, spend.step), hard})


def _asked(
    of: Draws, stop: Ints, gone: Ints, looks: list[dict[int, Look]], rate: Rate, known: Prior
) -> Asked:
    row = np.arange(len(stop))
    passes, scored = of.right.cumsum(1)[row, stop - 1], of.scored.cumsum(1)[row, stop - 1]
    keys, place = np.unique(np.column_stack([passes, scored, gone]), axis=0, return_inverse=True)
    values = np.asarray([_valued(key.tolist(), looks, rate, known) for key in keys])[place.ravel()]
    naive, unbiased, low, high, naive_low, naive_high, tier = values.T
    tokens = of.tokens.cumsum(1)[row, stop - 1]
    return Asked(
        stop, passes, scored, tokens, tier.astype(np.int64), naive, unbiased, low, high, naive_low, naive_high
    )


def _valued(
    key: list[int], looks: list[dict[int, Look]], rate: Rate, known: Prior
) -> tuple[float, float, float, float, float, float, int]:
    passes, scored, *gone = key
    path = [looks[number][m] for number, m in enumerate(gone) if m >= 0]
    unbiased = estimate.unbiased(passes, scored, path)
    of = prior.masses(passes, scored - passes, known, rate.tiers)
    return (
        passes / scored if scored else np.nan,
        np.nan if unbiased is None else unbiased,
        *(estimate.interval(passes, scored, path) if path else posterior.interval(passes, scored - passes)),
        *posterior.interval(passes, scored - passes),
        int(np.argmax(of)),
    )


def tiers(rates: Floats, rate: Rate) -> Ints:
    """Index into TIERS of known pass rates; where no prior mass is at 0, such a question is hard."""
    found = np.asarray([TIERS.index(posterior.tier_of(p, rate.tiers)) for p in rates])
    return np.maximum(found, 1) if not rate.unsolved_prior else found
