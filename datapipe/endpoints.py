"""Which model server gets the next request: several servers of one role behind one Backend."""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from random import uniform

from datapipe.backends.base import Backend, Completion, Refused, Request, Transient
from datapipe.backends.openai import OpenAI
from datapipe.errors import ConfigError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How one role's servers are asked, times in seconds. Raises ConfigError where a value makes no sense."""

    servers: tuple[str, ...]
    """Base URLs that end in /v1."""
    api_key_env: str | None = None
    concurrency: int = 64
    """Requests in flight over all servers and shards."""
    attempts: int = 6
    """Tries of one request."""
    connect_s: float = 10.0
    base_timeout_s: float = 120.0
    tokens_per_second: float = 5.0
    """A request may take base_timeout_s + max_tokens / tokens_per_second."""
    backoff_s: float = 0.5
    """The first wait before the same server is asked again; each wait is up to twice the one before."""
    backoff_max_s: float = 30.0
    retry_after_max_s: float = 300.0
    """The longest that a server's Retry-After is believed."""
    strikes: int = 3
    """Failures in a row after which a server is set aside."""
    aside_s: float = 15.0
    """How long it is set aside before one request tries it again; doubles to 16 times with each relapse."""

    def __post_init__(self) -> None:
        if not self.servers:
            raise ConfigError("no model server is configured")
        if twice := sorted({s for s in self.servers if self.servers.count(s) > 1}):
            raise ConfigError(f"servers are named twice: {', '.join(twice)}")
        for name in (
            "concurrency",
            "attempts",
            "connect_s",
            "base_timeout_s",
            "tokens_per_second",
            "strikes",
        ):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("backoff_s", "backoff_max_s", "retry_after_max_s", "aside_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} may not be below 0: {getattr(self, name)}")


@dataclass(slots=True)
class Counts:
    """What a role's servers have been asked so far; tokens are those of completions that came back."""

    waiting: int = 0
    """In our queue, or between two tries."""
    in_flight: int = 0
    done: int = 0
    failed: int = 0
    """Requests given up, refused ones among them."""
    retried: int = 0
    """Tries that were followed by another."""
    tokens_out: int = 0


class Exhausted(Transient):
    """The last error of a request whose tries are used up; `attempts` is how many there were."""

    def __init__(self, last: Transient, attempts: int) -> None:
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        super().__init__(f"gave up after {tries}: {last}", last.retry_after)
        self.attempts = attempts


@dataclass(slots=True)
class _Server:
    """What is known of one server. Times are those of the Endpoints' clock."""

    name: str
    backend: Backend
    outstanding: int = 0
    streak: int = 0
    """Failures since it last answered or was last set aside."""
    asides: int = 0
    """Times it was set aside since it last answered."""
    aside_until: float = 0.0
    busy_until: float = 0.0
    """Its own Retry-After."""
    on_trial: bool = False
    """One request is finding out whether it is back."""

    def open(self, now: float) -> bool:
        return now >= max(self.aside_until, self.busy_until) and not self.on_trial


class Endpoints:
    """A Backend over the backends of several servers, by name.

    Requests of equal affinity go to one server, the first healthy one of their rendezvous order, until it
    has its share of what is in flight; then to the one with the least outstanding. A failed try goes to
    another server at once and waits only where no other is left. Waiting happens before a backend is
    called, so that it is no part of any latency. Made outside of the loop, used on one loop.
    """

    def __init__(
        self,
        backends: Mapping[str, Backend],
        settings: EndpointSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.counts = Counts()
        self._clock = clock
        self._servers = {name: _Server(name, backend) for name, backend in backends.items()}
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._order = lru_cache(maxsize=4096)(self._rendezvous)

    async def complete(self, request: Request) -> Completion:
        """One completion. Raises Refused at once, and Exhausted after the last try that failed."""
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
        """Give the connections of every server back."""
        for server in self._servers.values():
            await server.backend.close()

    def snapshot(self) -> Counts:
        """A copy of the counts, from any thread."""
        return replace(self.counts)

    def healthy(self) -> tuple[str, ...]:
        """The servers that would be given a request now."""
        now = self._clock()
        return tuple(server.name for server in self._servers.values() if server.open(now))

    async def _insist(self, request: Request) -> Completion:
        failed: set[str] = set()
        for attempt in itertools.count(1):
            outcome, server = await self._try(request, failed)
            if isinstance(outcome, Completion):
                return outcome
            if attempt >= self.settings.attempts:
                raise Exhausted(outcome, attempt)
            self.counts.retried += 1
            failed.add(server)
            if not set(self.healthy()) - failed:
                failed.clear()
                await asyncio.sleep(self._delay(attempt))
        raise AssertionError("unreachable: the count has no end")

    async def _try(self, request: Request, failed: set[str]) -> tuple[Completion | Transient, str]:
        """One try on the best server there is; the place in flight is held no longer than the try."""
        await self._admit()
        server = self._pick(request.affinity, failed)
        trial, asides = server.asides > 0, server.asides
        server.on_trial |= trial
        self._enter(server, 1)
        try:
            completion = await server.backend.complete(request)
        except Transient as error:
            # One death fails all that were in flight: they are one piece of news.
            if server.asides == asides:
                self._struck(server, error)
            return error, server.name
        except Refused:
            self._answered(server)
            raise
        finally:
            self._enter(server, -1)
            server.on_trial &= not trial
            self._slots.release()
        self._answered(server)
        return completion, server.name

    def _enter(self, server: _Server, step: int) -> None:
        server.outstanding += step
        self.counts.in_flight += step
        self.counts.waiting -= step

    async def _admit(self) -> None:
        """Take a place in flight, once some server does not ask to be left alone."""
        while True:
            await self._slots.acquire()
            wait = min(server.busy_until for server in self._servers.values()) - self._clock()
            if wait <= 0:
                return
            self._slots.release()
            await asyncio.sleep(wait * uniform(1.0, 1.1))

    def _pick(self, affinity: str, failed: set[str]) -> _Server:
        now = self._clock()
        servers = self._order(affinity)
        usable = [server for server in servers if server.open(now)]
        fresh = [server for server in usable if server.name not in failed] or usable
        if not fresh:
            # Nobody is healthy: knock where it may open soonest; the number of tries is bounded.
            free = [server for server in servers if now >= server.busy_until]
            return min(free, key=lambda s: (s.name in failed, s.outstanding, s.aside_until))
        share = -(-self.settings.concurrency // len(usable))
        return fresh[0] if fresh[0].outstanding < share else min(fresh, key=lambda s: s.outstanding)

    def _rendezvous(self, affinity: str) -> tuple[_Server, ...]:
        """Every server, best first, such that one that leaves moves only its own affinities."""

        def weight(server: _Server) -> bytes:
            return blake2b(
                f"{server.name}\0{affinity}".encode("utf-8", "surrogatepass"), digest_size=8
            ).digest()

        return tuple(sorted(self._servers.values(), key=weight))

    def _answered(self, server: _Server) -> None:
        if server.asides:
            _log.warning("%s answers again", server.name)
        server.streak = server.asides = 0
        server.aside_until = 0.0

    def _struck(self, server: _Server, error: Transient) -> None:
        now = self._clock()
        if error.retry_after is not None:
            # A server that says when to come back is full, not broken.
            wait = min(error.retry_after, self.settings.retry_after_max_s)
            server.busy_until = max(server.busy_until, now + wait)
            return
        server.streak += 1
        # One failed trial is enough to set a server aside again.
        if server.streak >= self.settings.strikes or server.asides:
            wait = self.settings.aside_s * 2 ** min(server.asides, 4)
            server.aside_until = now + wait
            server.asides += 1
            server.streak = 0
            _log.warning("%s is set aside for %g s: %s", server.name, wait, error)

    def _delay(self, attempt: int) -> float:
        """Seconds until the next try: jittered, so that those who failed together do not return together."""
        longest = min(self.settings.backoff_max_s, self.settings.backoff_s * 2.0 ** min(attempt, 60))
        return uniform(longest / 2, longest)


def connect(settings: EndpointSettings) -> Endpoints:
    """Endpoints over OpenAI-compatible servers. Raises ConfigError for a bad URL or a key that is not set."""
    return Endpoints(
        {
            server: OpenAI(
                server,
                api_key_env=settings.api_key_env,
                connect_s=settings.connect_s,
                base_timeout_s=settings.base_timeout_s,
                tokens_per_second=settings.tokens_per_second,
            )
            for server in settings.servers
        },
        settings,
    )
