"""Keeps the servers of a fleet running until told to stop: starts, watches, restarts, ends."""

import asyncio
import logging
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import aiohttp

from datapipe.errors import ConfigError, ServersDown
from datapipe.escape import one_line
from datapipe.serving import leftovers, listing
from datapipe.serving.fleet import ROLES, Plan, Worker, make_plan, read_fleet
from datapipe.serving.guard import GRACE
from datapipe.serving.logs import Log
from datapipe.serving.ports import Reserved
from datapipe.serving.pulse import Pulse
from datapipe.serving.server import Died, Server
from datapipe.serving.state import Doing, Ownership, Standing, State

_log = logging.getLogger(__name__)
_SAID = 300
"""Characters of a death that the state and the first line of a message keep; the log has the rest."""


class Supervisor:
    """One fleet. Everything is gone when `run` returns, and soon after where this process is killed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.state = State(fleet=str(plan.path))
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until `stop`. Raises ServersDown where every worker was given up, ConfigError where a port
        was taken meanwhile. The folder is the caller's: see `supervise`."""
        plan, loop = self.plan, asyncio.get_running_loop()
        with ExitStack() as held:
            keepers = [
                Keeper(self, worker, held.enter_context(Reserved(worker.recipe.host, worker.port)).port)
                for worker in plan.workers
            ]
            listing.clear(plan.folder, {role for worker in plan.workers for role in worker.roles} & {*ROLES})
            self.write()
            _log.info(
                "starting %d vLLM server(s), which takes a while; logs are in %s",
                len(keepers),
                plan.folder / "logs",
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
                held.callback(loop.remove_signal_handler, number)
            async with aiohttp.ClientSession(trust_env=False) as session:
                await self._supervise([asyncio.create_task(each.keep(session)) for each in keepers])
        if not self._stop.is_set():
            said = "; ".join(f"{each.name}: {each.said}" for each in self.state.workers)
            raise ServersDown(f"every server was given up: {said}. Logs are in {plan.folder / 'logs'}")

    def stop(self) -> None:
        """End every server; more calls change nothing."""
        if not self._stop.is_set():
            _log.info("ending every server; a busy one is killed after %.0f s", GRACE)
        self._stop.set()

    def write(self) -> None:
        """Tell how all stand, where the disk allows it."""
        try:
            self.state.write(self.plan.folder)
        except OSError as error:
            _log.warning("the state cannot be written: %s", error)

    async def _supervise(self, tasks: list[asyncio.Task[None]]) -> None:
        """Until all have given up, or the stop."""
        stopped, beat = asyncio.create_task(self._stop.wait()), asyncio.create_task(self._beat())
        work = asyncio.gather(*tasks)
        try:
            await asyncio.wait((stopped, work), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (stopped, beat, *tasks):
                task.cancel()
            await asyncio.gather(work, stopped, beat, return_exceptions=True)
            # The gathering ends with its first cancelled task; a port is given back when the last has ended.
            await asyncio.gather(*tasks, return_exceptions=True)
            self.write()

    async def _beat(self) -> None:
        """Say that somebody is there, also while every server starts."""
        while True:
            self.write()
            await asyncio.sleep(self.plan.fleet.poll_s)


class Keeper:
    """One worker, over all the lives of its server."""

    def __init__(self, supervisor: Supervisor, worker: Worker, port: int) -> None:
        self.supervisor, self.worker, self.port = supervisor, worker, port
        fleet = supervisor.plan.fleet
        self.folder: Path = supervisor.plan.folder
        self.log = Log(self.folder / "logs" / f"{worker.name}.log", fleet.log_mb << 20)
        self.rules, self.poll_s = fleet.restart, fleet.poll_s
        self.standing = Standing(name=worker.name, roles=[*worker.roles])
        supervisor.state.workers.append(self.standing)

    async def keep(self, session: aiohttp.ClientSession) -> None:
        """Serve until cancelled, or until it died too often in a row."""
        deaths = 0
        try:
            while deaths <= self.rules.most:
                if deaths:
                    wait = min(self.rules.backoff_max_s, self.rules.backoff_s * 2.0 ** min(deaths - 1, 60))
                    self._now("waiting")
                    await asyncio.sleep(wait)
                    self.standing.restarts += 1
                steady = await self._live(session)
                deaths = 1 if steady else deaths + 1
            self._now("given up")
            _log.error("%s is given up after %d deaths in a row", self.worker.name, deaths)
        except asyncio.CancelledError:
            self._now("stopped")
            raise

    async def _live(self, session: aiohttp.ClientSession) -> bool:
        """One life, from start to death; whether it was ready for long enough to begin the count anew."""
        server: Server | None = None
        began, ready = time.monotonic(), 0.0
        try:
            self._now("starting")
            server = await Server.start(self.worker, self.port, self.log, self.folder)
            self.standing.pid, self.standing.url = server.pid, server.url
            self.supervisor.write()
            await server.until_ready(session)
            ready = time.monotonic()
            self._keep_files(server, healthy=True)
            self._now("ready")
            _log.info("%s answers at %s after %.0f s", self.worker.name, server.url, ready - began)
            await self._watch(server, session)
        except Died as error:
            self.standing.said = one_line(str(error).partition("\n")[0].partition("; the end of")[0], _SAID)
            _log.warning("%s: %s", self.worker.name, error)
        finally:
            if server is not None:
                await server.stop()
            self.standing.pid = None
        return bool(ready) and time.monotonic() - ready >= self.rules.steady_s

    async def _watch(self, server: Server, session: aiohttp.ClientSession) -> None:
        """Look at it until it dies. Raises Died; of a living one only where nothing moved for long."""
        pulse, ended = Pulse(time.monotonic()), asyncio.create_task(server.ended())
        try:
            while not ended.done():
                await self._look(server, session, pulse)
                if why := pulse.stuck(time.monotonic(), self.rules.stuck_s, self.rules.sick_s):
                    raise Died(f"{why}{self.log.tail()}")
                await asyncio.wait((ended,), timeout=self.poll_s)
            await ended
        finally:
            ended.cancel()

    async def _look(self, server: Server, session: aiohttp.ClientSession, pulse: Pulse) -> None:
        status, load = await asyncio.gather(server.health(session), server.load(session))
        pulse.see(time.monotonic(), status == 200, load)
        shown = self.standing
        shown.healthy, shown.tokens_per_s = status == 200, pulse.tokens_per_s
        shown.running, shown.waiting = pulse.running, pulse.waiting
        self._keep_files(server, healthy=status == 200)

    def _keep_files(self, server: Server, *, healthy: bool) -> None:
        """Nothing that may go wrong with a file is worth a server that works; the next look tries again."""
        try:
            self.log.bound()
            if healthy:
                listing.enlist(self.folder, server.url, self.worker.roles, server.pid)
        except OSError as error:
            _log.warning("%s serves on, but its files cannot be kept: %s", self.worker.name, error)

    def _now(self, doing: Doing) -> None:
        self.standing.state, self.standing.since = doing, time.time()
        if doing != "ready":
            self.standing.healthy = self.standing.running = self.standing.waiting = None
            self.standing.tokens_per_s = None
        self.supervisor.write()


def supervise(path: Path, folder: Path | None = None) -> None:
    """Run a FLEET.toml in this thread, which must be the main one, until SIGTERM or SIGINT.

    Raises ConfigError where the file or what it names is wrong, or another supervisor owns the folder, and as
    `Supervisor.run`.
    """
    place = read_fleet(path, folder)[1]
    if not place.exists():
        make_plan(path, folder)  # nothing is made on the disk for a fleet that cannot be
    with Ownership(place):
        _clear(place)  # first, since what is left over may hold a port of the plan
        plan = make_plan(path, folder)

        async def main() -> None:
            await Supervisor(plan).run()

        asyncio.run(main())


def _clear(folder: Path) -> None:
    """End and remove what a life before left where it was killed with every guard."""
    if left := leftovers.find(folder):
        _log.warning("ending what is left of a fleet that was killed: processes %s", _named(left))
    if left := leftovers.end(folder):
        raise ConfigError(f"{folder}: of a fleet that was killed, SIGKILL does not end: {_named(left)}")
    leftovers.remove_scratch(folder)


def _named(left: dict[int, str]) -> str:
    return ", ".join(f"{pid} ({one_line(worker, _SAID)})" for pid, worker in sorted(left.items()))
