"""A model server for tests, on a free port: it speaks the wire format, and misbehaves on a script."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Behaviour = Callable[[web.Request, Mapping[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class Stub:
    """`script` holds what the next requests meet; once it is empty, every request is answered."""

    url: str
    script: list[Behaviour]
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


@asynccontextmanager
async def stub(*script: Behaviour) -> AsyncIterator[Stub]:
    """A running server; what is still hanging when the block ends is cut off."""
    server = Stub("", list(script))

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        server.bodies.append(body)
        server.headers.append(dict(request.headers))
        behave = server.script.pop(0) if server.script else ok()
        return await behave(request, body)

    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


def dead_url() -> str:
    """The address of a server that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def completion(content: str | None = "yes", **message: Any) -> dict[str, Any]:
    """A reply as vLLM sends it; keys of the message may be added."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": "stop",
                "stop_reason": None,
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def ok(content: str | None = "yes", **message: Any) -> Behaviour:
    return says(completion(content, **message))


def says(reply: Any, status: int = 200, **headers: str) -> Behaviour:
    """Any JSON, with any status."""
    return sends(json.dumps(reply).encode(), status, "application/json", **headers)


def sends(body: bytes, status: int = 200, kind: str = "application/json", **headers: str) -> Behaviour:
    """Any bytes; header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def behave(_: web.Request, __: Mapping[str, Any]) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={"Content-Type": kind, **named})

    return behave


async def reset(request: web.Request, _: Mapping[str, Any]) -> web.StreamResponse:
    """Drop the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(_: web.Request, __: Mapping[str, Any]) -> web.StreamResponse:
    """Take the request and never answer; ends when the client goes."""
    await asyncio.Event().wait()
    return web.Response()


def half(then: str) -> Behaviour:
    """Half of a body; then "reset" the connection or "hang"."""

    async def behave(request: web.Request, _: Mapping[str, Any]) -> web.StreamResponse:
        body = json.dumps(completion()).encode()
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if then == "reset":
            assert request.transport is not None
            request.transport.abort()
        else:
            await asyncio.Event().wait()
        return response

    return behave


def trickle(pause_s: float) -> Behaviour:
    """A byte at a time, without end."""

    async def behave(request: web.Request, _: Mapping[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(pause_s)

    return behave
