"""Rows cannot be changed or extended, and say which of their columns may differ between runs."""

import pytest
from pydantic import ValidationError

from schemas.rows import Answer, Message, Policy, Reply, ToolCall, Turn
from schemas.tables import TABLES


def policy() -> Policy:
    return Policy(policy_id="p", lane="verifiable", model="m", sampling="{}")


def test_a_row_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        policy().model = "other"  # type: ignore[misc]


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Policy.model_validate({**policy().model_dump(), "max_tokens": 8})


@pytest.mark.parametrize("lane", ["", "Verifiable", None, 1])
def test_there_are_two_lanes(lane: object) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate({**policy().model_dump(), "lane": lane})


def test_volatile_columns_are_server_and_times_alone() -> None:
    assert Answer.volatile == {"server", "latency_s", "finished_at"}
    assert Reply.volatile == {"server", "latency_s"}
    others = {name: model.volatile for name, model in TABLES.items() if model not in (Answer, Reply)}
    assert {name for name, volatile in others.items() if volatile} == {"failures", "screen_failures"}


def test_a_turn_holds_thinking_calls_and_whether_to_learn_from_it() -> None:
    call = ToolCall(name="add", arguments='{"a": 1}')
    turn = Turn(role="assistant", content="", thinking="I add.", tool_calls=[call])
    assert turn.train
    assert Turn.model_validate(turn.model_dump()) == turn
    assert {*Message.model_fields} < {*Turn.model_fields}


def test_an_answer_is_a_list_of_turns() -> None:
    assert Answer.model_fields["turns"].annotation == list[Turn]
