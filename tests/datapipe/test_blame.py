"""Answers that speak against the server that sent them."""

from typing import Any

import pytest

from datapipe.backends.base import Completion, Request
from datapipe.blame import Watch, degenerate
from schemas.rows import Answer, ToolCall, Turn

CIRCLE = "Wait, let me check that once more. "


class Blamed:
    """A backend that remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def complete(self, request: Request) -> Completion:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""

    def blame(self, server: str, reason: str) -> None:
        self.told.append((server, reason))


def made(raw: str = "4", calls: tuple[ToolCall, ...] = (), **more: Any) -> Answer:
    turn = Turn(role="assistant", content=raw, tool_calls=list(calls))
    base: dict[str, Any] = {
        "answer_id": "a", "request_id": "r", "question_id": "q", "policy_id": "p", "lane": "verifiable",
        "format": "plain", "index": 0, "round": 0, "messages_id": "m", "turns": [turn], "raw": raw,
        "layout": "none", "finish_reason": "stop", "server": "s",
    }  # fmt: skip
    return Answer.model_validate({**base, **more})


def test_a_thinking_said_twice_is_told_of_the_second_server() -> None:
    backend = Blamed()
    watch = Watch(backend, [("q", "known"), ("q", None)], greedy=False)
    for server, thinking in (("one", "new"), ("two", "new"), ("three", "known"), ("four", None)):
        watch.look(made(server=server, thinking_id=thinking))
    watch.look(made(server="five", thinking_id="new", question_id="other"))
    watch.look(made(server="six", thinking_id="new", continues="a"))
    assert [server for server, _ in backend.told] == ["two", "three"]
    assert {reason for _, reason in backend.told} == {"the same long thinking twice for one question"}


def test_greedy_answers_repeat_each_other() -> None:
    backend = Blamed()
    watch = Watch(backend, [("q", "t")], greedy=True)
    assert watch.look(made(thinking_id="t")) is None
    assert not backend.told


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (made(CIRCLE * 100), "text that goes in circles"),
        (made("!" * 4_000), "text that goes in circles"),
        (made("4", raw_thinking=CIRCLE * 100), "text that goes in circles"),
        (made(CIRCLE * 100 + " ".join(str(n * n) for n in range(900))), None),
        (made("\n".join(f"| {n} | {n * n} |" for n in range(400))), None),
        (made(CIRCLE * 3), None),
        (made(" "), "an empty answer"),
        (made("and and", finish_reason="repetition"), "text that goes in circles"),
        (made("", finish_reason="length"), None),
        (made("", raw_thinking="so"), None),
        (made("", calls=(ToolCall(name="f", arguments="{}"),), finish_reason="tool_calls"), None),
    ],
)
def test_what_is_degenerate(answer: Answer, reason: str | None) -> None:
    assert degenerate(answer) == reason


def test_a_backend_that_keeps_no_count_is_told_nothing() -> None:
    class Deaf:
        async def complete(self, request: Request) -> Completion:
            raise NotImplementedError

        async def close(self) -> None:
            """Nothing is held."""

    assert Watch(Deaf(), [], greedy=False).look(made("")) == "an empty answer"
