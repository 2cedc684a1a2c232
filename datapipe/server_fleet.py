"""Which of a role's servers a request goes to: its home where that is no worse for the others."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b

from datapipe.backends.base import Backend
from datapipe.server_limit import Limit
from datapipe.server_queue import Turn
from datapipe.server_speed import Speed, weigh
from datapipe.server_state import Server

SLACK = 1.25
"""A server may be this far above its share for the sake of questions that are at home on it: consistent
hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018)."""
FLOOR = 4.0
"""Requests that are no burden to the fastest server, however little is asked altogether."""


class Fleet:
    """The servers of one role, by name; `concurrency` is over all of them."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.servers: dict[str, Server] = {}
        self.open: list[Server] = []
        """Those that may be given requests, as of the last `refresh`."""
        self.answered = False
        """A server that has left had answered."""
        self._left: dict[str, Counter[str]] = {}
        self._unweighed = 0
        self._total = self._top = 1.0
        self.order: Callable[[str], tuple[Server, ...]] = lru_cache(maxsize=4096)(self._rendezvous)
        """All servers for an affinity, best first: one that leaves moves only its own affinities."""

    def add(self, name: str, backend: Backend, now: float) -> Server:
        """A new server."""
        server = Server(name, backend, Limit(self.concurrency), Speed(now), moved_at=now)
        self.servers[name] = server
        self._forget_orders()
        return server

    def remove(self, server: Server) -> None:
        """It has left."""
        del self.servers[server.name]
        self.answered |= server.answered
        self._left.setdefault(server.name, Counter()).update(server.tally())
        self._forget_orders()

    def down(self) -> bool:
        """Whether there is no server that could answer, now or as soon as it says."""
        return all(server.aside or server.leaving for server in self.servers.values())

    def refresh(self) -> None:
        """After the state of any server, or its weight, has changed."""
        self.open = [server for server in self.servers.values() if server.open]
        weights = [server.speed.weight for server in self.open] or [1.0]
        self._total, self._top = sum(weights), max(weights)

    def tallies(self) -> dict[str, Counter[str]]:
        """What came of the requests of every server so far, also of those that have left; from any thread."""
        found = {name: Counter(tally) for name, tally in list(self._left.items())}
        for server in list(self.servers.values()):
            found.setdefault(server.name, Counter()).update(server.tally())
        return found

    def count(self, now: float) -> None:
        """An answer came: after enough of them the servers are measured against each other anew."""
        self._unweighed += 1
        if self._unweighed >= max(16, self.concurrency // 2):
            self._unweighed = 0
            self.weigh(now)

    def weigh(self, now: float) -> None:
        """Measure the servers against each other anew."""
        weigh((server.speed for server in self.servers.values()), now)
        self.refresh()

    def pick(self, turn: Turn, in_flight: int) -> Server | None:
        """The server for a request that need not wait; None where no server that it may go to has room."""
        level = max(SLACK * (in_flight + 1) / self._total, FLOOR / self._top)
        for server in self.order(turn.request.affinity):
            if (
                server.room
                # Rounded to the next whole request, so that the slowest of few may be left out.
                and server.outstanding + 0.5 <= level * server.speed.weight
                and server not in turn.failed
            ):
                return server
        return self.roomiest(turn.failed)

    def roomiest(self, but: Iterable[Server] = ()) -> Server | None:
        """The server with the least to do for its speed, of those with room."""
        best, least = None, float("inf")
        for server in self.open:
            load = (server.outstanding + 1) / server.speed.weight
            if load < least and server.outstanding < server.limit.value and server not in but:
                best, least = server, load
        return best

    def home(self, affinity: str) -> Server | None:
        """The first open server of an order."""
        return next((server for server in self.order(affinity) if server.open), None)

    def spent(self, turn: Turn) -> bool:
        """Whether a request has failed on every server that is open."""
        return all(server in turn.failed for server in self.open)

    def _forget_orders(self) -> None:
        self.order = lru_cache(maxsize=4096)(self._rendezvous)
        self.refresh()

    def _rendezvous(self, affinity: str) -> tuple[Server, ...]:
        def weight(server: Server) -> bytes:
            return blake2b(
                f"{server.name}\0{affinity}".encode("utf-8", "surrogatepass"), digest_size=8
            ).digest()

        return tuple(sorted(self.servers.values(), key=weight))
