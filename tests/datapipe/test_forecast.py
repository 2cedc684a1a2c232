import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datapipe.forecast import ALL, Cell, Range, Seen, Terms, forecast

SIMULATE = Path(__file__).parents[2] / "infra" / "simulation" / "forecasts.py"
MATH = ("verifiable", "math")


def one(domain: str = "math", tier: str = "hard", kept: int = 2, tokens: int = 1_000, **more: Any) -> Seen:
    beyond = more.get("harvested", 0), 100, tokens, more.get("harvest", 0), more.get("early", tokens)
    return Seen("verifiable", domain, tier, kept, *beyond)


def told(cells: list[Cell]) -> dict[tuple[str, str, str], Cell]:
    return {(cell.lane, cell.domain, cell.tier): cell for cell in cells}


def width(said: Range) -> float:
    return said.high - said.low


def mixed(n: int, domain: str = "math") -> list[Seen]:
    tiers = ("hard", "medium", "easy")
    return [one(domain, tiers[k % 3], k % 3, 800 + 37 * (k % 11)) for k in range(n)]


def test_nothing_left_to_ask_is_the_pilot_itself() -> None:
    seen = mixed(30)
    for cell in forecast(seen, [{}], futures=20):
        of = [s for s in seen if cell.tier in (ALL, s.tier)]
        for name in ("kept", "tokens", "prompt"):
            exact = float(sum(getattr(s, name) for s in of))
            assert getattr(cell, name) == pytest.approx((exact, exact, exact))


def test_the_same_arguments_give_the_same_forecast() -> None:
    seen, blocks = mixed(12), [{MATH: 200}]
    assert forecast(seen, blocks, futures=40) == forecast(seen, blocks, futures=40)
    assert forecast(seen, blocks, futures=40) != forecast(seen, blocks, futures=40, seed=1)


def test_every_question_is_in_one_tier() -> None:
    cells = told(forecast(mixed(12), [{MATH: 200}, {("verifiable", "logic"): 100}], futures=60))
    assert cells["verifiable", "math", ALL].questions == (212, 212, 212)
    assert cells["verifiable", "logic", ALL].questions == (100, 100, 100)
    assert cells[ALL, ALL, ALL].questions == (312, 312, 312)


def test_a_larger_pilot_knows_more() -> None:
    small = told(forecast(mixed(9), [{MATH: 991}], futures=400))
    large = told(forecast(mixed(300), [{MATH: 700}], futures=400))
    for tier in ("hard", "medium", "easy"):
        for name in ("kept", "tokens"):
            few, many = (getattr(each["verifiable", "math", tier], name) for each in (small, large))
            assert width(many) < 0.5 * width(few) or (few.high == many.high == 0)


def test_a_domain_without_a_pilot_is_like_the_others_and_less_sure() -> None:
    seen = [each for d in range(6) for each in mixed(20, f"d{d}")]
    left = {("verifiable", name): 500 for name in ("d0", "new")}
    cells = told(forecast(seen, [left], futures=400))
    known, new = cells["verifiable", "d0", "hard"].questions, cells["verifiable", "new", "hard"].questions
    assert new.low < 500 / 3 < new.high
    assert width(new) > width(known)


def test_domains_that_differ_are_kept_apart() -> None:
    """With as many domains that are all hard as all easy, neither is taken for the mean of both."""
    seen = [one(f"d{d}", ("hard", "easy")[d % 2]) for d in range(8) for _ in range(25)]
    left = {("verifiable", f"d{d}"): 1_000 for d in range(8)}
    cells = told(forecast(seen, [left], futures=200))
    assert cells["verifiable", "d0", "hard"].questions.low > 900
    assert cells["verifiable", "d1", "easy"].questions.low > 900


def test_long_questions_stay_long() -> None:
    """Tokens hang on the tier: an unlike mix of tiers is another bill."""
    seen = [one(tier="hard", tokens=9_000 + k) for k in range(20)] + [
        one(tier="easy", tokens=900 + k) for k in range(20)
    ]
    cells = told(forecast(seen, [{MATH: 1_000}], futures=200))
    hard, easy = cells["verifiable", "math", "hard"], cells["verifiable", "math", "easy"]
    assert hard.tokens.mid / hard.questions.mid == pytest.approx(9_000, rel=0.15)
    assert easy.tokens.mid / easy.questions.mid == pytest.approx(900, rel=0.15)


def test_a_budget_ends_the_run() -> None:
    blocks = [{MATH: 100} for _ in range(10)]
    free = told(forecast(mixed(30), blocks, futures=60))[ALL, ALL, ALL]
    held = told(forecast(mixed(30), blocks, Terms(budget=500_000), futures=60))[ALL, ALL, ALL]
    assert free.tokens.low > 700_000
    assert held.tokens == pytest.approx((500_000, 500_000, 500_000))
    assert held.kept.high < free.kept.low


def test_a_tier_that_is_full_is_not_harvested_any_more() -> None:
    seen = [one(harvested=1, harvest=500, kept=1) for _ in range(20)]
    blocks = [{MATH: 100} for _ in range(10)]
    free = told(forecast(seen, blocks, futures=40))["verifiable", "math", "hard"]
    held = told(forecast(seen, blocks, Terms(target={"hard": 200}), futures=40))["verifiable", "math", "hard"]
    assert free.kept.mid == pytest.approx(2_040, rel=0.1)
    assert held.kept.mid == pytest.approx(1_020 + 100, rel=0.1)
    assert held.tokens.mid < free.tokens.mid


def test_a_tier_that_is_full_is_not_asked_further() -> None:
    seen = [one(tokens=1_000, early=400, kept=1) for _ in range(20)]
    blocks = [{MATH: 100} for _ in range(10)]
    held = told(forecast(seen, blocks, Terms(target={"hard": 520}), futures=40))["verifiable", "math", "hard"]
    assert held.tokens.mid == pytest.approx(520 * 1_000 + 500 * 400, rel=0.1)


def test_a_forecast_needs_a_pilot() -> None:
    with pytest.raises(ValueError, match="pilot"):
        forecast([], [{MATH: 5}])
    with pytest.raises(ValueError, match="non_verifiable"):
        forecast(mixed(5), [{MATH: 5, ("non_verifiable", "writing"): 5}])


@pytest.mark.slow
def test_forecasts_of_simulated_runs_hold() -> None:
    """Four priors of pass rates, two ways to spend, three runs each."""
    made = runpy.run_path(str(SIMULATE))
    held = [
        each
        for prior in made["PRIORS"]
        for way in made["WAYS"]
        for seed in range(3)
        for each in made["runs"](prior, way, seed, sizes=(20, 60, 200, 600, 1500), share=0.02)
    ]
    cells = [each for each in held if each.tier != ALL]
    by_name = Counter(each.name for each in cells)
    assert min(by_name.values()) > 400
    for name in by_name:
        of = [each for each in cells if each.name == name]
        assert np.mean([each.inside for each in of]) >= 0.75, name
        assert np.median([each.width for each in of if each.said.mid]) < 2.5
