"""What a whole run will keep and cost, by lane, domain and tier, from a pilot that is part of it.

Futures are simulated: in each, the mix of kinds of question and their lengths are drawn from their posterior
given the pilot (`forecast_mix`, `forecast_size`), every question not yet asked is drawn from them, and what
the pilot brought is added as it is. So an interval holds what a small pilot leaves unknown, the luck of the
questions still to be asked, and nothing for those already asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datapipe.forecast_mix import Nested
from datapipe.forecast_size import Sizes
from schemas.base import TIERS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.8
"""Of the intervals: a tenth of the futures lies below each, a tenth above."""
ALL = "total"
_WARM = 100
"""Steps before the first that counts."""
_PRIOR = 0.5
"""Questions of each tier that the prior on a lane's mix is worth, as Jeffreys has it: a tier that the pilot
did not meet is rare, and not impossible."""


class Seen(NamedTuple):
    """A question of the pilot, done: what it brought and took; `harvested` and `harvest` beyond its rate."""

    lane: str
    domain: str
    tier: str
    kept: int
    harvested: int
    prompt: int
    tokens: int
    harvest: int
    early: int
    """Those of `tokens` that are spent whatever comes: a tier that is full is asked no further."""


Block = Mapping[tuple[str, str], int]
"""Questions still to be asked by (lane, domain), of shards that are neighbours."""


class Range(NamedTuple):
    """An equal-tailed interval with its median."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Cell:
    """What is forecast of one lane, domain and tier; `total` in place of what is summed over."""

    lane: str
    domain: str
    tier: str
    pilot: int
    """Questions of the pilot in it."""
    questions: Range
    kept: Range
    tokens: Range
    prompt: Range


@dataclass(frozen=True, slots=True)
class Terms:
    """What ends a run before all is asked."""

    target: Mapping[str, int] = field(default_factory=dict)
    """Samples wanted by tier: of a tier that has them, questions are asked no more than decides it."""
    budget: int | None = None
    """Tokens that may be generated."""


class _Lane:
    """One lane: its posterior, and what the pilot brought as (domains, tiers) arrays."""

    def __init__(
        self,
        name: str,
        seen: Sequence[Seen],
        blocks: Sequence[Block],
        tiers: Sequence[str],
        rng: np.random.Generator,
    ) -> None:
        asked = {domain for block in blocks for lane, domain in block if lane == name}
        self.name, self.domains = name, sorted(asked | {each.domain for each in seen})
        self.left = np.array([[b.get((name, d), 0) for d in self.domains] for b in blocks], np.int64)
        shape = len(self.domains), len(tiers)
        domain = np.array([self.domains.index(each.domain) for each in seen], np.int64)
        tier = np.array([tiers.index(each.tier) for each in seen], np.int64)
        self._kinds = sorted({(t, k, 0) for t in range(len(tiers)) for k in (0, 1)} | _kinds(seen, tiers))
        self._tier = np.array([[kind[0] == t for t in range(len(tiers))] for kind in self._kinds], np.float64)
        self._kept = self._tier * np.array([kind[1] for kind in self._kinds])[:, None]
        self._more = self._tier * np.array([kind[2] for kind in self._kinds])[:, None]
        counts = np.zeros((len(self.domains), len(self._kinds)), np.int64)
        place = {kind: number for number, kind in enumerate(self._kinds)}
        for each, where in zip(seen, domain, strict=True):
            counts[where, place[tiers.index(each.tier), each.kept, each.harvested]] += 1
        even = (self._tier * (_PRIOR / self._tier.sum(0))).sum(1)
        ruled = np.array([tiers[kind[0]] in TIERS for kind in self._kinds])
        self._mix = Nested(counts, even, (np.flatnonzero(ruled), np.flatnonzero(~ruled)), rng)
        self._sizes = Sizes(np.array([s.tokens for s in seen], float), domain, tier, shape, rng)
        self._prompts = Sizes(np.array([s.prompt for s in seen], float), domain, tier, shape, rng)
        self.pilot = {
            name: _summed([getattr(s, name) for s in seen], domain, tier, shape)
            for name in ("kept", "harvested", "prompt", "tokens", "harvest", "early")
        }
        self.pilot["questions"] = _summed([1] * len(seen), domain, tier, shape)
        tokens = np.maximum(self.pilot["tokens"].sum(0), 1.0)
        self._share = self.pilot["harvest"].sum(0) / tokens
        self.early = self.pilot["early"].sum(0) / tokens
        """Share of a tier's tokens that is spent also where it is full."""
        self._rng = rng

    def step(self) -> None:
        self._mixes = self._mix.step()
        self._sizes.step()
        self._prompts.step()

    def future(self) -> dict[str, Array]:
        """(blocks, domains, tiers) of what is still to be asked, in one future, by quantity."""
        counts = self._rng.multinomial(self.left, self._mixes[None, :, :])
        questions = counts @ self._tier
        whole = questions.astype(np.int64)
        tokens = self._sizes.total(whole)
        return {
            "questions": questions,
            "kept": counts @ self._kept,
            "harvested": counts @ self._more,
            "tokens": tokens,
            "prompt": self._prompts.total(whole),
            "harvest": tokens * self._share,
        }


def forecast(
    seen: Sequence[Seen],
    blocks: Sequence[Block],
    terms: Terms | None = None,
    *,
    seed: int = 0,
    futures: int = 800,
) -> list[Cell]:
    """The cells of all lanes, each lane's total and the run's; `blocks` stand in the order they are asked.

    A pure function of its arguments. Raises ValueError where no question of a lane is in the pilot.
    """
    asked = {lane for block in blocks for lane, _ in block}
    if missing := sorted(asked - {each.lane for each in seen}):
        raise ValueError(f"no question of the {' and the '.join(missing)} lane is in the pilot")
    terms, rng = terms or Terms(), np.random.default_rng(seed)
    tiers: list[str] = list(dict.fromkeys([*TIERS, "undetermined", *sorted(each.tier for each in seen)]))
    names = sorted({each.lane for each in seen}, reverse=True)
    lanes = [_Lane(n, [s for s in seen if s.lane == n], blocks, tiers, rng) for n in names]
    for _ in range(_WARM):
        for lane in lanes:
            lane.step()
    drawn = [_future(lanes, terms, tiers) for _ in range(futures)]
    return _cells(lanes, tiers, drawn)


def _future(lanes: Sequence[_Lane], terms: Terms, tiers: Sequence[str]) -> list[dict[str, Array]]:
    """One future by lane, in (domains, tiers), with the pilot in it."""
    for lane in lanes:
        lane.step()
    made = [lane.future() for lane in lanes]
    blocks = made[0]["kept"].shape[0]
    for place, tier in enumerate(tiers):
        wanted = terms.target.get(tier)
        if wanted is not None:
            _fill(lanes, made, place, wanted, blocks)
    asked = np.ones(blocks) if terms.budget is None else _afforded(lanes, made, terms.budget)
    found = []
    for lane, each in zip(lanes, made, strict=True):
        sums = {name: lane.pilot[name] + np.tensordot(asked, values, 1) for name, values in each.items()}
        sums["kept"] = sums["kept"] + sums.pop("harvested")
        sums["tokens"] = sums["tokens"] + sums.pop("harvest")
        found.append(sums)
    return found


def _fill(lanes: Sequence[_Lane], made: list[dict[str, Array]], tier: int, wanted: int, blocks: int) -> None:
    """Ask a tier no further in the block in which it has what is wanted, and after."""
    have = sum(float((lane.pilot["kept"] + lane.pilot["harvested"])[:, tier].sum()) for lane in lanes)
    for block in range(blocks):
        rate = sum(float(each["kept"][block, :, tier].sum()) for each in made)
        more = sum(float(each["harvested"][block, :, tier].sum()) for each in made)
        short = max(wanted - have, 0.0)
        part = 1.0 if rate + more <= short else min(short / (rate + more), 1.0)
        for lane, each in zip(lanes, made, strict=True):
            for name in ("harvested", "harvest"):
                each[name][block, :, tier] *= part
            each["tokens"][block, :, tier] *= part + (1 - part) * lane.early[tier]
        have += rate + more * part


def _afforded(lanes: Sequence[_Lane], made: Sequence[dict[str, Array]], budget: int) -> Array:
    """The share of each block that is asked before the budget is spent."""
    spent = sum(float((lane.pilot["tokens"] + lane.pilot["harvest"]).sum()) for lane in lanes)
    costs: Array = np.sum([(each["tokens"] + each["harvest"]).sum((1, 2)) for each in made], axis=0)
    before = spent + np.cumsum(costs) - costs
    shares: Array = np.clip((budget - before) / np.maximum(costs, 1.0), 0.0, 1.0)
    return shares


def _cells(
    lanes: Sequence[_Lane], tiers: Sequence[str], drawn: Sequence[list[dict[str, Array]]]
) -> list[Cell]:
    cells: list[Cell] = []
    whole: dict[str, Array] = {}
    for number, lane in enumerate(lanes):
        values = {name: np.array([future[number][name] for future in drawn]) for name in _TOLD}
        pilot = lane.pilot["questions"].astype(int)
        for d, domain in enumerate(lane.domains):
            for t, tier in enumerate(tiers):
                of = {name: each[:, d, t] for name, each in values.items()}
                if of["questions"].any():
                    cells.append(_cell(lane.name, domain, tier, int(pilot[d, t]), of))
            of = {name: each[:, d, :].sum(1) for name, each in values.items()}
            cells.append(_cell(lane.name, domain, ALL, int(pilot[d].sum()), of))
        sums = {name: each.sum((1, 2)) for name, each in values.items()}
        whole = {name: whole.get(name, 0.0) + each for name, each in sums.items()}
        cells.append(_cell(lane.name, ALL, ALL, int(pilot.sum()), sums))
    cells.append(_cell(ALL, ALL, ALL, sum(int(lane.pilot["questions"].sum()) for lane in lanes), whole))
    return cells


_TOLD = ("questions", "kept", "tokens", "prompt")


def _cell(lane: str, domain: str, tier: str, pilot: int, values: Mapping[str, Array]) -> Cell:
    return Cell(lane, domain, tier, pilot, **{name: _range(values[name]) for name in _TOLD})


def _range(values: Array) -> Range:
    """Whole futures at both ends, so that a count's interval holds at least its level."""
    tail = (1 - LEVEL) / 2
    low = np.quantile(values, tail, method="lower")
    high = np.quantile(values, 1 - tail, method="higher")
    return Range(float(low), float(np.median(values)), float(high))


def _kinds(seen: Sequence[Seen], tiers: Sequence[str]) -> set[tuple[int, int, int]]:
    return {(tiers.index(each.tier), each.kept, each.harvested) for each in seen}


def _summed(values: Sequence[int], domain: Ints, tier: Ints, shape: tuple[int, int]) -> Array:
    weights = np.array(values, np.float64)
    summed: Array = np.bincount(domain * shape[1] + tier, weights, minlength=shape[0] * shape[1])  # type: ignore[assignment]  # its stub forgets the weights
    return summed.reshape(shape)
