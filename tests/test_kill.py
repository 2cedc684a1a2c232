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
