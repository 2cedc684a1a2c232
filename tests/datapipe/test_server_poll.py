"""Looks from outside are bounded, and say what they saw."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from datapipe.server_metrics import Load
from datapipe.server_poll import METRICS_BYTES, Look, Poll
from tests.stub_server import dead_url

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
METRICS = b"vllm:num_requests_running 3\nvllm:num_requests_waiting 1\nvllm:generation_tokens_total 7\n"


@asynccontextmanager
async def pages(**handlers: Handler) -> AsyncIterator[str]:
    """A server of these pages only; yields its base URL."""
    app = web.Application()
    for name, handler in handlers.items():
        app.router.add_get(f"/{name}", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def says(status: int, body: bytes = b"") -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body)

    return handler


async def hangs(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(METRICS + b"#" * 100_000 + b"\n")


async def look(url: str, within_s: float = 5.0) -> Look:
    poll = Poll(within_s)
    try:
        return await poll.look(url)
    finally:
        await poll.close()


@pytest.mark.parametrize(
    ("status", "health"), [(200, "well"), (204, "silent"), (404, "silent"), (500, "sick"), (503, "sick")]
)
def test_health_is_what_a_server_says(status: int, health: str) -> None:
    async def tell() -> Look:
        async with pages(health=says(status, b"engine \x1b[31m dead"), metrics=says(200, METRICS)) as url:
            return await look(url)

    found = asyncio.run(tell())
    assert found.health == health
    assert found.load == Load(3.0, 1.0, None, 7.0, 7.0)
    assert "\x1b" not in found.said
    assert ("engine" in found.said) is (health == "sick")


def test_nobody_there_is_told_from_nothing_said() -> None:
    async def tell() -> Look:
        async with pages(health=hangs, metrics=hangs) as url:
            return await look(url, within_s=0.1)

    assert asyncio.run(look(dead_url())).health == "gone"
    assert asyncio.run(tell()) == Look("silent")


def test_a_body_without_end_is_read_up_to_a_bound() -> None:
    async def tell() -> Look:
        async with pages(health=endless, metrics=endless) as url:
            return await look(url, within_s=30.0)

    found = asyncio.run(tell())
    assert found.load is not None
    assert 3 <= found.load.running <= 3 * (METRICS_BYTES // 100_000 + 2)
