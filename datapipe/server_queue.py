"""Requests that wait for a server: the longest waiting first, but for one whose home has just become free."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator

from datapipe.backends.base import Request
from datapipe.server_state import Server

LOOK = 32
"""How far from the front one is looked for that is at home on the server."""
PATIENCE = 64
"""How often the first may be passed over."""


class Turn:
    """One request on its way through the servers."""

    __slots__ = ("failed", "future", "home", "passed", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.failed: set[Server] = set()
        """Where it failed since it last waited."""
        self.home: Server | None = None
        """The first open server of its order."""
        self.passed = 0
        """Times that a later one was taken, since it was at home."""
        self.future: asyncio.Future[Server] | None = None


class Queue:
    """Takes and drops at either end and in the middle in constant time."""

    def __init__(self) -> None:
        self._turns: OrderedDict[Turn, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def push(self, turn: Turn, *, front: bool) -> None:
        self._turns[turn] = None
        if front:
            self._turns.move_to_end(turn, last=False)

    def drop(self, turn: Turn) -> None:
        """It waits no longer, if it did."""
        self._turns.pop(turn, None)

    def clear(self) -> list[Turn]:
        """All of them, out."""
        turns = list(self._turns)
        self._turns.clear()
        return turns

    def take(self, server: Server) -> Turn | None:
        """The turn that the server does next; None where all that wait have failed on it."""
        turn = self._choose(server)
        if turn is not None:
            del self._turns[turn]
        return turn

    def _choose(self, server: Server) -> Turn | None:
        first: Turn | None = None
        seen = 0
        for turn in self._turns:
            if server in turn.failed:
                continue
            if turn.home is server and (first is None or first.passed < PATIENCE):
                if first is not None:
                    first.passed += 1
                return turn
            first = first or turn
            seen += 1
            if seen == LOOK or first.passed >= PATIENCE:
                break
        return first
