"""Servers that are down, slow, wrong or hostile, keys and addresses that cannot be used."""

import asyncio
import logging
from email.utils import formatdate
from typing import Any

import pytest

from datapipe.backends.base import Refused, Transient
from datapipe.backends.openai import OpenAI
from datapipe.backends.wire import retry_after_of
from datapipe.errors import ConfigError
from tests.datapipe.asked import KEY, asked, failed, request
from tests.stub_server import (
    Behaviour,
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


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_outage_is_worth_another_try(status: int) -> None:
    error = failed(says({"error": {"message": "busy"}}, status))
    assert isinstance(error, Transient)
    assert f"answered {status}" in str(error)
    assert "busy" in str(error)
    assert error.retry_after == (1.0 if status == 429 else None)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405, 407])
def test_a_wrong_key_or_address_takes_no_request_for_ever(status: int) -> None:
    error = failed(says({"error": {"message": "no such model", "type": "NotFoundError"}}, status))
    assert isinstance(error, Transient)
    assert f"answered {status}" in str(error)


@pytest.mark.parametrize("status", [400, 413, 422])
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


def test_a_redirect_is_not_followed() -> None:
    async def run() -> list[dict[str, Any]]:
        async with stub() as other:
            redirect = says({}, 307, Location=f"{other.url}/chat/completions")
            async with stub(redirect) as server:
                backend = OpenAI(server.url)
                with pytest.raises(Transient, match="307"):
                    await backend.complete(request())
                await backend.close()
            return other.bodies

    assert asyncio.run(asyncio.wait_for(run(), 60)) == []


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
    assert isinstance(error, Transient)
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
