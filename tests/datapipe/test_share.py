from pathlib import Path

import pytest

from datapipe.share import in_share
from schemas.ids import question_id
from tests import support


def test_a_larger_share_holds_a_smaller_one() -> None:
    ids = [question_id(str(n), None, None) for n in range(4_000)]
    small = {each for each in ids if in_share(0.05, 1, each)}
    large = {each for each in ids if in_share(0.2, 1, each)}
    assert small < large
    assert 150 < len(small) < 250
    assert 720 < len(large) < 880
    assert all(in_share(1.0, 1, each) for each in ids)
    assert small != {each for each in ids if in_share(0.05, 2, each)}


@pytest.mark.slow
def test_a_pilot_is_asked_once_and_the_run_goes_on_from_it(tmp_path: Path) -> None:
    rows = [support.verifiable(f"What is {n} + 1?", str(n + 1)) for n in range(40)]

    def config(share: float):
        return support.settings(
            tmp_path, rows, lanes=["verifiable"], shard_size=8, spend={"share": share}, selftest={"sample": 0}
        )

    pilot = support.ran(config(0.25))
    asked = {request.affinity for request in pilot.model.asked}
    assert asked == {q.question_id for q in pilot.rows("questions") if in_share(0.25, 0, q.question_id)}
    assert 2 < len(asked) < 20
    assert all(line.gap == 0 for line in pilot.lines)
    whole = support.ran(config(1.0))
    assert not set(pilot.model.ids("generator")) & set(whole.model.ids("generator"))
    assert len(pilot.model.asked) + len(whole.model.asked) == 40 * 2 == len(whole.rows("answers"))
    assert all(line.gap == 0 for line in whole.lines)


@pytest.mark.slow
def test_rounds_of_a_pilot_end_and_the_run_goes_on_from_them(tmp_path: Path) -> None:
    """Nothing is decided about a question that is not asked, and every line balances in between."""
    rows = [support.verifiable(f"What is {n} + 1?", str(n + 1)) for n in range(24)]

    def config(share: float):
        spend = {"share": share, "rounds": True, "first": 4, "step": 4, "most": 8, "hard": 8}
        more = {"lanes": ["verifiable"], "shard_size": 8, "selftest": {"sample": 0}}
        return support.settings(tmp_path, rows, spend=spend, **more)

    pilot = support.ran(config(0.3))
    asked = {request.affinity for request in pilot.model.asked}
    assert 2 < len(asked) < 20
    assert {row.question_id for row in pilot.rows("rounds")} == asked
    assert all(line.gap == 0 for line in pilot.lines)
    whole = support.ran(config(1.0))
    assert not set(pilot.model.ids("generator")) & set(whole.model.ids("generator"))
    assert len({row.question_id for row in whole.rows("rounds")}) == 24
    assert all(line.gap == 0 for line in whole.lines)


@pytest.mark.slow
def test_a_smaller_share_takes_no_rating_away(tmp_path: Path) -> None:
    """What is asked of a question no longer was asked once, and its rate is over that."""
    rows = [support.verifiable(f"What is {n} + 1?", str(n + 1)) for n in range(8)]

    def config(share: float, coverage: float):
        spend = {"share": share, "rounds": True, "first": 4, "step": 4, "most": 8, "hard": 8}
        more = {"lanes": ["verifiable"], "selftest": {"sample": 0}, "rate": {"coverage": coverage}}
        return support.settings(tmp_path, rows, spend=spend, **more)

    whole = support.ran(config(1.0, 0.5))
    before, kept = support.stored(whole.path)["ratings"], len(whole.rows("kept"))
    assert len(before) == 8
    part = support.ran(config(0.3, 0.6))
    assert 0 < sum(in_share(0.3, 0, q.question_id) for q in part.rows("questions")) < 8
    assert support.stored(part.path)["ratings"] == before
    assert len(part.rows("kept")) == kept > 0
    assert all(line.gap == 0 for line in part.lines)
