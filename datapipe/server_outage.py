"""What requests do while every server is down: they wait, a person is told, and there is an end to it."""

import asyncio
from collections.abc import Callable

from datapipe.backends.base import Outage
from datapipe.server_fleet import Fleet
from datapipe.server_queue import Queue
from datapipe.server_settings import EndpointSettings

TELL_S = 60.0
"""Between two words about the same outage; the first comes sooner."""
FIRST_S = 10.0
_STEP_S, _LEAST_S = 1.0, 0.01


class Outages:
    """Watches over the queue while no server could answer. Used on one loop."""

    def __init__(
        self,
        settings: EndpointSettings,
        fleet: Fleet,
        queue: Queue,
        say: Callable[[str], None],
        ended: Callable[[], bool],
    ) -> None:
        self.settings, self.fleet, self.queue = settings, fleet, queue
        self._say, self._ended = say, ended
        self._over: str | None = None
        """Why nobody waits any longer, until a server is back."""
        self._task: asyncio.Task[None] | None = None

    def check(self) -> None:
        """A server or the queue has changed."""
        if not self.fleet.down():
            self._over = None
        elif self._over is not None:
            self._end(self._over)
        elif len(self.queue) and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._wait())

    async def close(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        tell = FIRST_S
        while self.fleet.down() and len(self.queue):
            waited, most = loop.time() - began, self._most()
            if waited >= most or self._ended():
                role = self.settings.role
                self._end(f"no server answered as {role} in {waited:.0f} s; {self._last()}")
                return
            if waited >= tell:
                tell += TELL_S
                self._say(
                    f"no {self.settings.role} server answers; {len(self.queue)} requests wait, for "
                    f"{waited:.0f} s so far and at most {most:.0f}; {self._last()}"
                )
            await asyncio.sleep(max(_LEAST_S, min(_STEP_S, most - waited)))
        if tell > FIRST_S and not self.fleet.down():
            self._say(f"{self.settings.role} servers answer again, after {loop.time() - began:.0f} s")

    def _most(self) -> float:
        """Seconds that the requests may wait."""
        servers = self.fleet.servers.values()
        if self.fleet.answered or any(server.answered for server in servers):
            return self.settings.outage_s
        # A key or a model that no server takes is mended by a person.
        return 0.0 if servers and all(server.unfit for server in servers) else self.settings.startup_s

    def _last(self) -> str:
        said = [server.why for server in self.fleet.servers.values() if server.why]
        return f"the last said: {said[-1]}" if said else "no server is listed"

    def _end(self, why: str) -> None:
        """Give every request that waits back."""
        self._over = why
        for turn in self.queue.clear():
            if turn.future is not None and not turn.future.done():
                turn.future.set_exception(Outage(why))
