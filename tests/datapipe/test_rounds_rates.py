"""What is stored of questions of known pass rates, asked in rounds by the whole pipeline."""

from collections import defaultdict

import pytest

from schemas.rows import Rating
from tests.datapipe.drawn import in_rounds, model, prompt
from tests.support import Ran, ran

pytestmark = pytest.mark.slow
KNOWN = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
COUNT = 480
RATES = {number: KNOWN[number % len(KNOWN)] for number in range(1, COUNT + 1)}
THREE = {"tiers": {"hard": 0.25, "medium": 0.749, "easy": 0.75}, "unsolved_prior": 0.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    spend = {"target": {"hard": 10}}
    config = in_rounds(tmp_path_factory.mktemp("rates"), COUNT, spend, rate=THREE, shard_size=60)
    return ran(config, model(RATES, cut=0.1))


@pytest.fixture(scope="module")
def rated(run: Ran) -> dict[float, list[Rating]]:
    asked = {q.question_id: str(q.messages[-1].content) for q in run.rows("questions")}
    by_prompt = {prompt(number): rate for number, rate in RATES.items()}
    found: dict[float, list[Rating]] = defaultdict(list)
    for row in run.rows("ratings"):
        found[by_prompt[asked[row.question_id]]].append(row)
    return found


def test_rounds_end_at_different_draws(rated: dict[float, list[Rating]]) -> None:
    rows = [row for of in rated.values() for row in of]
    assert len(rows) == COUNT
    assert {row.n for row in rows} >= {8, 12, 16}
    assert sum(row.estimate != row.rate for row in rows) > COUNT / 10


def test_the_stored_estimate_is_unbiased(rated: dict[float, list[Rating]]) -> None:
    """Within four standard errors at every rate, and .015 over all."""
    every: list[float] = []
    for known, rows in rated.items():
        errors = [row.estimate - known for row in rows if row.estimate is not None]
        assert len(errors) == len(rows)
        mean = sum(errors) / len(errors)
        spread = (sum((e - mean) ** 2 for e in errors) / len(errors)) ** 0.5
        assert abs(mean) < 4 * spread / len(errors) ** 0.5, known
        every += errors
    assert abs(sum(every) / len(every)) < 0.015


def test_the_stored_interval_covers(rated: dict[float, list[Rating]]) -> None:
    """.95 of 480, less three of its standard errors."""
    hits = [row.interval_low <= known <= row.interval_high for known, rows in rated.items() for row in rows]
    assert sum(hits) / len(hits) >= 0.92


def test_pass_at_k_is_over_the_first_draws_alone(run: Ran, rated: dict[float, list[Rating]]) -> None:
    """Its mean is the chance that one of four is right, though further draws hung on what came."""
    for known, rows in rated.items():
        found = [row.pass_at_4 for row in rows if row.pass_at_4 is not None]
        assert sum(found) / len(found) == pytest.approx(1 - (1 - known) ** 4, abs=0.1)
    assert {row.first_n for rows in rated.values() for row in rows} == {8}
