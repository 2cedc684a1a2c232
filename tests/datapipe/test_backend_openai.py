import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

import pytest

from datapipe.backends.base import BackendError, Completion, Refused, Request, Transient
from datapipe.backends.openai import OpenAI
from datapipe.backends.wire import retry_after_of
from datapipe.errors import ConfigError
from tests.stub_server import (
    Behaviour,
    Stub,
    completion,
    dead_url,
    half,
    hang,
    ok,
    reset,
    says,
    sends,
    stub,
    trickle,
)

KEY = "sk-very-secret-0123456789"


def request(**changed: Any) -> Request:
    values: dict[str, Any] = {
        "id": "r1",
        "affinity": "q1",
        "model": "m",
        "messages": ({"role": "user", "content": "Größe?"},),
        "sampling": {"temperature": 1.0, "top_k": 40},
        "max_tokens": 10,
        "seed": 5,
    }
    return Request(**{**values, **changed})


def asked(*script: Behaviour, req: Request | None = None, **settings: Any) -> tuple[Completion, Stub]:
    """The completion of one request to a server with this script."""

    async def run() -> tuple[Completion, Stub]:
        async with stub(*script) as server:
            backend = OpenAI(server.url, **settings)
            try:
                return await backend.complete(req or request()), server
            finally:
                await backend.close()

    return asyncio.run(asyncio.wait_for(run(), 10))


def failed(*script: Behaviour, req: Request | None = None, **settings: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        asked(*script, req=req, **settings)
    return caught.value


def with_choice(**changed: Any) -> dict[str, Any]:
    reply = completion()
    reply["choices"][0].update(changed)
    return reply


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


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_outage_is_worth_another_try(status: int) -> None:
    error = failed(says({"error": {"message": "busy"}}, status))
    assert isinstance(error, Transient)
    assert f"answered {status}" in str(error)
    assert "busy" in str(error)
    assert error.retry_after is None


@pytest.mark.parametrize("status", [302, 400, 404, 413, 422])
def test_a_bad_request_is_not(status: int) -> None:
    error = failed(says({"error": {"message": "no"}}, status))
    assert isinstance(error, Refused)
    assert f"answered {status}" in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": {"code": "context_length_exceeded"}}),
        (200, {"error": {"code": 400, "type": "BadRequestError", "message": "too long"}}),
        (200, {"object": "error", "type": "BadRequestError", "code": 400, "message": "too long"}),
    ],
)
def test_a_full_context_is_refused_whatever_it_is_sent_as(status: int, body: Any) -> None:
    assert isinstance(failed(says(body, status)), Refused)


def test_retry_after_is_seconds_or_a_date() -> None:
    error = failed(says({}, 429, Retry_After="2.5"))
    assert isinstance(error, Transient)
    assert error.retry_after == 2.5
    now = 1_000_000_000.0
    assert retry_after_of(formatdate(now + 90, usegmt=True), now) == 90
    assert retry_after_of(formatdate(now - 90, usegmt=True), now) == 0
    assert [retry_after_of(text, now) for text in (None, "soon", "-1", "nan", "1" * 400)] == [None] * 5


@pytest.mark.parametrize("behave", [reset, half("reset")])
def test_a_torn_connection_is_worth_another_try(behave: Behaviour) -> None:
    assert isinstance(failed(behave), Transient)


def test_a_server_that_is_not_there_is_worth_another_try() -> None:
    async def ask() -> None:
        backend = OpenAI(dead_url())
        try:
            await backend.complete(request())
        finally:
            await backend.close()

    with pytest.raises(Transient, match=r"127\.0\.0\.1"):
        asyncio.run(ask())


@pytest.mark.parametrize("behave", [hang, half("hang"), trickle(0.01)])
def test_silence_ends_in_a_timeout(behave: Behaviour) -> None:
    error = failed(behave, base_timeout_s=0.05, tokens_per_second=1000)
    assert isinstance(error, Transient)
    assert "did not answer in" in str(error)


def test_a_body_that_stops_half_way_is_not_waited_for_as_long_as_one_that_has_not_begun() -> None:
    error = failed(half("hang"), base_timeout_s=0.05, tokens_per_second=0.1)
    assert isinstance(error, Transient)


def test_a_redirect_is_refused_not_followed() -> None:
    async def run() -> list[dict[str, Any]]:
        async with stub() as other:
            redirect = says({}, 307, Location=f"{other.url}/chat/completions")
            async with stub(redirect) as server:
                backend = OpenAI(server.url)
                with pytest.raises(Refused, match="307"):
                    await backend.complete(request())
                await backend.close()
            return other.bodies

    assert asyncio.run(asyncio.wait_for(run(), 10)) == []


def test_a_longer_answer_may_take_longer() -> None:
    async def late(req: Any, body: Any) -> Any:
        await asyncio.sleep(0.1)
        return await ok()(req, body)

    assert isinstance(failed(late, base_timeout_s=0.05, tokens_per_second=1e6), Transient)
    got, _ = asked(late, base_timeout_s=0.05, tokens_per_second=1)
    assert got.content == "yes"


def test_an_enormous_body_is_not_read() -> None:
    error = failed(sends(b" " * 300_000), body_limit=100_000)
    assert isinstance(error, Transient)
    assert "100000 bytes" in str(error)


def test_an_error_quotes_little_and_nothing_a_terminal_would_obey() -> None:
    error = failed(sends(b"\x1b[2J\r\n\xe2\x80\xae" + b"x" * 5000, 500, "text/plain"))
    said = str(error).partition("answered 500: ")[2]
    assert len(said) == 300
    assert said.startswith(r"\x1b[2J\r\n\u202ex")
    assert said.isprintable()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_variable(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    error = failed(says({"error": "who?"}, status), api_key_env="MY_KEY")
    assert isinstance(error, Refused)
    assert "$MY_KEY" in str(error)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_the_key_is_sent_and_never_seen(
    status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_KEY", KEY)
    seen: list[str | None] = []

    async def echo(req: Any, body: Any) -> Any:
        seen.append(req.headers.get("Authorization"))
        return await sends(b"x" * 280 + f"bad key {KEY}".encode(), status)(req, body)

    error = failed(echo, api_key_env="MY_KEY")
    assert seen == [f"Bearer {KEY}"]
    shown = (
        str(error) + repr(error) + repr(error.__context__) + repr(OpenAI("http://h/v1", api_key_env="MY_KEY"))
    )
    assert KEY[:8] not in shown + caplog.text
    assert error.__context__ is None


@pytest.mark.parametrize("value", [None, "", "  ", "two\nlines"])
def test_a_key_that_is_not_there_is_an_error_at_once(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv("MY_KEY", raising=False)
    else:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match=r"\$MY_KEY"):
        OpenAI("http://h/v1", api_key_env="MY_KEY")


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://h/v1", "http://u:pw@h/v1", "http://h/v1?key=pw", "http://[/"]
)
def test_a_url_that_cannot_be_asked_is_an_error_that_does_not_repeat_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAI(url)
    assert "pw" not in str(caught.value)


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, dead_url())
    assert asked(ok())[0].content == "yes"


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

    assert asyncio.run(asyncio.wait_for(run(), 10)) == ["yes"] * many


def test_it_can_be_used_again_after_closing() -> None:
    async def run(use: Callable[[OpenAI], Awaitable[Completion]]) -> None:
        async with stub() as server:
            backend = OpenAI(server.url)
            for _ in range(2):
                assert (await use(backend)).content == "yes"
                await backend.close()

    asyncio.run(run(lambda backend: backend.complete(request())))
