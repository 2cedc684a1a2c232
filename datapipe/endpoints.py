"""Several model servers of one role behind one Backend: each request gets one that has room for it."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping

from datapipe.backends.base import Backend, Completion, Refused, Request, Transient, Unable, Unreachable
from datapipe.server_errors import Exhausted, Withdrawn
from datapipe.server_fleet import Fleet
from datapipe.server_health import Health
from datapipe.server_list import ServersFile
from datapipe.server_minder import Minder
from datapipe.server_outage import Outages
from datapipe.server_poll import Looker
from datapipe.server_queue import Queue, Turn
from datapipe.server_settings import TAKEN_BACK, EndpointSettings
from datapipe.server_state import Counts, Server, View

__all__ = ["Counts", "EndpointSettings", "Endpoints", "Exhausted"]

NOTES = 50
"""A server that comes and goes for days fills a log, and no list that is read."""
_log = logging.getLogger(__name__)


class Endpoints:
    """A Backend over the backends of several servers, by name.

    Requests of equal affinity go to one server, the first open one of their rendezvous order, as long as
    it is hardly above its share; then to the one with the least to do for its speed. A request that finds
    no room waits in one queue and goes to the server that has room first. A failed try goes to another
    server at once and waits only where no other is left; while all are down, requests wait for one to come
    back. Waiting happens before a backend is called, so that it is no part of any latency. `looker` looks
    at servers from outside, `file` and `make` say which others there are and what asks them. Made outside
    of the loop, used on one loop.
    """

    def __init__(
        self,
        backends: Mapping[str, Backend],
        settings: EndpointSettings,
        *,
        looker: Looker | None = None,
        file: ServersFile | None = None,
        make: Callable[[str], Backend] | None = None,
    ) -> None:
        self.settings = settings
        self.counts = Counts()
        self.note: Callable[[str], None] | None = None
        """Called with what a person should read at the end of a run too: the first NOTES that are logged."""
        self.ended: Callable[[], bool] = lambda: False
        """Whether whoever asks is about to end, so that nobody waits for servers that are down."""
        self._named = frozenset(backends)
        self._file, self._make = file, make
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fleet = Fleet(settings.concurrency)
        for name, backend in backends.items():
            self._fleet.add(name, backend, 0.0)
        self._queue = Queue()
        self._health = Health(settings, self._fleet, self._now, self._changed, self._say)
        self._minder = Minder(settings, self._health, looker, self.counts.besides)
        self._outages = Outages(settings, self._fleet, self._queue, self._say, lambda: self.ended())
        self._notes = 0

    async def complete(self, request: Request) -> Completion:
        """One completion. Raises Refused at once, Exhausted after the last try that failed, and Outage where
        no server has been up for longer than the settings bear."""
        self._wake()
        self._minder.model = request.model
        self.counts.waiting += 1
        try:
            completion = await self._insist(request)
        except Exception:
            self.counts.failed += 1
            raise
        finally:
            self.counts.waiting -= 1
        self.counts.done += 1
        self.counts.tokens_out += completion.tokens_out
        return completion

    async def close(self) -> None:
        """End what looks after the servers, and give the connections of each back."""
        await self._outages.close()
        await self._minder.close()
        for server in list(self._fleet.servers.values()):
            if server.timer is not None:
                server.timer.cancel()
            await server.backend.close()

    def blame(self, server: str, reason: str) -> None:
        """From any thread: an answer of this server is degenerate, for this reason, which should name no
        question, so that reasons can be counted. One far worse than the others is set aside."""
        if (loop := self._loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._health.blame, server, reason)

    def snapshot(self) -> Counts:
        """A copy of the counts, from any thread."""
        return self.counts.copy()

    def servers(self) -> tuple[View, ...]:
        """Every server as it is now, from any thread."""
        now = self._now()
        return tuple(server.view(now) for server in list(self._fleet.servers.values()))

    def tallies(self) -> Mapping[str, Mapping[str, int]]:
        """TALLY by server, also of those that have left, from any thread."""
        return self._fleet.tallies()

    def healthy(self) -> tuple[str, ...]:
        """The servers that would be given a request now."""
        return tuple(server.name for server in list(self._fleet.servers.values()) if server.open)

    async def _insist(self, request: Request) -> Completion:
        turn = Turn(request)
        tries = taken = 0
        for rounds in itertools.count(1):
            server = await self._place(turn, again=rounds > 1)
            while server.aside:  # since the place was given, in this turn of the loop
                self._leave(server)
                server = await self._place(turn, again=True)
            outcome = await self._try(server, request)
            if isinstance(outcome, Completion):
                return outcome
            turn.failed.add(server)
            if isinstance(outcome, Unable):
                if self._fleet.spent(turn):
                    raise outcome
                self.counts.retried += 1
                continue
            tries += not isinstance(outcome, (Unreachable, Withdrawn))
            taken += isinstance(outcome, Withdrawn)
            if tries >= self.settings.attempts or taken >= TAKEN_BACK * self.settings.attempts:
                raise Exhausted(outcome, tries + taken)
            self.counts.retried += 1
            if self._fleet.open and self._fleet.spent(turn):
                turn.failed.clear()
                await asyncio.sleep(self.settings.delay(rounds))
        raise AssertionError("unreachable: the count has no end")

    async def _place(self, turn: Turn, *, again: bool) -> Server:
        """Take a place in flight on the server that does it; what is taken must be left."""
        free = not len(self._queue) and self.counts.in_flight < self.settings.concurrency
        if free and (server := self._fleet.pick(turn, self.counts.in_flight)) is not None:
            self._enter(server)
            return server
        future: asyncio.Future[Server] = asyncio.get_running_loop().create_future()
        turn.future = future
        turn.home = self._fleet.home(turn.request.affinity)
        if self._fleet.spent(turn):
            turn.failed.clear()
        self._queue.push(turn, front=again)
        self._dispatch()
        self._outages.check()
        try:
            return await future
        except asyncio.CancelledError:
            self._queue.drop(turn)
            if future.done() and not future.cancelled() and future.exception() is None:
                self._leave(future.result())
            raise

    async def _try(self, server: Server, request: Request) -> Completion | Transient | Unable:
        """One try; the place that it has is given back, whatever comes."""
        began, asides = self._now(), server.asides
        attempt = asyncio.timeout(None)
        try:
            async with attempt:
                server.attempts.add(attempt)
                try:
                    completion = await server.backend.complete(request)
                finally:
                    server.attempts.discard(attempt)
        except Transient as error:
            self.counts.waste(error)
            self._health.struck(server, error, began, asides)
            return error.with_traceback(None)
        except Refused as error:
            self.counts.waste(error)
            self._health.refused(server)
            if isinstance(error, Unable):  # another server may
                return error
            raise
        except TimeoutError:
            if attempt.expired():
                return self._withdrawn(server)
            raise
        else:
            self.counts.waste(completion)
            self._health.answered(server, completion.tokens_out, len(completion.every))
            self._fleet.count(self._now())
            return completion
        finally:
            self._leave(server)

    def _withdrawn(self, server: Server) -> Withdrawn:
        self.counts.withdrawn += 1
        server.withdrawn += 1
        return Withdrawn(f"taken back from {server.name}: {server.why}")

    def _enter(self, server: Server) -> None:
        server.enter(self._now())
        self.counts.in_flight += 1
        self.counts.waiting -= 1

    def _leave(self, server: Server) -> None:
        server.leave(self._now())
        self.counts.in_flight -= 1
        self.counts.waiting += 1
        if len(self._queue):
            self._dispatch()
        if server.leaving and not server.outstanding:
            self._retire(server)

    def _dispatch(self) -> None:
        """Give places to those that wait, as long as there are both."""
        while len(self._queue) and self.counts.in_flight < self.settings.concurrency:
            if (match := self._match()) is None:
                return
            server, turn = match
            # One that was cancelled and has not yet said so is in nobody's way.
            if turn.future is not None and not turn.future.done():
                self._enter(server)
                turn.future.set_result(server)

    def _match(self) -> tuple[Server, Turn] | None:
        """The server with the most room, and what it does next; another where all have failed on it."""
        idle: list[Server] = []
        while (server := self._fleet.roomiest(idle)) is not None:
            if (turn := self._queue.take(server)) is not None:
                return server, turn
            idle.append(server)
        return None

    def _wake(self) -> None:
        """Begin to look after the servers, with the first request on a loop."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        if self._file is not None:
            self._minder.follow(self._file, self._listed)
            self._listed()
        for server in self._fleet.servers.values():
            self._joined(server)
        self._changed()

    def _listed(self) -> None:
        """The file of servers has changed."""
        if self._file is None or self._make is None:
            return
        if self._file.fault is not None:
            self._say(f"{self._file.fault}; the servers stay as they are")
        wanted = self._named | set(self._file.servers)
        for name in sorted(wanted - self._fleet.servers.keys()):
            self._joined(self._fleet.add(name, self._make(name), self._now()))
        for server in list(self._fleet.servers.values()):
            server.leaving = server.name not in wanted
            if server.leaving and not server.outstanding:
                self._retire(server)
        self._changed()

    def _joined(self, server: Server) -> None:
        if self._minder.looker is not None:
            server.limit.begin(-(-self.settings.concurrency // len(self._fleet.servers)))
            self._minder.tend(server)

    def _retire(self, server: Server) -> None:
        """It has left, and nothing of it is in flight."""
        self._fleet.remove(server)
        server.news.set()
        self._minder.start(server.backend.close())

    def _changed(self) -> None:
        """A server joined, left, was set aside, rests, or is back."""
        self._fleet.refresh()
        for server in self._fleet.servers.values():
            if server.aside:
                self._minder.tend(server)
            elif server.busy and self._loop is not None:
                if server.timer is not None:
                    server.timer.cancel()
                server.timer = self._loop.call_at(server.until, self._health.rested, server)
        for turn in self._queue:
            turn.home = self._fleet.home(turn.request.affinity)
            if self._fleet.spent(turn):
                turn.failed.clear()
        self._dispatch()
        self._outages.check()

    def _now(self) -> float:
        return 0.0 if self._loop is None else self._loop.time()

    def _say(self, text: str) -> None:
        _log.warning("%s", text)
        self._notes += 1
        if self.note is not None and self._notes <= NOTES:
            self.note(text)
