"""Rows as columns and back: what comes back is what went, and what no row may hold is refused."""

import json
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from schemas.arrow import arrow_schema
from schemas.columns import to_rows, to_table
from schemas.rows import Answer, Message, Question, Round, Row, ToolCall, Turn, Verdict
from schemas.tables import TABLES

CALL = ToolCall(name="add", arguments="{}")
TURNS = [
    Turn(role="assistant", content="a", thinking="why", tool_calls=[CALL, CALL]),
    Turn(role="tool", content="3", tool_call_id="x", train=False, tokens=7),
]
VERDICT = Verdict(lane="verifiable", answer_id="a", check="math", version="1", outcome="pass", score=0.5)
ROUND = Round(
    lane="verifiable", question_id="q", policy_id="p", round=0, draws=4, action="stop", reason="enough"
)


def answer(name: str, turns: list[Turn]) -> Answer:
    return Answer(
        answer_id=name,
        request_id="r",
        question_id="q",
        policy_id="p",
        lane="verifiable",
        format="plain",
        index=0,
        round=0,
        messages_id="m",
        turns=turns,
        raw="ä\n",
        layout="none",
        finish_reason="stop",
        latency_s=0.25,
    )


ROWS: list[tuple[type[Row], list[Row]]] = [
    (
        Verdict,
        [VERDICT, VERDICT.model_copy(update={"outcome": "unscored", "unscored": "infra", "score": None})],
    ),
    (Answer, [answer("a", TURNS), answer("b", []), answer("c", TURNS[:1]), answer("d", TURNS[1:])]),
    (Round, [ROUND, ROUND.model_copy(update={"full": ["hard", "easy"], "asks": [], "prior": [0.5, 1.0]})]),
]


def read(model: type[Row], table: pa.Table) -> list[Row]:
    return [row for batch in table.to_batches() for row in to_rows(model, batch)]


@pytest.mark.parametrize(("model", "rows"), ROWS)
def test_a_trusted_row_and_its_json_are_those_that_pydantic_makes(model: type[Row], rows: list[Row]) -> None:
    for row in rows:
        trusted = model.trusted(dict(row.__dict__))
        assert trusted == row
        assert trusted.model_dump_json() == row.model_dump_json()
        assert json.loads(row.to_json()) == json.loads(row.model_dump_json())
        with pytest.raises(ValidationError, match="frozen"):
            setattr(trusted, next(iter(row.__dict__)), None)


@pytest.mark.parametrize(("model", "rows"), ROWS)
def test_rows_come_back_as_they_went(model: type[Row], rows: list[Row]) -> None:
    table = to_table(model, rows)
    assert table.schema.equals(arrow_schema(model), check_metadata=True)
    assert table.to_pylist() == [row.model_dump() for row in rows]
    back = read(model, table)
    assert back == rows
    assert [row.model_dump() for row in back] == [
        model.model_validate(row.model_dump()).model_dump() for row in rows
    ]
    assert [type(turn) for row in back for turn in getattr(row, "turns", [])].count(Turn) in (0, 4)


def test_a_part_of_a_table_is_read_as_it_stands_there() -> None:
    rows = [
        answer(name, turns) for name, turns in zip("abcd", [TURNS, [], TURNS[:1], TURNS[1:]], strict=True)
    ]
    assert read(Answer, to_table(Answer, rows).slice(1, 3)) == rows[1:]
    assert read(Answer, to_table(Answer, rows).filter(pa.array([False, False, False, True]))) == rows[3:]


def test_tuples_of_the_fields_are_rows_too() -> None:
    told = tuple(VERDICT.model_dump().values())
    assert to_table(Verdict, [told, told]).equals(to_table(Verdict, [VERDICT, VERDICT]))


@pytest.mark.parametrize(
    ("field", "value"),
    [("outcome", "passed"), ("unscored", "gone"), ("score", "much"), ("answer_id", 7), ("lane", None)],
)
def test_what_no_verdict_holds_is_refused(field: str, value: Any) -> None:
    told = tuple((VERDICT.model_dump() | {field: value}).values())
    with pytest.raises((ValueError, pa.ArrowException)):
        to_table(Verdict, [tuple(VERDICT.model_dump().values()), told])


def test_a_tuple_of_too_few_fields_is_no_row() -> None:
    with pytest.raises(ValueError, match="zip"):
        to_table(Verdict, [tuple(VERDICT.model_dump().values())[:-1]])


@pytest.mark.parametrize(
    ("model", "row", "change", "why"),
    [
        (Verdict, VERDICT, {"outcome": "passed"}, "outcome: 'passed' is none of fail, pass, unscored"),
        (Round, ROUND, {"full": ["hard", "so so"]}, "full: 'so so' is none of"),
        (
            Answer,
            answer("a", TURNS),
            {"turns": [{**TURNS[0].model_dump(), "role": "robot"}]},
            "role: 'robot'",
        ),
    ],
)
def test_an_unknown_word_in_a_table_is_told(
    model: type[Row], row: Row, change: dict[str, Any], why: str
) -> None:
    table = pa.Table.from_pylist([row.model_dump() | change], schema=arrow_schema(model))
    with pytest.raises(ValueError, match=why):
        read(model, table)


def test_a_row_without_what_every_row_has_is_told() -> None:
    loose = pa.schema([field.with_nullable(True) for field in arrow_schema(Verdict)])
    table = pa.Table.from_pylist([VERDICT.model_dump() | {"version": None}], schema=loose)
    with pytest.raises(ValueError, match="version: 1 rows have none"):
        read(Verdict, table)


@pytest.mark.parametrize("model", sorted(set(TABLES.values()), key=lambda each: each.__name__))
def test_every_table_can_be_held_against_its_columns(model: type[Row]) -> None:
    """A model with rules that a column knows nothing of would be read without them."""
    assert read(model, arrow_schema(model).empty_table()) == []
    assert read(model, pa.Table.from_batches([], schema=arrow_schema(model))) == []


def test_rows_that_are_read_can_be_copied_and_changed() -> None:
    (row,) = read(Verdict, to_table(Verdict, [VERDICT]))
    assert row.model_copy(update={"reason": "x"}) == VERDICT.model_copy(update={"reason": "x"})
    with pytest.raises(ValueError, match="frozen"):
        row.reason = "x"  # type: ignore[attr-defined]


def test_a_question_and_its_messages_come_back() -> None:
    asked = Question(
        question_id="q",
        lane="verifiable",
        domain="math",
        skills=["a", "b"],
        messages=[
            Message(role="user", content="?"),
            Message(role="assistant", content="!", tool_calls=[CALL]),
        ],
        format="plain",
        source="s",
        perturbation="user",
        file="f",
        line=1,
    )
    assert read(Question, to_table(Question, [asked])) == [asked]
