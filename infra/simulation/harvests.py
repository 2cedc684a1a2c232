"""What a harvest does to a forecast: pilots that harvest for their part of the target, or for all of it.

`PYTHONPATH=infra python -m simulation.harvests --runs 5`: runs of the domains of `forecasts.py`, eight draws
of each question, and targets that these draws alone miss by so much. The pilot and then the run harvest as
the engine does, and the forecast that was made in between is held against what the run came to.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from simulation.forecasts import (
    CAP,
    KEEP,
    PASSES_RULES,
    PRIORS,
    RATE,
    SIZES,
    Held,
    held_against,
    in_band,
    shifted,
)

from datapipe.forecast import ALL, Seen, Terms, forecast
from datapipe.harvest import most_of_a_round
from datapipe.harvesting import Candidate, allot
from datapipe.prior import base, mean
from datapipe.rating import Counts, tier
from datapipe.share import in_share
from schemas.base import TIERS, Tier

N, MOST, STEP = 8, 16, 4
"""Draws of each question, the most beyond them, and those of a round at least."""
TIERS_WANTED: tuple[Tier, ...] = ("hard", "medium")
MISSED = (1.1, 1.5, 2.0)
"""Targets, over what the first draws alone bring."""


@dataclass
class Question:
    """A question, its draws so far, and what they brought."""

    number: int
    domain: str
    p: float
    middle: float
    rng: np.random.Generator
    tier: str = ""
    draws: int = 0
    right: int = 0
    sound: int = 0
    """Right answers that no rule drops."""
    tokens: list[int] = field(default_factory=list)
    """By draw."""
    rated: int = 0
    """Of the sound ones, those of the first draws that are kept."""

    def draw(self, count: int) -> Counts:
        lengths = np.exp(self.rng.normal(self.middle, 0.5, count)).astype(int) + 1
        over = lengths >= CAP
        right = (self.rng.random(count) < self.p) & ~over
        self.draws, self.right = self.draws + count, self.right + int(right.sum())
        self.sound += int((right & (self.rng.random(count) < PASSES_RULES)).sum())
        self.tokens += np.minimum(lengths, CAP).tolist()
        return Counts(int(right.sum()), count - int(right.sum()) - int(over.sum()), int(over.sum()), 0)

    def rate(self) -> None:
        counts = self.draw(N)
        self.tier = tier(RATE, counts)
        self.wanted = in_band(counts.passes, counts.n)
        self.rated = self.kept

    @property
    def kept(self) -> int:
        return min(KEEP.answers, self.sound) if self.wanted else 0

    def seen(self) -> Seen:
        first, more = sum(self.tokens[:N]), sum(self.tokens[N:])
        harvested = self.kept - self.rated
        return Seen("verifiable", self.domain, self.tier, self.rated, harvested, 90 * N, first, more, first)


def population(prior: str, seed: int, sizes: Sequence[int]) -> list[Question]:
    """The questions of a run, each with its first draws."""
    rng, found = np.random.default_rng([seed, list(PRIORS).index(prior)]), list[Question]()
    for number, size in enumerate(sizes):
        rates, shift, longer = PRIORS[prior](rng, size), rng.normal(0, 0.5), rng.normal(0, 0.3)
        for rate in rates:
            p = shifted(float(rate), shift)
            middle = 6.5 + longer + 1.2 * (1 - p) + rng.normal(0, 0.4)
            own = np.random.default_rng([seed, len(found)])  # the pilot's draws are those of the run
            found.append(Question(len(found), f"d{number:02}", p, middle, own))
            found[-1].rate()
    return found


def harvest(questions: Sequence[Question], target: Mapping[Tier, int]) -> None:
    """Draw until no tier lacks anything, or nothing more may be drawn."""
    while True:
        kept: Counter[str] = Counter()
        for each in questions:
            kept[each.tier] += each.kept
        lack = {tier: max(wanted - kept[tier], 0) for tier, wanted in target.items()}
        draws = allot(list(_candidates(questions, target)), lack)
        if not draws:
            return
        for each in questions:
            if count := draws["verifiable", 0, f"{each.number:06}"]:
                each.draw(count)


def _candidates(questions: Sequence[Question], target: Mapping[Tier, int]) -> Iterator[Candidate]:
    open_ = [q for q in questions if q.wanted and q.tier in target and q.kept < KEEP.answers]
    share = (sum(q.kept for q in open_) + 1) / (sum(q.right for q in open_) + 1)
    usual = np.mean([token for q in questions for token in q.tokens])
    before = base(RATE)
    for q in open_:
        kept = (q.kept + 2 * share) / (q.right + 2)
        asked = q.draws - N
        yield Candidate(
            key=("verifiable", 0, f"{q.number:06}"),
            tier=q.tier,  # type: ignore[arg-type]  # one of the target's
            chance=mean(q.right, q.draws - q.right, before) * min(kept, 1.0),
            tokens=(sum(q.tokens) + float(usual)) / (q.draws + 1),
            room=KEEP.answers - q.kept,
            most=most_of_a_round(MOST - asked, STEP),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: the numbers of its forecast, and the harvest of its pilot beside that of all questions."""

    held: list[Held]
    spent: int
    """Harvest tokens of the pilot, before the run."""
    fair: float
    """The pilot's part, by questions, of the harvest tokens of the run."""


def run(
    prior: str, seed: int, missed: float, *, part: bool, sizes: Sequence[int] = SIZES, share: float = 0.01
) -> Outcome:
    """A pilot, its forecast, and the run that goes on from it. `part`: the pilot harvests for its part."""
    every = population(prior, seed, sizes)
    pilot = [each for each in every if in_share(share, seed, f"{prior}/{each.number}")]
    target = {name: round(missed * sum(q.kept for q in every if q.tier == name)) for name in TIERS_WANTED}
    harvest(pilot, {name: -(-n * len(pilot) // len(every)) for name, n in target.items()} if part else target)
    seen = [each.seen() for each in pilot]
    spent = sum(each.harvest for each in seen)
    left = Counter(("verifiable", each.domain) for each in every) - Counter(
        ("verifiable", each.domain) for each in pilot
    )
    found = forecast(seen, [left], Terms({str(name): n for name, n in target.items()}), seed=seed)
    harvest(every, target)
    came = [each.seen() for each in every]
    fair = sum(each.harvest for each in came) * len(pilot) / len(every)
    whole = [e._replace(kept=e.kept + e.harvested, tokens=e.tokens + e.harvest) for e in came]
    way = f"{'part' if part else 'all'}, {missed:g}"
    held = [h for cell in found if cell.lane != ALL for h in held_against(prior, way, cell, whole)]
    return Outcome(held, spent, fair)


def line(label: str, outcomes: Sequence[Outcome]) -> str:
    """Of the table: how often cells and sums came as forecast, and what the pilot's harvest took."""
    held = [each for outcome in outcomes for each in outcome.held]
    cells = [each.inside for each in held if each.tier in TIERS]
    wanted = [each.inside for each in held if each.tier in TIERS_WANTED]
    sums = {
        name: [each for each in held if each.domain == each.tier == ALL and each.name == name]
        for name in ("kept", "tokens")
    }
    numbers = [f"{np.mean(cells):.3f}", f"{np.mean(wanted):.3f} ({len(wanted)})"]
    for of in sums.values():
        ratio = np.median([each.said.mid / each.actual for each in of])
        numbers += [f"{np.mean([each.inside for each in of]):.2f}", f"{ratio:.2f}"]
    spent = sum(each.spent for each in outcomes) / sum(each.fair for each in outcomes)
    return f"| {label} | {' | '.join(numbers)} | {spent:.2f} |"


COLUMNS = (
    "pilot harvests for",
    "cells inside 80 %",
    "of the tiers with a target (n)",
    "kept of a run: inside",
    "median, forecast over what came",
    "tokens of a run: inside",
    "median, forecast over what came",
    "the pilot's harvest over its part of the run's",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6, help="runs of each prior")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for missed in MISSED:
        for part in (False, True):
            made = [run(p, seed, missed, part=part) for p in PRIORS for seed in range(options.runs)]
            print(line(f"{'its part' if part else 'all'} of {missed:g} times what eight draws bring", made))


if __name__ == "__main__":
    main()
