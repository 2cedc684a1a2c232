"""The cases that are compared: four laws of pass rates, two maps of tiers, one n for all and rounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from simulation import measures, rounds, worlds
from simulation.measures import Measured, Tenth
from simulation.rounds import MAPS, Asked, Ints
from simulation.worlds import WORLDS, Draws, World

from datapipe.config_spend import Spend
from datapipe.posterior import tier_of
from schemas.base import TIERS

SPEND = Spend(rounds=True)
FIXED = 16
ALL = range(8, FIXED + 1, 2)
"""The same n for every question, to compare what tokens buy."""
MASSES = (0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Case:
    """One world and map of tiers: the same answers asked for in several ways."""

    world: World
    tiers: str
    truth: Ints
    draws: Draws
    fixed: Asked
    rounds: Asked
    short: Asked
    """In rounds, while the hard tier is short."""
    curve: list[tuple[int, Measured, Measured]]
    """n, tokens against `FIXED`, share of tiers that are right: for each n of `ALL`."""
    points: list[tuple[float, Measured, Measured]]
    """The same in rounds, for each posterior mass that ends them."""

    @property
    def name(self) -> str:
        return f"{self.world.name}, {self.tiers} tiers"

    def ways(self) -> dict[str, Asked]:
        return {f"n = {FIXED}": self.fixed, "rounds": self.rounds, "rounds, hard short": self.short}

    def cost(self, asked: Asked) -> Measured:
        return measures.ratio(asked.tokens, self.fixed.tokens)

    def accuracy(self, asked: Asked) -> Measured:
        return measures.share(asked.tier == self.truth)

    def accuracy_by_rate(self) -> Measured:
        """Of the tier that the observed rate lies in, all questions asked `FIXED` times."""
        known = ~np.isnan(self.fixed.naive)
        tiers = [TIERS.index(tier_of(r, MAPS[self.tiers].tiers)) for r in self.fixed.naive[known]]
        told = np.maximum(tiers, 1) if not MAPS[self.tiers].unsolved_prior else np.asarray(tiers)
        hits = np.zeros(len(known), dtype=bool)
        hits[known] = told == self.truth[known]
        return measures.share(hits)

    def tenths(self, asked: Asked) -> dict[str, list[Tenth]]:
        truth = self.draws.rate
        return {"of [0, 1]": measures.tenths(truth, asked), "of the questions": measures.ranked(truth, asked)}


def cases(questions: int, seed: int = 1) -> Iterator[Case]:
    """Every world with every map of tiers."""
    for (number, world), tiers in product(enumerate(WORLDS), MAPS):
        yield case(world, tiers, worlds.drawn(world, questions, seed + number))


def case(world: World, tiers: str, draws: Draws) -> Case:
    """The prior is fitted to the first draws of all its questions, once, as for a group of a run."""
    rate = MAPS[tiers]
    known = rounds.fitted(draws, SPEND.first, rate)
    fixed = rounds.fixed(draws, FIXED, rate, known)
    made = Case(
        world,
        tiers,
        rounds.tiers(draws.rate, rate),
        draws,
        fixed,
        rounds.in_rounds(draws, SPEND, rate, known, short=False),
        rounds.in_rounds(draws, SPEND, rate, known, short=True),
        [],
        [],
    )
    for n in ALL:
        asked = rounds.fixed(draws, n, rate, known)
        made.curve.append((n, made.cost(asked), made.accuracy(asked)))
    for mass in MASSES:
        asked = rounds.in_rounds(draws, SPEND.model_copy(update={"mass": mass}), rate, known, short=False)
        made.points.append((mass, made.cost(asked), made.accuracy(asked)))
    return made


def broken(found: list[Case]) -> list[str]:
    """Every gate that does not hold, over all cases asked in rounds and both kinds of tenths."""
    return [
        words
        for case in found
        for way in ("rounds", "rounds, hard short")
        for kind, tenths in case.tenths(case.ways()[way]).items()
        for words in measures.broken(f"{case.name}, {way}, tenths {kind}", tenths)
    ]
