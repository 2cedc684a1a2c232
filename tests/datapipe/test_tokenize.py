"""Going on from an answer where /tokenize is missing, closed, or not what it is taken for."""

import asyncio
import json
from typing import Any

import pytest

from datapipe.backends.base import Completion, Prefix, Transient, Unable
from datapipe.backends.openai import OpenAI
from tests.datapipe.asked import request
from tests.stub_server import Stub, stub

PROMPT = {"role": "user", "content": "What is 12 + 30?"}


def gone_on(body: bytes, status: int = 200, only: str = "") -> tuple[Completion, Stub]:
    """An answer that was cut short and gone on with where /tokenize says so; `only` of what holds this."""

    async def run() -> tuple[Completion, Stub]:
        async with stub() as server:
            server.default = None
            whole = server._others

            def others() -> dict[str, Any]:
                real = whole()["/tokenize"]
                return whole() | {
                    "/tokenize": lambda asked: (body, status) if only in str(asked.body) else real(asked)
                }

            server.__dict__["_others"] = others
            backend = OpenAI(server.url)
            try:
                asks = {"messages": (PROMPT,), "seed": 7}
                cut = await backend.complete(request(**asks, max_tokens=20))
                assert cut.finish_reason == "length"
                prefix = Prefix(cut.content, cut.reasoning, cut.completion_tokens)
                return await backend.complete(request(**asks, max_tokens=4_000, prefix=prefix)), server
            finally:
                await backend.close()

    return asyncio.run(asyncio.wait_for(run(), 20))


def said(**more: Any) -> bytes:
    return json.dumps(more).encode()


@pytest.fixture(scope="module")
def whole() -> tuple[str | None, str]:
    """Thinking and content where token ids are gone on from."""
    joined, server = gone_on(b"", only="nothing that is asked")
    assert len(server.bodies) == 1
    assert joined.finish_reason == "stop"
    return joined.reasoning, joined.content


def by_chat(server: Stub) -> bool:
    """Whether the second of its chats went on from the first."""
    return len(server.bodies) == 2 and server.bodies[1].get("continue_final_message") is True


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 501])
def test_where_it_is_not_there_or_closed_the_chat_goes_on(status: int, whole: tuple[str | None, str]) -> None:
    joined, server = gone_on(b'{"detail": "not for you"}', status)
    assert by_chat(server)
    assert (joined.reasoning, joined.content) == whole


@pytest.mark.parametrize(
    "body",
    [
        b"<html>a page for everything</html>",
        b"",
        b"null",
        b'"tokens"',
        b"[" * 100_000,
        said(count=3),
        said(tokens=None),
        said(tokens="1 2 3"),
        said(tokens=[1, "2"]),
        said(tokens=[1, -2]),
        said(tokens=[True]),
        said(tokens=[]),
        said(error={"message": "no"}),
    ],
)
def test_where_it_answers_with_something_else_the_chat_goes_on(
    body: bytes, whole: tuple[str | None, str]
) -> None:
    joined, server = gone_on(body)
    assert by_chat(server)
    assert (joined.reasoning, joined.content) == whole


def test_where_it_takes_messages_and_no_text_the_chat_goes_on(whole: tuple[str | None, str]) -> None:
    joined, server = gone_on(b'{"detail": "no prompt"}', 400, only="add_special_tokens")
    assert by_chat(server)
    assert (joined.reasoning, joined.content) == whole


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_an_outage_of_it_is_an_outage_and_says_nothing_of_what_a_server_can(status: int) -> None:
    with pytest.raises(Transient, match=f"answered {status}"):
        gone_on(b"busy", status)


def test_where_neither_goes_on_another_server_may() -> None:
    async def run() -> None:
        async with stub() as server:
            server.__dict__["_others"] = dict
            backend = OpenAI(server.url)
            with pytest.raises(Unable, match="no /tokenize, and its chat begins anew"):
                await backend.complete(request(messages=(PROMPT,), prefix=Prefix("", "so I", 1)))
            await backend.close()

    asyncio.run(asyncio.wait_for(run(), 20))
