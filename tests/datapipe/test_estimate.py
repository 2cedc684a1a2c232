"""The estimate is unbiased and the interval covers, by going through every sequence of draws."""

from collections.abc import Iterator
from itertools import pairwise, product

import pytest

from datapipe import estimate, posterior, stopping
from datapipe.config import Tiers
from datapipe.config_spend import Spend
from datapipe.prior import Prior
from datapipe.stopping import Look

GRID = [number / 40 for number in range(41)]
THREE = Tiers(hard=0.3, medium=0.7, easy=0.999)
PLANS = {
    "all at once": (Look(6),),
    "right or wrong end it": (Look(2, (1,)), Look(4, (1, 2, 3)), Look(7)),
    "until one is right": (*(Look(n, (0,)) for n in range(1, 9)), Look(9)),
    "odd holes": (Look(3, (0, 2)), Look(4, (0, 3)), Look(8, (1, 4, 6)), Look(10)),
    "a round without a verdict": (Look(3, (1, 2)), Look(3, (1,)), Look(6, (1, 3)), Look(9)),
    "a first round without any": (Look(0, (0,)), Look(4, (0, 4)), Look(7)),
}


def planned(spend: Spend, prior: Prior, tiers: Tiers, short: bool) -> tuple[Look, ...]:
    """The looks of a question whose draws all have a verdict."""
    draws = [
        *range(spend.first, spend.most, spend.step),
        *range(spend.most, spend.hard, spend.step),
        spend.hard,
    ]
    looks = [stopping.look(n, n, spend, prior, tiers, short) for n in draws]
    return tuple(looks[: 1 + next(i for i, look in enumerate(looks) if not look.asks)])


REAL = {
    "five tiers": planned(Spend(), Prior(0.5, 0.5, 0.1), Tiers(), False),
    "five tiers, hard short": planned(Spend(), Prior(0.3, 0.2, 0.2, 0.15), Tiers(), True),
    "three tiers": planned(Spend(), Prior(0.5, 0.5, 0.0), THREE, False),
    "three tiers, hard short": planned(Spend(), Prior(0.3, 1.5, 0.1), THREE, True),
    "small rounds": planned(Spend(first=4, step=2), Prior(1, 1, 0.0), THREE, True),
}


def walks(plan: tuple[Look, ...]) -> Iterator[tuple[int, int, tuple[Look, ...]]]:
    """(passes, scored, looks gone through) of every sequence of draws."""
    for draws in product((0, 1), repeat=plan[-1].scored):
        gone = 0
        while gone + 1 < len(plan) and sum(draws[: plan[gone].scored]) in plan[gone].asks:
            gone += 1
        yield sum(draws[: plan[gone].scored]), plan[gone].scored, plan[:gone]


def ends(plan: tuple[Look, ...]) -> Iterator[tuple[int, int, int, tuple[Look, ...]]]:
    """(passes, scored, ways, looks gone through) of every end, where sequences are too many."""
    for passes, scored, ways, _ in estimate.outcomes(plan):
        at = next(i for i, look in enumerate(plan) if look.scored == scored and passes not in look.asks)
        yield passes, scored, ways, plan[:at]


def chance(p: float, passes: int, scored: int) -> float:
    return p**passes * (1 - p) ** (scored - passes)


@pytest.mark.parametrize("name", PLANS)
def test_the_mean_over_every_sequence_is_the_pass_rate(name: str) -> None:
    plan = PLANS[name]
    most = plan[-1].scored
    found = [(c, n, estimate.unbiased(c, n, gone)) for c, n, gone in walks(plan)]
    for p in GRID:
        mean = 0.0
        for draws, (_, _, value) in zip(product((0, 1), repeat=most), found, strict=True):
            assert value is not None
            mean += value * chance(p, sum(draws), most)
        assert mean == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize("name", REAL)
def test_the_plans_that_are_used_are_unbiased_too(name: str) -> None:
    found = [(c, n, ways, estimate.unbiased(c, n, gone)) for c, n, ways, gone in ends(REAL[name])]
    for p in GRID:
        assert sum(ways * chance(p, c, n) for c, n, ways, _ in found) == pytest.approx(1.0)
        mean = sum(ways * chance(p, c, n) * (value or 0.0) for c, n, ways, value in found)
        assert mean == pytest.approx(p, abs=1e-12)


def test_passes_over_scored_are_not() -> None:
    found = list(ends(REAL["three tiers"]))
    assert max(abs(sum(w * chance(p, c, n) * c / n for c, n, w, _ in found) - p) for p in GRID) > 0.02


def test_stopping_at_none_of_four_reports_a_tenth_as_a_twentieth() -> None:
    """The case in the field notes: 4 draws, and 4 more unless none of them is right."""
    plan = (Look(4, (1, 2, 3, 4)), Look(8))
    naive = sum(w * chance(0.1, c, n) * c / n for c, n, w, _ in ends(plan))
    mean = sum(w * chance(0.1, c, n) * (estimate.unbiased(c, n, g) or 0) for c, n, w, g in ends(plan))
    assert naive < 0.1
    assert mean == pytest.approx(0.1)


def test_the_ways_are_counted() -> None:
    """Two draws, and two more at one right: of the 2 ways to 2 of 4 that pass by 1 of 2, half begin right."""
    assert estimate.unbiased(2, 4, (Look(2, (1,)),)) == 0.5
    assert estimate.unbiased(1, 4, (Look(2, (0,)),)) == 0.0
    assert estimate.unbiased(3, 4, (Look(2, (1, 2)),)) == pytest.approx(3 / 4)
    assert estimate.unbiased(3, 4, (Look(2, (1,)),)) == pytest.approx(1 / 2)


def test_without_rounds_it_is_passes_over_scored() -> None:
    for scored in range(1, 17):
        for passes in range(scored + 1):
            assert estimate.unbiased(passes, scored, ()) == pytest.approx(passes / scored)


def test_where_no_way_leads_there_is_no_estimate() -> None:
    assert estimate.unbiased(0, 0, ()) is None
    assert estimate.unbiased(5, 8, (Look(4, (0,)),)) is None
    assert estimate.unbiased(1, 3, (Look(4, (0, 1)),)) is None
    assert estimate.interval(5, 8, (Look(4, (0,)),)) == posterior.interval(5, 3)
    assert estimate.interval(0, 0, ()) == (0.0, 1.0)


def test_a_draw_scored_after_the_end_keeps_it_unbiased() -> None:
    """Its verdict came late, so it was no part of the decision."""
    plan = PLANS["right or wrong end it"]
    for p in GRID:
        mean = 0.0
        for c, n, gone in set(walks(plan)):
            ways = next(w for a, b, w, _ in estimate.outcomes(plan) if (a, b) == (c, n))
            stop = (Look(n, (c,)),)
            late = [(estimate.unbiased(c + more, n + 1, (*gone, *stop)) or 0.0) for more in (0, 1)]
            mean += ways * chance(p, c, n) * ((1 - p) * late[0] + p * late[1])
        assert mean == pytest.approx(p, abs=1e-12)


def coverage(plan: tuple[Look, ...], p: float) -> float:
    return sum(
        ways * chance(p, c, n)
        for c, n, ways, gone in ends(plan)
        if (box := estimate.interval(c, n, gone))[0] <= p <= box[1]
    )


@pytest.mark.parametrize("name", REAL)
def test_the_interval_covers(name: str) -> None:
    """At every rate .91 or more, as discrete counts allow, and on average over each tenth .945."""
    rates = [(number + 0.5) / 200 for number in range(200)]
    found = [coverage(REAL[name], p) for p in rates]
    assert min(found) >= 0.91
    for low in range(0, 200, 20):
        assert sum(found[low : low + 20]) / 20 >= 0.945


def test_the_interval_of_fixed_draws_does_not() -> None:
    """Jeffreys' interval under rounds: a tenth of the rates is covered too seldom."""
    rates = [0.3 + (number + 0.5) / 400 for number in range(40)]
    plan = REAL["three tiers"]
    covered = [
        sum(
            w * chance(p, c, n)
            for c, n, w, _ in ends(plan)
            if (box := posterior.interval(c, n - c))[0] <= p <= box[1]
        )
        for p in rates
    ]
    assert sum(covered) / len(covered) < 0.93


@pytest.mark.parametrize("name", [*REAL, *PLANS])
def test_the_interval_holds_the_estimate_and_its_ends_rise_with_it(name: str) -> None:
    plan = REAL.get(name) or PLANS[name]
    boxes = []
    for c, n, _, gone in ends(plan):
        value, (low, high) = estimate.unbiased(c, n, gone), estimate.interval(c, n, gone)
        assert value is not None
        assert low < high
        # After rounds without a right draw the estimate is 0, and one right draw rules 0 out; so with 1.
        assert low <= value + 1e-9 or value == 0 < c
        assert value <= high + 1e-9 or (value == 1 and c < n)
        assert (low == 0) == (c == 0)
        assert (high == 1) == (c == n)
        boxes.append((n, value, low, high))
    for n in {box[0] for box in boxes}:
        same = sorted(box for box in boxes if box[0] == n)
        assert all(a[2] <= b[2] + 1e-9 and a[3] <= b[3] + 1e-9 for a, b in pairwise(same))


def test_a_level_is_kept() -> None:
    low, high = estimate.interval(5, 16, REAL["three tiers"][:2], level=0.8)
    wide = estimate.interval(5, 16, REAL["three tiers"][:2])
    assert wide[0] < low < high < wide[1]


def test_more_ways_than_a_float_holds() -> None:
    gone = (Look(1_100, tuple(range(1_101))),)
    assert estimate.unbiased(552, 1_104, gone) == pytest.approx(0.5)
    assert estimate.interval(552, 1_104, gone) == pytest.approx(posterior.interval(552, 552), abs=1e-3)


def test_looks_at_every_draw() -> None:
    gone = [Look(n, tuple(range(n + 1))) for n in range(1, 200)]
    assert estimate.unbiased(50, 200, gone) == pytest.approx(0.25)
