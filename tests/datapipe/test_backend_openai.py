import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from datapipe.backends.base import Completion, Refused, Transient
from datapipe.backends.openai import OpenAI
from tests.datapipe.asked import asked, failed, request, with_choice
from tests.stub_server import (
    completion,
    ok,
    says,
    sends,
    stub,
)


def test_sends_one_choice_with_sampling_at_the_top_level() -> None:
    _, server = asked(ok())
    assert server.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Größe?"}],
            "temperature": 1.0,
            "top_k": 40,
            "max_tokens": 10,
            "seed": 5,
        }
    ]
    assert "Authorization" not in server.headers[0]


def test_sends_tools_and_leaves_out_a_seed_that_is_not_set() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    _, server = asked(ok(), req=request(seed=None, tools=(tool,)))
    assert server.bodies[0]["tools"] == [tool]
    assert "seed" not in server.bodies[0]


def test_sends_a_prompt_of_megabytes() -> None:
    text = "x" * (3 << 20)
    _, server = asked(ok(), req=request(messages=({"role": "user", "content": text},)))
    assert server.bodies[0]["messages"][0]["content"] == text


@pytest.mark.parametrize(
    "changed",
    [
        {"sampling": {"n": 4}},
        {"sampling": {"stream": True}},
        {"sampling": {"temperature": float("nan")}},
        {"sampling": {"stop": {1, 2}}},
        {"messages": ({"role": "user", "content": "\ud800"},)},
    ],
)
def test_refuses_what_cannot_be_sent_without_sending_it(changed: dict[str, Any]) -> None:
    assert isinstance(failed(ok(), req=request(**changed)), Refused)


def test_reads_content_counts_and_the_reason_it_ended() -> None:
    got, server = asked(ok("<think>a</think>b"))
    assert (got.content, got.finish_reason, got.server) == ("<think>a</think>b", "stop", server.url)
    assert (got.prompt_tokens, got.completion_tokens, got.reasoning) == (7, 3, None)
    assert got.extra == {"model": "m"}
    assert got.latency_s > 0


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reads_thinking_from_either_field_even_where_content_is_null(field: str) -> None:
    got, _ = asked(ok(None, **{field: "hm"}))
    assert (got.content, got.reasoning) == ("", "hm")


def test_reads_tool_calls_with_arguments_as_text_or_as_an_object() -> None:
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
        {"type": "function", "function": {"name": "g", "arguments": {"b": 2}}},
    ]
    got, _ = asked(ok(None, tool_calls=calls))
    assert [(c.id, c.name, c.arguments) for c in got.tool_calls] == [
        ("c1", "f", '{"a": 1}'),
        (None, "g", '{"b": 2}'),
    ]


def test_reads_a_missing_reason_as_unknown_and_takes_wrong_usage_for_none() -> None:
    reply = {**with_choice(finish_reason=None), "usage": {"prompt_tokens": -1, "completion_tokens": "3"}}
    got, _ = asked(says(reply))
    assert (got.finish_reason, got.prompt_tokens, got.completion_tokens) == ("unknown", None, None)


def test_text_is_valid_utf8_whatever_was_escaped() -> None:
    body = json.dumps(completion("a\ud83d b\U0001f600")).encode()
    got, _ = asked(sends(body))
    assert got.content == "a\ufffd b\U0001f600"


def test_reads_a_right_body_of_the_wrong_content_type() -> None:
    got, _ = asked(sends(json.dumps(completion()).encode(), kind="text/html"))
    assert got.content == "yes"


MALFORMED = {
    "nothing": b"",
    "html": b"<html>gateway</html>",
    "half": json.dumps(completion()).encode()[:-20],
    "not utf-8": b'{"choices": "\xff"}',
    "nested too deep": b"[" * 100_000,
    "a list": b"[]",
    "null": b"null",
    "no choices": b"{}",
    "empty choices": json.dumps({**completion(), "choices": []}).encode(),
    "choices of a wrong type": json.dumps({**completion(), "choices": {"0": 1}}).encode(),
    "no message": json.dumps({**completion(), "choices": [{}]}).encode(),
    "null message": json.dumps(with_choice(message=None)).encode(),
    "message without content": json.dumps(with_choice(message={"role": "assistant"})).encode(),
    "content of a wrong type": json.dumps(completion(17)).encode(),  # type: ignore[arg-type]
    "reason of a wrong type": json.dumps(with_choice(finish_reason=[1])).encode(),
    "tool calls of a wrong type": json.dumps(completion("", tool_calls=["f"])).encode(),
    "tool call without a name": json.dumps(completion("", tool_calls=[{"function": {}}])).encode(),
    "aborted": json.dumps(with_choice(finish_reason="abort")).encode(),
    "error inside a 200": b'{"error": {"message": "engine died", "code": 500}}',
    "error of no kind": b'{"error": "engine died"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_body_is_worth_another_try(body: bytes) -> None:
    error = failed(sends(body))
    assert isinstance(error, Transient)
    assert "127.0.0.1" in str(error)


def test_more_requests_than_a_pool_of_100_are_in_flight_together() -> None:
    many = 120

    async def run() -> list[str]:
        arrived = 0
        all_there = asyncio.Event()

        async def together(req: Any, body: Any) -> Any:
            nonlocal arrived
            arrived += 1
            if arrived == many:
                all_there.set()
            await all_there.wait()
            return await ok()(req, body)

        async with stub(*[together] * many) as server:
            backend = OpenAI(server.url)
            try:
                return [
                    c.content
                    for c in await asyncio.gather(*[backend.complete(request()) for _ in range(many)])
                ]
            finally:
                await backend.close()

    assert asyncio.run(asyncio.wait_for(run(), 60)) == ["yes"] * many


def test_it_can_be_used_again_after_closing() -> None:
    async def run(use: Callable[[OpenAI], Awaitable[Completion]]) -> None:
        async with stub() as server:
            backend = OpenAI(server.url)
            for _ in range(2):
                assert (await use(backend)).content == "yes"
                await backend.close()

    asyncio.run(run(lambda backend: backend.complete(request())))
