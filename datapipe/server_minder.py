"""Looks after servers while requests run: polls each, tries those set aside, reads the file of servers."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from datapipe.backends.base import TRIAL, Refused, Request, Transient, Unreachable
from datapipe.server_health import UNAVAILABLE, Health
from datapipe.server_list import ServersFile
from datapipe.server_poll import Look, Looker
from datapipe.server_settings import EndpointSettings
from datapipe.server_state import Besides, Server

LEAST_S = 0.01
"""Between two looks or trials, whatever the settings say."""
FAILED_TRIALS = 3
"""After so many in a row that ended in an error, what is in flight on a server is taken back."""
TRIAL_S = 30.0
"""A server that takes longer for one token is as good as down, unless it is seen to make others."""


class Minder:
    """One task a server, and one for the file. A server that nobody can look at has a task only while it is
    set aside. Used on one loop; `close` ends every task."""

    def __init__(
        self, settings: EndpointSettings, health: Health, looker: Looker | None, spent: Besides
    ) -> None:
        """What trials cost is added to `spent`."""
        self.settings, self.health, self.looker, self.spent = settings, health, looker, spent
        self.model = ""
        """What the last request asked for, so that a server is tried with it."""
        self._tasks: set[asyncio.Task[None]] = set()

    def tend(self, server: Server) -> None:
        """Look after a server from now on."""
        if server.tended:
            server.news.set()
        else:
            server.tended = True
            self.start(self._mind(server))

    def follow(self, file: ServersFile, apply: Callable[[], None]) -> None:
        """Read the file of servers as it changes."""
        self.start(self._follow(file, apply))

    async def close(self) -> None:
        """End every task and see it end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.looker is not None:
            await self.looker.close()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that ends with the others at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, file: ServersFile, apply: Callable[[], None]) -> None:
        while True:
            # Off the loop: a network file system may take its time.
            if await asyncio.to_thread(file.read):
                apply()
            await asyncio.sleep(self.settings.poll_s)

    async def _mind(self, server: Server) -> None:
        try:
            await self._look_after(server)
        finally:
            server.tended = False

    async def _look_after(self, server: Server) -> None:
        loop = asyncio.get_running_loop()
        look = Look("silent")
        while not (server.leaving and not server.outstanding):
            if self.looker is not None:
                was_down = server.down
                look = await self.looker.look(server.name)
                self.health.seen(server, look)
                if was_down and look.health == "well":
                    server.until = loop.time()
            elif not server.aside:
                return
            if server.aside and look.health != "gone" and loop.time() >= server.until:
                await self._try(server, sick=look.health == "sick")
            await self._pause(server, loop.time())

    async def _pause(self, server: Server, now: float) -> None:
        """Until the next look, or trial, or news of the server."""
        wait = self.settings.poll_s
        if server.aside and (self.looker is None or server.until > now):
            wait = server.until - now if self.looker is None else min(wait, server.until - now)
        server.news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait, LEAST_S)):
                await server.news.wait()

    async def _try(self, server: Server, *, sick: bool) -> None:
        """Ask for one token, so that no request is risked. A refusal is an answer too."""
        request = Request(
            id=TRIAL,
            affinity=TRIAL,
            model=self.model,
            messages=({"role": "user", "content": "Hello."},),
            sampling={},
            max_tokens=1,
            role=self.settings.role,
        )
        done, made = server.done, server.made
        try:
            async with asyncio.timeout(TRIAL_S):
                said = await server.backend.complete(request)
            self.spent.add(said.prompt_tokens, said.tokens_out)
        except Refused:
            pass
        except TimeoutError:
            if not await self._moves(server, done, made):
                self.health.set_aside(server, f"one token took more than {TRIAL_S:g} s")
                return
        except Transient as error:
            if error.retry_after is None or error.status == UNAVAILABLE:
                # One that takes nothing new may still go on with what it has.
                lost = server.relapses >= FAILED_TRIALS or isinstance(error, Unreachable)
                moved = server.done != done or (server.made is not None and server.made != server.made_aside)
                self.health.set_aside(server, str(error), withdraw=lost and not moved)
                return
        except Exception as error:  # noqa: BLE001  around a model request; it counts against its server
            self.health.set_aside(server, f"{type(error).__name__}: {error}")
            return
        server.honest &= not sick
        if server.aside:
            self.health.reopen(server)

    async def _moves(self, server: Server, done: int, made: float | None) -> bool:
        """Whether it did other work meanwhile: merely busy is not down."""
        if self.looker is not None:
            self.health.seen(server, await self.looker.look(server.name))
        return server.done != done or (server.made is not None and server.made != made)
