"""What counts of right and wrong say, held against brute force, known tables and the integral itself."""

from itertools import combinations
from math import comb, exp, lgamma, log, log1p

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.config import Rate, Tiers
from datapipe.posterior import beta_cdf, interval, mass_between, masses, pass_at, shape_cdf, spike, tier_of

COUNTS = st.integers(0, 40)


@pytest.mark.parametrize("scored", range(1, 9))
@pytest.mark.parametrize("k", [1, 2, 4, 8])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(k: int, scored: int) -> None:
    for passes in range(scored + 1):
        draws = [True] * passes + [False] * (scored - passes)
        found = pass_at(k, passes, scored)
        if k > scored:
            assert found is None
        else:
            subsets = list(combinations(draws, k))
            assert found == pytest.approx(sum(map(any, subsets)) / len(subsets))


def test_pass_at_k_is_unbiased() -> None:
    """Its mean over all outcomes of n draws is the chance that one of k is right."""
    n, p = 10, 0.23
    for k in (1, 2, 4, 8):
        mean = sum(comb(n, c) * p**c * (1 - p) ** (n - c) * (pass_at(k, c, n) or 0.0) for c in range(n + 1))
        assert mean == pytest.approx(1 - (1 - p) ** k)


@pytest.mark.parametrize(("passes", "fails"), [(3, 5), (1_000, 3_000), (5_000, 5_000), (200_000, 7)])
@pytest.mark.parametrize("x", [0.001, 0.25, 0.5, 0.625, 0.99])
def test_the_distribution_function_keeps_its_recurrence(passes: int, fails: int, x: float) -> None:
    """DLMF 8.17.20: I(a, b) - I(a + 1, b) is one term, however many draws."""
    a, b = passes + 0.5, fails + 0.5
    term = mpmath.mpf(x) ** a * (1 - mpmath.mpf(x)) ** b / (a * mpmath.beta(a, b))
    difference = beta_cdf(x, passes, fails) - beta_cdf(x, passes + 1, fails)
    assert difference == pytest.approx(float(term), abs=1e-10)


def test_terms_too_small_to_fall_end_the_series() -> None:
    low, high = interval(3, 2565)
    assert beta_cdf(low, 3, 2565) == pytest.approx(0.025)
    assert beta_cdf(high, 3, 2565) == pytest.approx(0.975)


def test_thousands_of_draws_are_rated() -> None:
    low, high = interval(5_000, 5_000)
    assert (low, high) == pytest.approx((0.5 - 0.0098, 0.5 + 0.0098), abs=1e-4)
    assert sum(masses(2_000, 6_000, Rate())) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("passes", "fails", "low", "high"),
    [
        # Brown, Cai and DasGupta 2001, table 5
        (0, 0, 0.0, 1.0),
        (0, 8, 0.0, 0.262),
        (8, 0, 0.738, 1.0),
        (4, 4, 0.199, 0.801),
        (1, 9, 0.011, 0.381),
    ],
)
def test_jeffreys_interval(passes: int, fails: int, low: float, high: float) -> None:
    assert interval(passes, fails) == pytest.approx((low, high), abs=5e-4)


@settings(max_examples=10)
@given(st.integers(1, 40), st.integers(1, 40))
def test_the_interval_leaves_a_fortieth_on_either_side(passes: int, fails: int) -> None:
    low, high = interval(passes, fails)
    density = lambda p: p ** (passes - 0.5) * (1 - p) ** (fails - 0.5)  # noqa: E731
    whole = mpmath.quad(density, [0, 0.5, 1])
    assert float(mpmath.quad(density, [0, low]) / whole) == pytest.approx(0.025, abs=1e-3)
    assert float(mpmath.quad(density, [high, 1]) / whole) == pytest.approx(0.025, abs=1e-3)


@settings(max_examples=10)
@given(COUNTS, COUNTS)
def test_right_and_wrong_are_mirror_images(passes: int, fails: int) -> None:
    low, high = interval(passes, fails)
    assert interval(fails, passes) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    assert 0 <= low <= high <= 1


@settings(max_examples=20)
@given(COUNTS, COUNTS, st.floats(0, 0.9))
def test_masses_sum_to_1(passes: int, fails: int, prior: float) -> None:
    found = masses(passes, fails, Rate(unsolved_prior=prior))
    assert sum(found) == pytest.approx(1.0, abs=1e-9)
    assert min(found) >= 0


@settings(max_examples=10)
@given(COUNTS, COUNTS)
def test_mass_is_the_integral_of_the_posterior(passes: int, fails: int) -> None:
    found = mass_between(0.25, 0.625, passes, fails, 0.0)
    said = mpmath.betainc(passes + 0.5, fails + 0.5, 0.25, 0.625, regularized=True)
    assert found == pytest.approx(float(said), abs=1e-9)


def test_the_spike_at_0_is_bayes() -> None:
    for fails in range(20):
        slab = float(mpmath.beta(0.5, fails + 0.5) / mpmath.beta(0.5, 0.5))
        assert spike(0, fails, 0.1) == pytest.approx(0.1 / (0.1 + 0.9 * slab))
    assert spike(1, 100, 0.1) == 0.0
    assert spike(0, 100, 0.0) == 0.0


def test_eight_fails_do_not_say_that_a_question_is_never_solved() -> None:
    unsolved, hard, *_ = masses(0, 8, Rate())
    assert unsolved < 0.5
    assert unsolved + hard > 0.95


def test_ends_of_the_range() -> None:
    assert (beta_cdf(0.0, 3, 3), beta_cdf(1.0, 3, 3)) == (0.0, 1.0)
    assert (beta_cdf(-1.0, 3, 3), beta_cdf(2.0, 3, 3)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("rate", "tier"),
    [
        (0.0, "unsolved"),
        (0.01, "hard"),
        (0.25, "hard"),
        (0.26, "medium"),
        (0.625, "medium"),
        (0.63, "easy"),
        (0.9, "easy"),
        (0.91, "trivial"),
        (1.0, "trivial"),
    ],
)
def test_edges_belong_to_the_harder_side(rate: float, tier: str) -> None:
    assert tier_of(rate, Tiers()) == tier


def test_edges_are_a_setting() -> None:
    assert tier_of(0.3, Tiers(hard=0.5, medium=0.6, easy=0.7)) == "hard"
    with pytest.raises(ValueError, match="edges must rise"):
        Tiers(hard=0.7)


@pytest.mark.parametrize(
    ("x", "a", "b"), [(0.003, 40.5, 1e4), (0.3, 3e3, 6e3), (0.0101, 1.5, 40.0), (0.499, 5e4, 5e4)]
)
def test_many_terms_are_added_to_the_last_bit_as_one_by_one(x: float, a: float, b: float) -> None:
    term = exp(lgamma(a + b) - lgamma(a + 1) - lgamma(b) + a * log(x) + b * log1p(-x))
    total, k = 0.0, 0
    while term > total * 1e-17 and term > 1e-300:
        total += term
        term *= x * (a + b + k) / (a + 1 + k)
        k += 1
    assert shape_cdf(x, a, b) == total
