"""Model servers that answer, fail and count as a test says."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from datapipe.backends.base import Backend, Completion, Request
from datapipe.endpoints import Endpoints, EndpointSettings
from datapipe.server_state import View

Answer = Callable[[Request], Awaitable[Completion]]


class Server:
    """A backend that counts, and does what it is told."""

    def __init__(self, name: str, answer: Answer | None = None) -> None:
        self.name = name
        self.answer = answer
        self.asked: list[str] = []
        self.now = self.most = 0

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.id)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            if self.answer is not None:
                return replace(await self.answer(request), server=self.name)
            return Completion("yes", "stop", self.name, completion_tokens=2)
        finally:
            self.now -= 1

    async def close(self) -> None:
        self.name += " closed"


def request(number: int = 0, affinity: str | None = None) -> Request:
    return Request(f"r{number}", affinity or f"q{number}", "m", (), {}, 16, seed=number)


def settings(*servers: str, **changed: Any) -> EndpointSettings:
    values: dict[str, Any] = {"backoff_s": 0.001, "backoff_max_s": 0.002, "aside_s": 0.02}
    return EndpointSettings(servers, **{**values, **changed})


def endpoints(*servers: Server, **changed: Any) -> Endpoints:
    return Endpoints({s.name: s for s in servers}, settings(*(s.name for s in servers), **changed))


async def ask(backend: Backend, *requests: Request) -> list[Completion | BaseException]:
    return await asyncio.gather(*(backend.complete(r) for r in requests), return_exceptions=True)


def run(backend: Backend, *requests: Request) -> list[Completion | BaseException]:
    return asyncio.run(asyncio.wait_for(ask(backend, *requests), 60))


def failing(error: Exception, times: int = 10**9) -> Answer:
    left = times

    async def answer(_: Request) -> Completion:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error
        return Completion("yes", "stop", "late")

    return answer


def lasting(seconds: float, tokens: int = 100) -> Answer:
    """Takes its time, whatever else it does."""

    async def answer(request: Request) -> Completion:
        await asyncio.sleep(seconds)
        return Completion("yes", "stop", "timely", completion_tokens=tokens)

    return answer


def view(pool: Endpoints, name: str) -> View:
    """What is seen of one server."""
    [found] = [each for each in pool.servers() if each.name == name]
    return found
