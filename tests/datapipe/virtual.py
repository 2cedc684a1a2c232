"""An event loop whose time is a number: it jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(Exception):
    """Nothing is ready and no timer is set: everybody waits for everybody."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Only for what neither uses threads nor waits for sockets."""

    def __init__(self) -> None:
        super().__init__(_Selector(self))
        self.now = 1000.0
        self.most = float("inf")
        """The time at which a story must have ended."""

    def time(self) -> float:
        return self.now


class _Selector(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        self.loop.now += max(timeout, 0.0)
        if self.loop.now > self.loop.most:
            raise Stuck(f"it is {self.loop.now:g} already")
        return []


def story(told: Coroutine[Any, Any, T], within_s: float = 1e6) -> T:
    """What a coroutine returns. Raises Stuck where it waits for what never comes, or for too long."""
    loop = VirtualLoop()
    loop.most = loop.now + within_s
    try:
        return loop.run_until_complete(told)
    finally:
        loop.most = float("inf")
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
