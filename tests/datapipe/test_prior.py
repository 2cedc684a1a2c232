"""Priors of pass rates: what is fitted is what the counts were drawn from, and few questions fit little."""

from collections.abc import Iterable
from itertools import pairwise
from math import log
from random import Random

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe import posterior, prior
from datapipe.config import Rate, Tiers
from datapipe.prior import Prior

JEFFREYS = Prior(0.5, 0.5, 0.1)
TIERS = Tiers()


def drawn(questions: int, draws: int, of: Prior, seed: int = 1) -> Iterable[tuple[int, int]]:
    chosen = Random(seed)
    for _ in range(questions):
        kind = chosen.random()
        rate = 0.0 if kind < of.unsolved else chosen.betavariate(of.alpha, of.beta)
        rate = 1.0 if kind > 1 - of.solved else rate
        yield sum(chosen.random() < rate for _ in range(draws)), draws


def expected(questions: int, draws: int, of: Prior) -> list[tuple[int, int]]:
    """Counts as they come on average."""
    return [
        (passes, draws)
        for passes, chance in enumerate(prior.chances(draws, of))
        for _ in range(round(questions * chance))
    ]


@pytest.mark.parametrize(
    "truth", [Prior(0.5, 0.5, 0.1), Prior(1, 1, 0), Prior(0.3, 0.3, 0.2, 0.2), Prior(2, 5, 0.05)]
)
def test_the_fit_finds_what_the_counts_were_drawn_from(truth: Prior) -> None:
    found = prior.fit(expected(200_000, 16, truth), prior.base(Rate()))
    assert (found.alpha, found.beta) == pytest.approx((truth.alpha, truth.beta), rel=0.05)
    assert (found.unsolved, found.solved) == pytest.approx((truth.unsolved, truth.solved), abs=0.02)


def test_no_other_prior_makes_the_counts_likelier() -> None:
    """Held against a grid, with the base's share of the counts in both."""
    counts = list(drawn(400, 8, Prior(0.6, 1.4, 0.15), seed=3))
    pseudo = [prior.PSEUDO * chance for chance in prior.chances(32, JEFFREYS)]

    def likelihood(of: Prior) -> float:
        few, many = prior.chances(8, of), prior.chances(32, of)
        return sum(log(few[c]) for c, _ in counts) + sum(
            w * log(p) for w, p in zip(pseudo, many, strict=True)
        )

    found = prior.fit(counts, JEFFREYS)
    best = likelihood(found)
    for alpha in (0.8, 0.9, 1.1, 1.25):
        for beta in (0.8, 0.9, 1.1, 1.25):
            for spike in (0.8, 1.0, 1.2):
                other = Prior(found.alpha * alpha, found.beta * beta, found.unsolved * spike)
                assert likelihood(other) <= best + 1e-3


def test_no_question_leaves_the_base_and_few_little_else() -> None:
    base = prior.base(Rate())
    nothing = prior.fit([], base)
    assert (nothing.alpha, nothing.beta) == pytest.approx((0.5, 0.5), rel=0.01)
    assert (nothing.unsolved, nothing.solved, nothing.n) == pytest.approx((0.1, base.solved, 0), abs=2e-3)
    some = [prior.fit([(8, 8)] * n, base).alpha / prior.fit([(8, 8)] * n, base).beta for n in (0, 2, 20, 200)]
    assert some == sorted(some)
    assert some[1] < 2


def test_questions_without_a_score_say_nothing() -> None:
    assert prior.fit([(0, 0)] * 500, JEFFREYS) == prior.fit([], JEFFREYS)


def test_a_spike_that_the_base_has_not_is_not_fitted() -> None:
    found = prior.fit([(0, 8)] * 300 + [(8, 8)] * 300, Prior(0.5, 0.5, 0.0))
    assert (found.unsolved, found.solved) == (0.0, 0.0)
    assert found.n == 600


def test_the_fit_does_not_depend_on_the_order() -> None:
    counts = list(drawn(200, 8, JEFFREYS))
    assert prior.fit(counts, JEFFREYS) == prior.fit(sorted(counts), JEFFREYS)


@pytest.mark.parametrize("cell", [(9, 8), (-1, 8)])
def test_counts_that_cannot_be_are_told(cell: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="passes lie between 0 and the scored draws"):
        prior.fit([cell], JEFFREYS)


def test_priors_that_cannot_be_are_told() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Prior(0, 1, 0.1)
    with pytest.raises(ValueError, match="leave something"):
        Prior(1, 1, 0.6, 0.4)


@given(st.integers(0, 32), st.integers(0, 32))
def test_with_the_usual_prior_masses_are_those_of_the_rating(passes: int, fails: int) -> None:
    assert prior.masses(passes, fails, JEFFREYS, TIERS) == pytest.approx(
        posterior.masses(passes, fails, Rate()), abs=1e-9
    )


@settings(max_examples=20)
@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.builds(Prior, st.floats(0.1, 8), st.floats(0.1, 8), st.floats(0, 0.4), st.floats(0, 0.4)),
)
def test_masses_are_integrals(passes: int, fails: int, of: Prior) -> None:
    found = prior.masses(passes, fails, of, TIERS)
    a, b = mpmath.mpf(of.alpha), mpmath.mpf(of.beta)
    slab = (1 - of.unsolved - of.solved) * mpmath.beta(a + passes, b + fails) / mpmath.beta(a, b)
    parts = [of.unsolved * (passes == 0), of.solved * (fails == 0), slab]
    below = [
        mpmath.betainc(a + passes, b + fails, 0, edge, regularized=True)
        for edge in (0, TIERS.hard, TIERS.medium, TIERS.easy, 1)
    ]
    bands = [slab * (high - low) for low, high in pairwise(below)]
    said = [parts[0], *bands[:3], bands[3] + parts[1]]
    assert found == pytest.approx([float(x / sum(parts)) for x in said], abs=1e-9)
    assert sum(found) == pytest.approx(1.0)


@given(st.integers(1, 40))
def test_chances_are_those_of_draws(draws: int) -> None:
    of = Prior(0.7, 1.3, 0.1, 0.05)
    found = prior.chances(draws, of)
    assert sum(found) == pytest.approx(1.0)
    # The mean of what comes is the mean of the prior.
    assert sum(c * chance for c, chance in enumerate(found)) / draws == pytest.approx(prior.mean(0, 0, of))
    flat = prior.chances(draws, Prior(1, 1, 0.0))
    assert flat == pytest.approx([1 / (draws + 1)] * (draws + 1))


def test_the_mean_is_the_chance_of_one_more_right_one() -> None:
    of = Prior(0.7, 1.3, 0.1, 0.05)
    for draws in range(1, 9):
        now, then = prior.chances(draws, of), prior.chances(draws + 1, of)
        for passes in range(draws + 1):
            # P(the next is right | passes) by Bayes, from the chances of one draw more.
            both = then[passes + 1] * (passes + 1) / (draws + 1)
            assert prior.mean(passes, draws - passes, of) == pytest.approx(both / now[passes])
