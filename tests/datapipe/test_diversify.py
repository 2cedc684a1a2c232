"""A rewrite is a new answer: it names its parent, owes every check, and is published only when it passes."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from datapipe.backends.base import Request
from datapipe.backends.fake import Said
from tests.support import Model, ran, settings, verifiable, writing

pytestmark = pytest.mark.slow

SUM = [verifiable("What is 1 + 3?", "4"), verifiable("Compute 2 + 2.", "4")]
TEXT = [writing("village, cold")]


def model(rewritten: str = "VERDICT: CLEAN") -> Model:
    def respond(request: Request) -> Said:
        if request.role != "judge":
            return "So.\nIt is 4." if "+" in str(request.messages) else "The village is cold. It snows."
        return rewritten if "- It snows" in str(request.messages) else "VERDICT: CLEAN"

    return Model(respond)


def plain(share: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"diversify": {"rewrites": share, "formats": {"plain": 1.0}}, **more}


def test_every_kept_answer_is_written_in_another_format_at_most_once(tmp_path: Path) -> None:
    run = ran(settings(tmp_path, SUM + TEXT, **plain(generate={"n": 1})), model())
    parents = Counter(row.parent for row in run.rows("rewrites"))
    assert parents == Counter({row.answer_id: 1 for row in run.rows("kept")})
    assert {row.format for row in run.rows("rewrites")} <= {"boxed", "sentence", "bullets"}
    assert len(run.samples()) == 6
    assert {row["parent"] for row in run.samples()} == {None, *parents}


def test_none_are_written_where_none_are_wanted_and_a_share_is_by_hash(tmp_path: Path) -> None:
    assert ran(settings(tmp_path, SUM, **plain(0.0)), model()).rows("rewrites") == []
    half = {row.parent for row in ran(settings(tmp_path, SUM, **plain(0.5))).rows("rewrites")}
    whole = {row.parent for row in ran(settings(tmp_path, SUM, **plain(1.0))).rows("rewrites")}
    assert half <= whole


def test_a_rewrite_that_a_check_refuses_is_stored_and_not_published(tmp_path: Path) -> None:
    run = ran(settings(tmp_path, TEXT, **plain(generate={"n": 1})), model("It repeats.\nVERDICT: FAULT"))
    [rewrite] = run.rows("rewrites")
    assert {v.check for v in run.rows("rewrite_verdicts") if v.outcome == "fail"} == {"uses_given_words"}
    assert rewrite.answer_id not in {row["sample_id"] for row in run.samples()}
    assert len(run.samples()) == 1
    assert [line.gap for line in run.lines] == [0] * len(run.lines)


def test_a_rewrite_that_nobody_could_judge_waits_and_is_then_given_up(tmp_path: Path) -> None:
    config = settings(tmp_path, TEXT, **plain(generate={"n": 1}, screen={"give_up_after": 2}))
    first = ran(config, model("Hm."))
    line = next(each for each in first.lines if each.stage == "diversify" and each.came)
    assert (line.pending, line.failed) == (1, 0)
    second = ran(config, model("Hm."))
    line = next(each for each in second.lines if each.stage == "diversify" and each.came)
    assert (line.pending, line.failed) == (0, 1)
    assert [(row.stage, row.check) for row in second.rows("screen_failures")] == [
        ("diversify", "uses_given_words")
    ]
    third = ran(config, model("Hm."))
    assert third.model.asked == []
    assert len(third.samples()) == 1


def test_a_corrected_label_takes_its_rewrites_along(tmp_path: Path) -> None:
    config = settings(tmp_path, SUM, **plain(lanes=["verifiable"]))
    assert len(ran(config, model()).samples()) == 4
    fixed = ran(
        settings(tmp_path, [verifiable("What is 1 + 3?", "5"), SUM[1]], **plain(lanes=["verifiable"]))
    )
    assert fixed.model.asked == []
    assert len({row["question_id"] for row in fixed.samples()}) == 1
    assert len(fixed.rows("rewrites")) == 1
