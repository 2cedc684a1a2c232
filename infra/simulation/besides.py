"""What else is simulated: harvest draws that would count, priors of small groups, and answers cut off."""

from collections.abc import Iterator

import numpy as np
from simulation import measures, rounds, worlds
from simulation.cases import SPEND
from simulation.measures import Measured
from simulation.rounds import MAPS
from simulation.worlds import MOST, WORLDS, Draws

RATES = (0.1, 0.2, 0.5)
WANTED = 4


def harvest(questions: int, seed: int) -> Iterator[tuple[float, Measured, Measured]]:
    """(rate, estimate if every draw until four are right counted, estimate from rate draws alone).

    The rate draws come in rounds; if they bring fewer than four right ones, harvest draws go on until four
    are.
    """
    rng = np.random.default_rng(seed)
    rate = MAPS["five"]
    for p in RATES:
        until = WANTED + rng.negative_binomial(WANTED, p, questions)
        of = worlds.answers(np.full(questions, p), rng, limit=np.inf)
        asked = rounds.in_rounds(of, SPEND, rate, rounds.fitted(of, SPEND.first, rate), short=False)
        yield p, measures.mean(WANTED / until), measures.mean(asked.unbiased)


def small_groups(size: int, questions: int, seed: int) -> list[Measured]:
    """Bias by tenths of [0, 1] where each prior is fitted to one group, the question itself among it."""
    rate, world = MAPS["three"], WORLDS[0]
    of = worlds.drawn(world, questions, seed)
    error = np.empty(questions)
    for first in range(0, questions, size):
        group = _part(of, slice(first, first + size))
        asked = rounds.in_rounds(group, SPEND, rate, rounds.fitted(group, SPEND.first, rate), short=False)
        error[first : first + size] = asked.unbiased - group.rate
    place, known = np.minimum((of.rate * 10).astype(int), 9), ~np.isnan(error)
    return [measures.mean(error[known & (place == k)]) for k in range(10)]


def _part(of: Draws, where: slice) -> Draws:
    return Draws(of.unlimited[where], of.rate[where], of.right[where], of.scored[where], of.tokens[where])


def cut_off(questions: int, seed: int) -> Iterator[tuple[float, float, float, Measured, Measured, Measured]]:
    """Ten rates that answers would have without a limit: (that, share cut off, P(right | not cut off), and
    the means of passes over scored, of passes over draws, and of draws that are no fails over draws).
    """
    rng = np.random.default_rng(seed)
    for q in np.linspace(0.05, 0.95, 10):
        of = worlds.answers(np.full(questions, q), rng)
        passes, scored = of.right.sum(1), of.scored.sum(1)
        told = scored > 0
        low, high = passes / MOST, 1 - (scored - passes) / MOST
        yield (
            float(q),
            float(1 - of.scored.mean()),
            float(of.rate[0]),
            measures.mean(passes[told] / scored[told]),
            measures.mean(low),
            measures.mean(high),
        )
