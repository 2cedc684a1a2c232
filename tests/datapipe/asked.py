"""One request to the OpenAI-compatible backend against a server that is scripted."""

import asyncio
from typing import Any

import pytest

from datapipe.backends.base import BackendError, Completion, Request
from datapipe.backends.openai import OpenAI
from tests.stub_server import (
    Behaviour,
    Stub,
    completion,
    stub,
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

    return asyncio.run(asyncio.wait_for(run(), 60))


def failed(*script: Behaviour, req: Request | None = None, **settings: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        asked(*script, req=req, **settings)
    return caught.value


def with_choice(**changed: Any) -> dict[str, Any]:
    reply = completion()
    reply["choices"][0].update(changed)
    return reply
