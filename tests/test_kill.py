"""A run that is killed anywhere goes on as if nothing had been."""

import pytest

from tests.killing import PHASES, Killing, Moment


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Killing:
    return Killing(tmp_path_factory.mktemp("killing"))


IN_JOURNALS = {
    "generation": Moment("generation", "generator", 24, 0.0),
    "screening": Moment("screening", "judge", 20, 0.0),
}
"""No shard is whole then (32 answers each, three at a time, 4 in flight): some stand in journals alone."""


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_run_goes_on(killing: Killing, phase: str) -> None:
    killed = killing.kill(IN_JOURNALS.get(phase) or killing.moment(phase, seed=8))
    assert killed.faults == []
    assert killed.workers > 0
    assert killed.journalled > 0 or phase not in IN_JOURNALS


@pytest.mark.slow
def test_the_comparison_sees_rows(killing: Killing) -> None:
    """Equal tables say something only where there are rows of both lanes in them."""
    for table in ("answers", "verdicts", "ratings", "kept", "dropped", "rewrites", "samples"):
        assert set(killing.rows[table]["lane"].to_pylist()) == {"verifiable", "non_verifiable"}
    assert killing.rows["replies"].num_rows + killing.rows["rewrite_replies"].num_rows > 50
    assert len(killing.asked) > 150


SPEND = {"rounds": True, "first": 2, "step": 2, "most": 6, "hard": 8, "harvest": 4}
TARGET = {"hard": 400, "medium": 400, "easy": 400, "trivial": 400}
DECIDING = [
    Moment("deciding", "rounds", 5, 0.0),
    Moment("deciding", "rounds", 11, 0.0),
    Moment("deciding", "_harvest.json", 1, 0.001),
    Moment("harvest", "_harvest.json", 2, 0.05),
]
"""A decision without its promise, one just promised, and harvests on the point of being stored."""


@pytest.fixture(scope="module")
def in_rounds(tmp_path_factory: pytest.TempPathFactory) -> Killing:
    spend = {**SPEND, "target": TARGET}
    return Killing(tmp_path_factory.mktemp("in-rounds"), {"spend": spend, "keep": {"high": 1.0, "mass": 0.0}})


@pytest.mark.slow
@pytest.mark.parametrize("moment", DECIDING, ids=lambda m: f"{m.kind}-{m.number}-{m.delay_s}")
def test_a_run_in_rounds_that_is_killed_takes_the_same_decisions(in_rounds: Killing, moment: Moment) -> None:
    assert in_rounds.kill(moment).faults == []


@pytest.mark.slow
def test_there_are_rounds_and_harvests_to_compare(in_rounds: Killing) -> None:
    rows = in_rounds.rows["rounds"].to_pylist()
    assert {row["action"] for row in rows if row["purpose"] == "rate"} == {"ask", "stop"}
    assert {row["round"] for row in rows if row["purpose"] == "harvest"} >= {0, 1}
    assert "harvest" in in_rounds.rows["answers"]["purpose"].to_pylist()
