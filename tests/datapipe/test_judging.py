"""What several votes of a judge come to, and what becomes of those that it does not take."""

from pathlib import Path
from typing import Any

import pytest

from datapipe.backends.base import Refused, Request, Transient, Unable
from datapipe.backends.fake import Said
from datapipe.judging import LOST, REFUSED, majority
from judges.base import Finding, Ruling
from schemas.rows import Verdict
from tests.support import Model, Ran, ran, settings, writing

PASS, FAIL = Ruling.of(Finding()), Ruling.of(Finding("bad"))
UNSURE, OUT = Ruling.undecided("who knows"), Ruling.undecided(LOST, "infra")
NO = Ruling.undecided(REFUSED)
TEXTS = [writing("village, cold"), writing("duck, bell")]
TOO_LONG = "s answered 400: This model's maximum context length is 4096 tokens"


@pytest.mark.parametrize(
    ("votes", "want"),
    [
        ([PASS, PASS, FAIL], PASS),
        ([FAIL, OUT, FAIL], FAIL),
        ([PASS, FAIL, OUT], OUT),
        ([PASS, UNSURE, OUT], OUT),
        ([UNSURE, OUT, OUT], OUT),
        ([UNSURE, UNSURE, OUT], Ruling.undecided("votes are split 0 to 0")),
        ([PASS, UNSURE, UNSURE, OUT], Ruling.undecided("votes are split 1 to 0")),
        ([PASS, FAIL], Ruling.undecided("votes are split 1 to 1")),
        ([UNSURE], UNSURE),
        ([NO, NO, UNSURE], NO),
        ([PASS, PASS, NO], PASS),
        ([PASS, NO, NO], Ruling.undecided("votes are split 1 to 0")),
        ([NO, OUT, OUT], OUT),
    ],
)
def test_lost_votes_are_owed_only_where_they_could_change_the_outcome(
    votes: list[Ruling], want: Ruling
) -> None:
    assert majority(votes) == want


def config(folder: Path, **more: Any) -> Any:
    base = {"lanes": ["non_verifiable"], "diversify": {"rewrites": 0.0}, "generate": {"n": 2}}
    return settings(folder, TEXTS, **{**base, **more})


def taking(word: str, error: Exception) -> Model:
    """A judge that takes only texts with this word."""

    def respond(request: Request) -> Said:
        prompt = str(request.messages)
        if request.role != "judge":
            return f"{request.seed}: a text about {'a duck' if 'duck' in prompt else 'the cold'}."
        return "Fine.\nVERDICT: CLEAN" if word in prompt else error  # type: ignore[return-value]

    return Model(respond)


def judged(run: Ran) -> dict[bool, list[Verdict]]:
    """Verdicts of the rubric, of texts with a duck and of others."""
    texts = {row.answer_id: row.raw for row in run.rows("answers")}
    rows = [row for row in run.rows("verdicts") if row.check == "uses_given_words"]
    return {duck: [row for row in rows if ("duck" in texts[row.answer_id]) is duck] for duck in (True, False)}


@pytest.mark.slow
@pytest.mark.parametrize("votes", [1, 3])
def test_what_a_judge_refuses_is_unscored_with_the_reason_and_asked_once(tmp_path: Path, votes: int) -> None:
    made = config(tmp_path, checks={"uses_given_words": {"votes": votes}})
    run = ran(made, taking("duck", Refused(TOO_LONG)))
    assert len(run.model.ids("judge")) == 4 * votes
    assert {row.outcome for row in judged(run)[True]} == {"pass"}
    assert [(row.outcome, row.unscored, row.reason, row.evidence) for row in judged(run)[False]] == [
        ("unscored", "informative", REFUSED, TOO_LONG)
    ] * 2
    assert run.rows("screen_failures") == []
    [other] = [row for row in run.rows("ratings") if not row.passes]
    assert (other.n, other.fails, other.informative, other.infra, other.rate) == (2, 0, 2, 0, None)
    assert {row.reason for row in run.rows("pending")} == {f"informative: {REFUSED}"}
    assert [each.gap for each in run.lines] == [0] * len(run.lines)
    assert run.ctx.progress.dropped["judge: refused"] == 2 * votes
    again = ran(made, taking("", Refused("never")))
    assert again.model.asked == []


@pytest.mark.slow
def test_a_judge_that_refuses_everything_is_asked_again_once_it_is_mended(tmp_path: Path) -> None:
    """What it is asked with is at fault, such as more tokens than its context has."""
    run = ran(config(tmp_path), taking("no such word", Refused(TOO_LONG)))
    every = [row for rows in judged(run).values() for row in rows]
    assert {(row.unscored, row.reason, row.evidence) for row in every} == {("infra", REFUSED, TOO_LONG)}
    mended = ran(config(tmp_path), taking("", Refused("never")))
    assert len(mended.model.ids("judge")) == 4
    assert {row.outcome for rows in judged(mended).values() for row in rows} == {"pass"}


@pytest.mark.slow
def test_a_judge_that_refuses_everything_is_not_asked_for_ever(tmp_path: Path) -> None:
    made = config(tmp_path, screen={"give_up_after": 2})
    asked = []
    for _ in range(4):
        run = ran(made, taking("no such word", Refused(TOO_LONG)))
        asked.append(len(run.model.ids("judge")))
    assert asked == [4, 4, 0, 0]
    assert {(row.reason, row.attempts) for row in run.rows("screen_failures")} == {(REFUSED, 2)}


@pytest.mark.slow
@pytest.mark.parametrize("error", [Transient("down"), Unable("no way")])
def test_an_outage_of_some_votes_is_none_of_the_answer(tmp_path: Path, error: Exception) -> None:
    run = ran(config(tmp_path), taking("duck", error))
    assert [(row.unscored, row.reason) for row in judged(run)[False]] == [("infra", LOST)] * 2
    mended = ran(config(tmp_path), taking("", error))
    assert {row.outcome for row in judged(mended)[False]} == {"pass"}
