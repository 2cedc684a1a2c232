"""Harvests of a run that was begun otherwise: by another policy, over another share, from a pilot."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datapipe import pipeline
from datapipe.accounting import balanced
from datapipe.backends.base import Completion, Request
from datapipe.backends.fake import Said
from datapipe.context import Context, Shard
from datapipe.owed import HARVEST
from datapipe.query import connect
from datapipe.share import in_share
from tests.datapipe.drawn import chances, in_rounds, model, prompt
from tests.support import Model, Ran, ran, stored

pytestmark = pytest.mark.slow
COUNT = 16
RATES = {n: (0.5 if n % 3 else 0.15) for n in range(1, COUNT + 1)}
SPEND = {"first": 8, "most": 12, "hard": 16, "harvest": 8, "target": {"hard": 12, "medium": 36}}


@pytest.fixture(autouse=True)
def _ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A harvest that looks again for ever is an error instead."""
    turns: Counter[Context] = Counter()
    harvest = pipeline.harvest

    def counted(ctx: Context) -> list[Shard]:
        turns[ctx] += 1
        assert turns[ctx] < 12, "the harvest does not end"
        return harvest(ctx)

    monkeypatch.setattr(pipeline, "harvest", counted)


def run(folder: Path, spend: dict[str, Any], of: Model | None = None, count: int = 12, **more: Any) -> Ran:
    return ran(in_rounds(folder, count, {**SPEND, **spend}, **more), of or model(RATES))


def scattered(request: Request) -> Completion:
    """Right as ever; wrong in many ways, since two models that err alike put the reference in doubt."""
    said = chances(RATES)(request)
    assert isinstance(said, Completion)
    number = next(n for n in RATES if prompt(n) in str(request.messages))
    wrong = f"The answer is {2 * number + 3 + (request.seed or 0) % 9973}."
    text = said.content.replace(f"The answer is {2 * number + 1}.", wrong)
    return replace(said, content=text.replace("I add", f"As {request.model} I add"))


def policies(of: Ran) -> dict[str, str]:
    return {row.model: row.policy_id for row in of.rows("policies") if row.model in ("m", "other")}


def balance(of: Ran) -> None:
    assert [line.gap for line in of.lines] == [0] * len(of.lines)
    balanced(of.folder, of.ctx.settings.spend)


def test_a_second_policy_is_harvested_by_itself(tmp_path: Path) -> None:
    """It is right as often, so its decisions are about the questions that the first one's were about."""
    target = {"target": {"hard": 40}}
    first = run(tmp_path, target, Model(scattered))
    harvested = sum(row.purpose == "harvest" for row in first.rows("rounds"))
    second = run(tmp_path, target, Model(scattered), generate={"model": "other"})
    of = policies(second)
    rows = [row for row in second.rows("rounds") if row.purpose == "harvest"]
    by_policy = {name: [row for row in rows if row.policy_id == policy] for name, policy in of.items()}
    assert {row.question_id for row in by_policy["m"]} & {row.question_id for row in by_policy["other"]}
    for name, mine in by_policy.items():
        asked = sum(row.more or 0 for row in mine)
        drawn = [a for a in second.rows("answers") if a.purpose == "harvest" and a.policy_id == of[name]]
        assert len(drawn) == asked > 0
    assert len(by_policy["m"]) == harvested
    balance(second)
    assert run(tmp_path, target, generate={"model": "other"}).model.asked == []


def test_no_question_outside_the_share_is_harvested(tmp_path: Path) -> None:
    """All are rated already, and those outside would be decided on for ever and never asked."""
    run(tmp_path, {"harvest": 0})
    part = run(tmp_path, {"share": 0.5, "target": {"hard": 100, "medium": 100}})
    inside = {q.question_id for q in part.rows("questions") if in_share(0.5, 0, q.question_id)}
    assert 1 < len(inside) < 12
    asked = {request.affinity for request in part.model.asked}
    assert asked
    assert asked <= inside
    assert {row.question_id for row in part.rows("rounds") if row.purpose == "harvest"} <= inside
    balance(part)


def test_a_draw_that_repeats_another_is_none_for_the_chance_of_a_harvest(tmp_path: Path) -> None:
    thought = " ".join(f"word{k}" for k in range(900))
    same = Completion(f"<think>\n{thought}\n</think>\n\nThe answer is 17.", "stop", "fake")
    right = chances(RATES)

    def respond(request: Request) -> Said:
        repeats = prompt(3) in str(request.messages) and (request.seed or 0) % 2 == 0
        return same if repeats else right(request)

    made = run(tmp_path, {"target": {"hard": 40}}, Model(respond), count=4)
    question = next(q.question_id for q in made.rows("questions") if prompt(3) in str(q.messages))
    [first] = [
        row
        for row in made.rows("rounds")
        if row.question_id == question and row.purpose == "harvest" and row.round == 0
    ]
    drawn = [a for a in made.rows("answers") if a.question_id == question and a.purpose == "rate"]
    repeats = Counter(a.thinking_id for a in drawn if a.thinking_id is not None).total()
    assert repeats > 2
    assert first.scored == len(drawn) - repeats + 1


def test_a_question_whose_right_answers_are_one_text_is_harvested_last(tmp_path: Path) -> None:
    """A draw of it is as often right, and hardly ever kept."""
    right = chances(dict.fromkeys(RATES, 0.5))

    def respond(request: Request) -> Said:
        said = right(request)
        assert isinstance(said, Completion)
        number = next(n for n in RATES if prompt(n) in str(request.messages))
        answer = f"The answer is {2 * number}."
        return replace(said, content=answer) if number % 2 and answer in said.content else said

    tiers = {"tiers": {"hard": 0.05, "medium": 0.95, "easy": 0.99}}
    more: dict[str, Any] = {"count": 4, "rate": tiers, "generate": {"n": 8}, "keep": {"answers": 8}}
    plain = run(tmp_path, {"rounds": False, "harvest": 0}, Model(respond), **more)
    asked = {q.question_id: str(q.messages[-1].content) for q in plain.rows("questions")}
    wanted = len(plain.rows("kept")) + 2
    made = run(tmp_path, {"rounds": False, "target": {"medium": wanted}}, Model(respond), **more)
    rows = [row for row in made.rows("rounds") if row.purpose == "harvest" and row.round == 0]
    assert rows
    assert {asked[row.question_id] for row in rows} <= {prompt(2), prompt(4)}
    assert len(made.rows("kept")) >= wanted


@pytest.mark.parametrize("rounds", [True, False], ids=["rounds", "fixed"])
def test_a_whole_run_with_a_target_goes_on_from_its_pilot(tmp_path: Path, rounds: bool) -> None:
    spend, more = {"rounds": rounds}, {"count": COUNT, "generate": {"n": 8}}
    pilot = run(tmp_path, {**spend, "share": 0.3}, **more)
    inside = {q.question_id for q in pilot.rows("questions") if in_share(0.3, 0, q.question_id)}
    assert {request.affinity for request in pilot.model.asked} == inside
    assert any(row.purpose == "harvest" for row in pilot.rows("answers"))
    balance(pilot)
    before = stored(pilot.path)
    whole = run(tmp_path, spend, **more)
    assert not set(pilot.model.ids("generator")) & set(whole.model.ids("generator"))
    after = stored(whole.path)
    assert set(before["rounds"]) <= set(after["rounds"])
    balance(whole)
    told_by_queries(whole)
    assert run(tmp_path, spend, **more).model.asked == []
    assert stored(whole.path) == after


def told_by_queries(whole: Ran) -> None:
    """The output as a reader sees it: every question rated on its own draws, targets met, none too many."""
    spend = whole.ctx.settings.spend
    with connect([whole.path]) as db:
        rated = db.execute("SELECT question_id, n + coalesce(duplicates, 0), passes FROM ratings").fetchall()
        drawn = db.execute(
            "SELECT question_id, count(*) FROM answers WHERE purpose = 'rate' GROUP BY ALL"
        ).fetchall()
        more = db.execute(
            "SELECT question_id, count(*), min(index), max(index) FROM answers WHERE purpose = 'harvest' "
            "GROUP BY ALL"
        ).fetchall()
        kept = dict(
            db.execute(
                "SELECT tier, count(*) FROM kept JOIN ratings USING (question_id) GROUP BY ALL"
            ).fetchall()
        )
        again = db.execute("SELECT count(*) - count(DISTINCT request_id) FROM answers").fetchall()
    assert len(rated) == COUNT
    assert {question: n for question, n, _ in rated} == dict(drawn)
    assert more
    for _, count, low, high in more:
        assert (low, high) == (HARVEST, HARVEST + count - 1)
        assert count <= spend.harvest
    assert {tier for tier, wanted in spend.target.items() if kept[tier] >= wanted} == {"hard", "medium"}
    assert again == [(0,)]
