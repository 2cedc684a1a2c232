"""Pass rates are of one policy, over what was scored, and say what was not."""

from pathlib import Path
from typing import Any

import pytest

from datapipe.backends.base import Completion, Request, Transient
from datapipe.backends.fake import Said
from datapipe.posterior import interval, masses, pass_at
from schemas.rows import Rating
from tests.support import Model, ran, settings, verifiable

pytestmark = pytest.mark.slow

RIGHT, WRONG = "The answer is 4.", "The answer is 5."
CUT = Completion("<think>so", "length", "fake")


def rating(folder: Path, said: list[Said], **more: Any) -> Rating:
    """The rating of one question whose draws come back like this, in some order."""
    left = list(said)
    config = settings(
        folder,
        [verifiable("What is 1 + 3?", "4")],
        lanes=["verifiable"],
        generate={"n": len(said)},
        diversify={"rewrites": 0.0},
        **more,
    )
    run = ran(config, Model(lambda _: left.pop()))
    [row] = run.rows("ratings")
    assert isinstance(row, Rating)
    return row


def test_a_rating_of_scored_answers(tmp_path: Path) -> None:
    row = rating(tmp_path, [RIGHT] * 3 + [WRONG] * 5)
    assert (row.n, row.passes, row.fails, row.informative, row.infra) == (8, 3, 5, 0, 0)
    assert (row.rate, row.low, row.high, row.coverage, row.tier) == (0.375, 0.375, 0.375, 1.0, "medium")
    assert (row.interval_low, row.interval_high) == interval(3, 5)
    found = (row.pass_at_1, row.pass_at_2, row.pass_at_4, row.pass_at_8)
    assert found == tuple(pass_at(k, 3, 8) for k in (1, 2, 4, 8))
    stored = (row.mass_unsolved, row.mass_hard, row.mass_medium, row.mass_easy, row.mass_trivial)
    from datapipe.config import Rate

    assert stored == masses(3, 5, Rate())
    assert row.complexity is None


def test_unscored_is_neither_0_nor_silent(tmp_path: Path) -> None:
    row = rating(tmp_path, [RIGHT] * 6 + [CUT] * 2)
    assert (row.n, row.passes, row.informative) == (8, 6, 2)
    assert (row.rate, row.low, row.high, row.coverage) == (1.0, 0.75, 1.0, 0.75)
    assert (row.pass_at_8, row.pass_at_4) == (None, 1.0)
    assert row.tier == "undetermined"


def test_one_right_and_seven_cut_is_not_a_rate_of_1(tmp_path: Path) -> None:
    row = rating(tmp_path, [RIGHT] + [CUT] * 7)
    assert (row.rate, row.low, row.high, row.coverage) == (1.0, 0.125, 1.0, 0.125)
    assert row.tier == "undetermined"


def test_low_coverage_is_undetermined_even_where_the_tier_is_not_in_doubt(tmp_path: Path) -> None:
    tiers = {"tiers": {"hard": 0.9, "medium": 0.95, "easy": 0.99}}
    row = rating(tmp_path, [RIGHT, WRONG, WRONG, WRONG, WRONG, CUT, CUT, CUT], rate=tiers)
    assert (row.low, row.high) == (0.125, 0.5)
    assert row.tier == "undetermined"
    assert rating(tmp_path / "b", [RIGHT, WRONG, WRONG, CUT], rate=tiers).tier == "hard"


def test_requests_that_brought_nothing_count_as_unscored(tmp_path: Path) -> None:
    """Three right of eight, the other five timed out: that is no pass rate of 1."""
    row = rating(tmp_path, [RIGHT] * 3 + [Transient("timeout")] * 5, keep={"answers": 8})
    assert (row.n, row.passes, row.fails, row.infra) == (8, 3, 0, 5)
    assert (row.rate, row.low, row.high, row.coverage) == (1.0, 0.375, 1.0, 0.375)
    assert row.tier == "undetermined"


def test_nothing_scored_has_no_rate(tmp_path: Path) -> None:
    row = rating(tmp_path, [CUT, CUT])
    assert (row.rate, row.low, row.high, row.coverage, row.tier) == (None, 0.0, 1.0, 0.0, "undetermined")
    assert (row.interval_low, row.interval_high) == (0.0, 1.0)


def test_never_right_is_unsolved_and_stored(tmp_path: Path) -> None:
    row = rating(tmp_path, [WRONG] * 4)
    assert (row.rate, row.tier) == (0.0, "unsolved")


def test_only_the_verifier_decides_in_the_verifiable_lane(tmp_path: Path) -> None:
    loop = "So again.\n" * 30 + RIGHT
    row = rating(tmp_path, [loop, loop])
    assert (row.passes, row.tier) == (2, "trivial")


@pytest.mark.parametrize("steer", [None, "a", "b"])
def test_ratings_of_two_models_stand_beside_each_other(tmp_path: Path, steer: str | None) -> None:
    def respond(request: Request) -> Said:
        return RIGHT if request.model == "a" else WRONG

    rows = [verifiable("What is 1 + 3?", "4")]
    one = {"lanes": ["verifiable"], "diversify": {"rewrites": 0.0}}
    ran(settings(tmp_path, rows, **one, generate={"model": "a"}), Model(respond))
    both = ran(
        settings(tmp_path, rows, **one, generate={"model": "b"}, rate={"steer": steer}), Model(respond)
    )
    models = {row.policy_id: row.model for row in both.rows("policies")}
    assert {models[row.policy_id]: (row.n, row.rate) for row in both.rows("ratings")} == {
        "a": (2, 1.0),
        "b": (2, 0.0),
    }
    rates = {row["rate"] for row in both.samples()}
    assert rates == {1.0 if steer == "a" else 0.0}


def test_ratings_of_a_former_method_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings(tmp_path, lanes=["verifiable"])
    first = ran(config)

    def inputs() -> set[str]:
        return {entry.inputs for entry in first.folder.manifest("ratings", "verifiable").entries().values()}

    before = inputs()
    assert ran(config).model.asked == []
    assert inputs() == before
    monkeypatch.setattr("datapipe.rate._METHOD", 10**6)
    assert ran(config).model.asked == []
    assert inputs().isdisjoint(before)
