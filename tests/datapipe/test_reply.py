"""What servers say is read as it was meant, from the body to the row: names, endings, thinking, odd bytes."""

import json
from pathlib import Path
from typing import Any

import pytest

from datapipe.asking import to_answer
from datapipe.backends.base import Completion, Refused, Transient
from datapipe.owed import Slot
from schemas.rows import Answer, Layout, Message, Question, Turn
from tests.datapipe.asked import asked, failed, request, with_choice
from tests.stub_says import Said, laid_out
from tests.stub_server import completion, ok, says, sends
from tests.support import settings

THINKING = "I add 1 and 3.\nThat is 4."
RESPONSE = "The answer is 4."


def answer(folder: Path, said: Completion, **generate: Any) -> Answer:
    """The row that is stored of a completion."""
    question = Question(
        question_id="q", lane="verifiable", domain="d", messages=[Message(role="user", content="x")],
        format="plain", source="s", file="f", line=1,
    )  # fmt: skip
    config = settings(folder, generate=generate)
    return to_answer(config, "p", question, Slot(0), request(), said)


@pytest.mark.parametrize("named", ["other", "M", "m/m", 7, "<think>\x1b[2J" * 99])
def test_another_models_reply_is_a_failed_try(named: Any) -> None:
    error = failed(says({**completion(), "model": named}))
    assert isinstance(error, Transient)
    assert not isinstance(error, Refused)
    assert "of another model than 'm' (where both are the same one, name it in served_as)" in str(error)
    assert len(str(error)) < 500
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("named", ["m", "", None, "alias"])
def test_its_own_name_a_known_alias_or_none_are_fine(named: str | None) -> None:
    got, _ = asked(says({**completion(), "model": named}), req=request(served_as=("alias",)))
    assert (got.content, got.flaws) == ("yes", ())


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("end_turn", "stop"),
        ("eos_token", "stop"),
        ("tool_calls", "tool_calls"),
        ("content_filter", "content_filter"),
        ("repetition", "repetition"),
        (" Stop ", "stop"),
        ("", "unknown"),
        (None, "unknown"),
        ("x" * 999, "x" * 300),
    ],
)
def test_why_an_answer_ended_is_read_in_other_spellings(said: str | None, read: str) -> None:
    got, _ = asked(says(with_choice(finish_reason=said)))
    assert got.finish_reason == read


@pytest.mark.parametrize("said", [7, ["stop"], {"reason": "stop"}, "abort", "error", "ERROR"])
def test_an_ending_that_is_none_is_a_failed_try(said: Any) -> None:
    assert isinstance(failed(says(with_choice(finish_reason=said))), Transient)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"choices": {}}',
        b'{"choices": []}',
        b'{"choices": [null]}',
        json.dumps(completion()).encode()[:-1],
        json.dumps(completion()).encode()[:40],
        b"[" * 100_000,
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        json.dumps(with_choice(message={"role": "assistant", "content": 7})).encode(),
        json.dumps(with_choice(message=["yes"])).encode(),
    ],
)
def test_a_torn_empty_or_mistyped_body_is_a_failed_try(body: bytes) -> None:
    assert isinstance(failed(sends(body)), Transient)


def test_broken_characters_are_seen_to_be_broken_and_stored(tmp_path: Path) -> None:
    message = rb'{"content":"a\ud800b\u0000","reasoning":"\udfffc"}'
    said, _ = asked(sends(b'{"choices":[{"finish_reason":"stop","message":' + message + b"}]}"))
    made = answer(tmp_path, said)
    assert (made.raw, made.raw_thinking) == ("a\ufffdb\x00", "\ufffdc")
    assert Answer.model_validate_json(made.model_dump_json()) == made


def test_thinking_tokens_are_read_where_they_are_counted(tmp_path: Path) -> None:
    def counted(details: Any) -> int | None:
        usage = {"prompt_tokens": 1, "completion_tokens": 9, "completion_tokens_details": details}
        said, _ = asked(says({**completion(reasoning="so"), "usage": usage}))
        return answer(tmp_path, said).reasoning_tokens

    assert counted({"reasoning_tokens": 5}) == 5
    assert [
        counted(each) for each in ({"reasoning_tokens": 0}, {}, None, [5], {"reasoning_tokens": "5"})
    ] == [None] * 5


@pytest.mark.parametrize(
    ("layout", "stored"),
    [
        ("field", "field"),
        ("old_field", "field"),
        ("tags", "tags"),
        ("close_only", "close_only"),
        ("both", "field"),
        ("both_tagged", "field"),
    ],
)
def test_thinking_is_told_from_the_response_in_every_layout(
    tmp_path: Path, layout: str, stored: Layout
) -> None:
    message = laid_out(Said(THINKING, RESPONSE), layout)
    said, _ = asked(says(with_choice(message=message)))
    made = answer(tmp_path, said)
    [turn] = made.turns
    assert (turn.thinking, turn.content, made.layout) == (THINKING, RESPONSE, stored)
    assert made.raw == message["content"]


@pytest.mark.parametrize(("layout", "stored"), [("unclosed", "unclosed"), ("twice", "malformed")])
def test_a_layout_out_of_order_is_named_and_leaks_no_tag(tmp_path: Path, layout: str, stored: Layout) -> None:
    said, _ = asked(says(with_choice(message=laid_out(Said(THINKING, RESPONSE), layout))))
    made = answer(tmp_path, said)
    assert made.layout == stored
    assert "think>" not in made.turns[0].content
    assert THINKING in (made.turns[0].thinking or "")


@pytest.mark.parametrize("layout", ["field", "old_field", "tags", "close_only", "both"])
def test_thinking_that_was_cut_is_no_response(tmp_path: Path, layout: str) -> None:
    message = laid_out(Said(THINKING, ""), layout)
    said, _ = asked(says(with_choice(message=message, finish_reason="length")))
    made = answer(tmp_path, said, thinking_opened=layout == "close_only")
    assert (made.turns[0].thinking, made.turns[0].content) == (THINKING, "")
    assert (made.layout, made.finish_reason) == ("unclosed", "length")


def test_a_field_that_holds_the_whole_answer_leaves_no_response(tmp_path: Path) -> None:
    """JSON after thinking that a parser put into the wrong field: seen, and not taken for a response."""
    said, _ = asked(ok(None, reasoning='I think.\n</think>\n{"answer": 4}'))
    made = answer(tmp_path, said)
    assert made.layout == "malformed"
    assert made.raw_thinking == 'I think.\n</think>\n{"answer": 4}'


CALL = {"id": "c", "type": "function", "function": {"name": "add", "arguments": {"a": 1}}}


@pytest.mark.parametrize(
    "reply",
    [
        completion(),
        with_choice(finish_reason="LENGTH"),
        with_choice(message={"content": None, "tool_calls": [CALL]}),
        with_choice(message={"content": "é\ud800 x", "reasoning": "why"}),
        {**completion(), "usage": {"prompt_tokens": "7", "completion_tokens": 2.5}},
        {**completion(), "usage": None, "model": None},
    ],
)
def test_a_row_of_a_reply_is_what_looking_at_every_value_makes_of_it(
    tmp_path: Path, reply: dict[str, Any]
) -> None:
    said, _ = asked(says(reply))
    made = answer(tmp_path, said)
    assert Answer.model_validate(made.model_dump(), strict=True) == made
    assert list(made.__dict__) == list(Answer.model_fields)
    assert [list(turn.__dict__) for turn in made.turns] == [list(Turn.model_fields)]
    assert Answer.model_validate_json(made.to_json(), strict=True) == made
