"""Numbers of a report are those of the rows, each with its n and an interval that covers."""

import random
from statistics import mean, variance

import pytest

from datapipe.report import BINS, clustered, drop_reasons, histogram, pass_rates, summary_rows
from tests import support

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs


def test_the_ledger_adds_up_row_by_row(finished: support.Ran) -> None:
    rows = summary_rows(finished.lines)
    assert len(rows) == len(finished.lines)
    for row in rows:
        assert row["in"] == row["out"] + row["dropped"] + row["failed"] + row["pending"] + row["gap"]


def test_pass_rates_are_means_over_questions(finished: support.Ran) -> None:
    ratings = [r for r in finished.rows("ratings") if r.lane == "verifiable" and r.rate is not None]
    [row] = [row for row in pass_rates(finished.folder) if row["lane"] == "verifiable"]
    assert (row["domain"], row["model"], row["questions"]) == ("arithmetic", "m", len(ratings))
    assert row["answers"] == sum(r.n for r in ratings)
    assert row["rate"] == pytest.approx(mean(r.rate for r in ratings))
    assert 0 <= row["low"] <= row["rate"] <= row["high"] <= 1


def test_every_rated_question_is_in_one_bin(finished: support.Ran) -> None:
    rows = histogram(finished.folder)
    rated = [r for r in finished.rows("ratings") if r.rate is not None]
    for lane in ("verifiable", "non_verifiable"):
        mine = [row for row in rows if row["lane"] == lane]
        rates = [r.rate for r in rated if r.lane == lane]
        assert [row["rate"] for row in mine] == list(BINS)
        assert {row["n"] for row in mine} == {len(rates)}
        by_bin = {row["rate"]: row["questions"] for row in mine}
        assert sum(by_bin.values()) == len(rates)
        assert by_bin["0"] == sum(rate == 0 for rate in rates)
        assert by_bin["1"] == sum(rate == 1 for rate in rates)
        assert by_bin["(0.4, 0.5]"] == sum(rate == 0.5 for rate in rates)


def test_what_was_left_out_is_counted_by_its_reason(finished: support.Ran) -> None:
    rows = drop_reasons(finished.folder)
    found = {(row["stage"], row["lane"], row["why"]): row["units"] for row in rows}
    assert found["seeds", "verifiable", "quarantine"] == 2
    assert found["dedup", "verifiable", "exact"] == 1
    dropped = sum(units for (stage, _, why), units in found.items() if stage == "keep" and why != "pending")
    assert dropped == len(finished.rows("dropped"))
    assert all(row["units"] <= row["of"] for row in rows)


@pytest.mark.parametrize("questions", [12, 60])
@pytest.mark.parametrize("spread", [0.15, 0.45])
def test_the_interval_covers_although_answers_of_a_question_are_alike(questions: int, spread: float) -> None:
    """Questions of their own difficulty, eight answers each: taking answers as independent would fail."""
    chance = random.Random(questions)
    true, draws, trials, covered, naive = 0.6, 8, 400, 0, 0
    for _ in range(trials):
        p = [min(max(true + chance.choice((-spread, spread)), 0), 1) for _ in range(questions)]
        rates = [sum(chance.random() < each for _ in range(draws)) / draws for each in p]
        m = mean(rates)
        low, high = clustered(m, variance(rates), questions, questions * draws)
        covered += low <= mean((true - spread, min(true + spread, 1))) <= high
        half = 1.96 * (m * (1 - m) / (questions * draws)) ** 0.5
        naive += abs(m - true) <= half
    assert covered / trials > 0.92
    assert spread < 0.4 or naive / trials < 0.9


def test_the_interval_is_honest_at_the_ends() -> None:
    assert clustered(1.0, None, 1, 8) == (0.0, 1.0)
    low, high = clustered(1.0, 0.0, 20, 160)
    assert high == 1
    assert 0.7 < low < 0.9
    low, high = clustered(0.0, 0.0, 20, 160)
    assert low == 0
    assert 0.1 < high < 0.3
    assert clustered(0.5, 0.25, 10, 10)[1] > clustered(0.5, 0.25, 100, 100)[1]
