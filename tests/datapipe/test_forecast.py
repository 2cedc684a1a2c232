"""What is forecast from a pilot holds for the rest, about as often as it says."""

from collections import Counter
from math import exp
from random import Random

import pytest

from datapipe import forecast
from datapipe.config import Tiers
from datapipe.config_spend import Spend
from datapipe.forecast import Group, Seen
from datapipe.posterior import tier_of
from datapipe.prior import Prior, mean
from schemas.base import TIERS

GROUPS = {("own", f"domain {i}"): (0.3 + 0.25 * i, 0.9 - 0.1 * i) for i in range(6)}


def one(alpha: float, beta: float, chosen: Random) -> Seen:
    """A question of 8 draws: the harder, the longer its answers, with a long tail."""
    rate = chosen.betavariate(alpha, beta)
    passes = sum(chosen.random() < rate for _ in range(8))
    length = 800 * exp(1.2 * (1 - rate))
    tokens = sum(min(chosen.lognormvariate(0, 0.8), 10) * length for _ in range(8))
    return Seen(tier_of(passes / 8, Tiers()), 0 if passes == 8 else min(passes, 4), round(tokens))


def run(questions: int, chosen: Random) -> dict[Group, list[Seen]]:
    return {group: [one(*shape, chosen) for _ in range(questions)] for group, shape in GROUPS.items()}


def inside(pilot: dict[Group, list[Seen]], rest: dict[Group, list[Seen]], seed: int) -> Counter[str]:
    """How many cells hold what came."""
    found = forecast.forecast(pilot, {group: len(seen) for group, seen in rest.items()}, seed=seed)
    hit: Counter[str] = Counter()
    for (group, tier), cell in found.cells.items():
        came = [seen for seen in rest[group] if seen.tier == tier]
        hit["cells"] += 1
        hit["questions"] += cell.questions.low <= len(came) <= cell.questions.high
        hit["kept"] += cell.kept.low - 0.5 <= sum(s.kept for s in came) <= cell.kept.high + 0.5
        hit["tokens"] += cell.tokens.low <= sum(s.tokens for s in came) <= cell.tokens.high
    hit["totals"] += (
        found.total.kept.low <= sum(s.kept for g in rest.values() for s in g) <= found.total.kept.high
    )
    return hit


@pytest.mark.slow
@pytest.mark.parametrize("pilot", [8, 20, 60])
def test_at_least_three_cells_in_four_come_out_inside(pilot: int) -> None:
    """1,000 questions of each of six domains, 16 times; the interval is one of 80 %."""
    chosen, hit = Random(7), Counter[str]()
    for number in range(16):
        hit += inside(run(pilot, chosen), run(1_000, chosen), number)
    assert hit["cells"] > 400
    for what in ("questions", "kept", "tokens"):
        assert hit[what] / hit["cells"] >= 0.75, (what, hit)


def test_a_large_pilot_says_what_comes() -> None:
    chosen = Random(1)
    pilot = run(400, chosen)
    found = forecast.forecast(pilot, dict.fromkeys(pilot, 400))
    came = sum(seen.kept for group in pilot.values() for seen in group)
    assert found.total.questions.low == found.total.questions.high == 2_400
    assert found.total.kept.middle == pytest.approx(came, rel=0.03)
    assert found.total.kept.low < came < found.total.kept.high
    assert found.total.kept.high / found.total.kept.low < 1.2


def test_a_group_without_a_pilot_is_forecast_from_the_others_and_widely() -> None:
    chosen = Random(2)
    pilot = {("own", "known"): [one(0.5, 0.5, chosen) for _ in range(50)]}
    found = forecast.forecast(pilot, {("own", "known"): 1_000, ("own", "new"): 1_000})
    new, known = (found.cells[("own", name), "hard"].kept for name in ("new", "known"))
    assert new.high - new.low > 1.5 * (known.high - known.low)


def test_a_forecast_is_the_same_again() -> None:
    pilot = run(10, Random(3))
    assert forecast.forecast(pilot, dict.fromkeys(pilot, 90)) == forecast.forecast(
        pilot, dict.fromkeys(pilot, 90)
    )


def test_nothing_to_come_is_nothing() -> None:
    pilot = run(10, Random(3))
    total = forecast.forecast(pilot, dict.fromkeys(pilot, 0)).total
    assert (total.questions.high, total.kept.high, total.tokens.high) == (0, 0, 0)


def test_no_pilot_is_told() -> None:
    with pytest.raises(ValueError, match="needs a pilot"):
        forecast.forecast({("own", "a"): []}, {("own", "a"): 5})


@pytest.mark.parametrize("short", [False, True])
def test_ends_are_all_there_are(short: bool) -> None:
    prior, spend = Prior(0.4, 0.7, 0.1, 0.05), Spend(rounds=True)
    found = forecast.ends(spend, prior, Tiers(), short)
    assert sum(end.chance for end in found) == pytest.approx(1.0)
    assert {end.tier for end in found} <= set(TIERS)
    assert max(end.draws for end in found) == (32 if short else 16)
    early = forecast.ends(Spend(first=8, most=8, hard=8), prior, Tiers(), short)
    assert sum(end.passes * end.chance for end in early) == pytest.approx(8 * mean(0, 0, prior))


@pytest.mark.parametrize("short", [False, True])
def test_ends_come_as_often_as_they_are_drawn(short: bool) -> None:
    prior, spend, chosen = Prior(0.4, 0.7, 0.2), Spend(rounds=True), Random(5)
    drawn: Counter[int] = Counter()
    looks = forecast.plan(spend, prior, Tiers(), short)
    for _ in range(20_000):
        rate = 0.0 if chosen.random() < 0.2 else chosen.betavariate(0.4, 0.7)
        passes = draws = 0
        for look in looks:
            passes += sum(chosen.random() < rate for _ in range(look.scored - draws))
            draws = look.scored
            if passes not in look.asks:
                break
        drawn[draws] += 1
    for draws, times in drawn.items():
        said = sum(end.chance for end in forecast.ends(spend, prior, Tiers(), short) if end.draws == draws)
        assert times / 20_000 == pytest.approx(said, abs=0.012)
