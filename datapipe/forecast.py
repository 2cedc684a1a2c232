"""What the rest of a run will come to, from what a pilot came to: samples and tokens by cell, with intervals.

Pilot questions stand for those to come: a Bayesian bootstrap (Rubin 1981) over a Dirichlet process whose
base is the pilot as a whole, so that a group with few questions leans on the others. What hangs together in
a question (hard, long, truncated, few kept) is drawn together: nothing about lengths or truncation is
assumed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, log, log1p, sqrt
from random import Random

from datapipe.config import Tiers
from datapipe.config_spend import Spend
from datapipe.estimate import outcomes
from datapipe.prior import Prior, chances
from datapipe.stopping import Look, decide, look
from schemas.base import Tier

Group = tuple[str, str]
"""Source and domain."""
LEAN = 4.0
"""Questions that the pilot as a whole counts for in each group."""
_ATOMS = 20
_TIMES = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """What one pilot question came to."""

    tier: Tier
    kept: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Band:
    """An interval, and the middle of what is in it."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Cell:
    """What the questions to come of one group and tier, or of all of them, will be."""

    questions: Band
    kept: Band
    tokens: Band


@dataclass(frozen=True, slots=True)
class Forecast:
    cells: dict[tuple[Group, Tier], Cell]
    total: Cell


@dataclass(slots=True)
class _Share:
    """Weighted sums over the pilot questions of one tier."""

    weight: float = 0.0
    kept: float = 0.0
    kept_2: float = 0.0
    tokens: float = 0.0
    tokens_2: float = 0.0

    def add(self, weight: float, seen: Seen) -> None:
        self.weight += weight
        self.kept += weight * seen.kept
        self.kept_2 += weight * seen.kept**2
        self.tokens += weight * seen.tokens
        self.tokens_2 += weight * seen.tokens**2


Shares = dict[Tier, _Share]
Totals = tuple[int, float, float]
"""Questions, kept samples, tokens."""


def forecast(
    pilot: Mapping[Group, Sequence[Seen]], ahead: Mapping[Group, int], level: float = 0.8, seed: int = 0
) -> Forecast:
    """Kept samples and tokens of `ahead` questions of each group, by tier, each inside its band with `level`.

    The pilot has to be asked with the configuration that the rest will be. Raises ValueError on an empty one.
    """
    pooled = [seen for group in pilot.values() for seen in group]
    if not pooled:
        raise ValueError("a forecast needs a pilot: no question of it has a rating yet")
    chosen = Random(seed)
    found: dict[tuple[Group, Tier], list[Totals]] = defaultdict(list)
    whole: list[Totals] = []
    for _ in range(_TIMES):
        sums = [0.0, 0.0, 0.0]
        for group, questions in ahead.items():
            shares = _shares(pilot.get(group, ()), pooled, chosen)
            for tier, totals in _drawn(shares, questions, chosen).items():
                found[group, tier].append(totals)
                sums = [a + b for a, b in zip(sums, totals, strict=True)]
        whole.append((int(sums[0]), sums[1], sums[2]))
    return Forecast({key: _cell(times, level) for key, times in found.items()}, _cell(whole, level))


def _shares(own: Sequence[Seen], pooled: Sequence[Seen], chosen: Random) -> Shares:
    """Weights of each tier, not normed: one draw from the Dirichlet process, its base by a few questions of
    all."""
    found: Shares = {seen.tier: _Share() for seen in pooled}
    for seen in own:
        found[seen.tier].add(chosen.expovariate(1), seen)
    for _ in range(_ATOMS):
        seen = chosen.choice(pooled)
        found[seen.tier].add(chosen.gammavariate(LEAN / _ATOMS, 1), seen)
    return found


def _drawn(shares: Shares, questions: int, chosen: Random) -> dict[Tier, Totals]:
    """So many questions parted among tiers, and what those of each come to."""
    found: dict[Tier, Totals] = {}
    left, weight = questions, sum(share.weight for share in shares.values())
    for tier, share in shares.items():
        p = min(share.weight / weight, 1.0) if weight > 0 else 0.0
        here = _binomial(left, p, chosen)
        left, weight = left - here, weight - share.weight
        kept = _sum(here, share.kept, share.kept_2, share.weight, chosen)
        tokens = _sum(here, share.tokens, share.tokens_2, share.weight, chosen)
        found[tier] = here, kept, tokens
    return found


def _sum(number: int, values: float, squares: float, weight: float, chosen: Random) -> float:
    """Of so many alike, near enough normal."""
    if not number:
        return 0.0
    mean = values / weight
    spread = sqrt(max(squares / weight - mean**2, 0.0) * number)
    return max(chosen.gauss(number * mean, spread), 0.0)


def _binomial(number: int, p: float, chosen: Random) -> int:
    """Exact by waiting times where few come, else normal."""
    if p > 0.5:
        return number - _binomial(number, 1 - p, chosen)
    if number * p > 50:
        return min(max(round(chosen.gauss(number * p, sqrt(number * p * (1 - p)))), 0), number)
    count, at = -1, 0
    while at <= number and p > 0:
        count, at = count + 1, at + 1 + int(log(1 - chosen.random()) / log1p(-p))
    return max(count, 0)


def _cell(times: Sequence[Totals], level: float) -> Cell:
    questions, kept, tokens = (_band(sorted(column), level) for column in zip(*times, strict=True))
    return Cell(questions, kept, tokens)


def _band(rising: Sequence[float], level: float) -> Band:
    out = int(len(rising) * (1 - level) / 2)
    return Band(rising[out], rising[len(rising) // 2], rising[-1 - out])


@dataclass(frozen=True, slots=True)
class End:
    """One way that the rate draws of a question can end."""

    passes: int
    draws: int
    tier: Tier
    chance: float


def ends(spend: Spend, prior: Prior, tiers: Tiers, hard_short: bool = False) -> list[End]:
    """How a question that nothing is known of ends in rounds, if every draw has a verdict; chances sum to 1.

    For a pilot that was asked otherwise, and for what another `[spend]` would ask.
    """
    looks = plan(spend, prior, tiers, hard_short)
    found = []
    for passes, draws, ways, _ in outcomes(looks):
        each = chances(draws, prior)[passes] / comb(draws, passes)
        tier = decide(passes, draws, draws, spend, prior, tiers, hard_short).tier
        found.append(End(passes, draws, tier, ways * each))
    return found


def plan(spend: Spend, prior: Prior, tiers: Tiers, hard_short: bool) -> tuple[Look, ...]:
    """The looks of a question whose draws all have a verdict; the last one asks nothing."""
    draws, found = spend.first, [look(spend.first, spend.first, spend, prior, tiers, hard_short)]
    while found[-1].asks:
        asked = found[-1].asks[0]
        draws += decide(asked, draws, draws, spend, prior, tiers, hard_short).more
        found.append(look(draws, draws, spend, prior, tiers, hard_short))
    return tuple(found)
