"""Whatever servers and callers do, every request ends once, every place comes back, none has too many."""

import asyncio
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from datapipe.backends.base import BackendError, Completion, Refused, Request, Transient, Unfit, Unreachable
from datapipe.endpoints import Endpoints, EndpointSettings
from datapipe.server_list import ServersFile
from datapipe.server_metrics import Load
from datapipe.server_poll import Look
from datapipe.server_state import Server
from tests.datapipe.virtual import story

CALM_AT = 3_000.0
"""From then on all servers are well, so that everything must come to its end."""


class Wild:
    """A server that does anything, drawn from its own generator."""

    def __init__(self, name: str, rng: Random, world: "World") -> None:
        self.name, self.rng, self.world = name, rng, world
        self.mood, self.moods = "well", ["well", "well", "flaky", "down", "hung", "slow", "full", "locked"]
        self.closed = 0
        self.tokens = 0

    async def complete(self, request: Request) -> Completion:
        loop, mood = asyncio.get_running_loop(), self.world.mood(self)
        await asyncio.sleep(self.rng.choice([0, 0, 0.01, 1.0, 5.0]))
        if mood == "down":
            raise Unreachable(f"{self.name} is down")
        if mood == "hung":
            await asyncio.sleep(max(0.0, CALM_AT + 500 - loop.time()))
            raise Transient(f"{self.name} did not answer")
        if mood == "full":
            raise Transient("429", retry_after=self.rng.choice([0.0, 1.0, 30.0]))
        if mood == "locked":
            raise Unfit("401")
        await asyncio.sleep(self.rng.expovariate(0.1 if mood == "well" else 0.01))
        if mood == "flaky" and self.rng.random() < 0.5:
            raise Transient("500")
        if request.id.endswith("7") and request.id != "trial":
            raise Refused("too long")
        self.tokens += 10
        return Completion("yes", "stop", self.name, completion_tokens=10)

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1


class World:
    """Servers that come and go, and what is seen of them."""

    def __init__(self, seed: int, path: Path) -> None:
        self.rng = Random(seed)
        self.servers: dict[str, Wild] = {}
        self.file = ServersFile(path, "generator")
        self.listed = [f"http://late{i}/v1" for i in range(self.rng.randrange(3))]
        self.closed = False
        self.write()
        self.file.read()

    def make(self, name: str) -> Wild:
        self.servers[name] = Wild(name, Random(f"{name}{self.rng.random()}"), self)
        return self.servers[name]

    def mood(self, server: Wild) -> str:
        if asyncio.get_running_loop().time() >= CALM_AT:
            return "well"
        if self.rng.random() < 0.02:
            server.mood = self.rng.choice(server.moods)
        return server.mood

    def write(self) -> None:
        chosen = [name for name in self.listed if self.rng.random() < 0.7]
        self.file.path.write_text("".join(f"{name}\n" for name in chosen))

    async def look(self, name: str) -> Look:
        await asyncio.sleep(self.rng.choice([0.01, 0.5]))
        server = self.servers[name]
        mood = self.mood(server)
        load = Load(
            self.rng.randrange(8), self.rng.choice([0, 0, 9]), self.rng.random(), float(server.tokens)
        )
        if mood == "down":
            return Look("gone", "refused")
        return Look(self.rng.choice(["well", "well", "well", "silent", "sick"]), "said", load)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is given to a server that is not open or has as many as it may have."""
    enter = Server.enter

    def careful(self: Server, now: float) -> None:
        assert self.open
        assert self.outstanding < self.limit.value
        enter(self, now)

    monkeypatch.setattr(Server, "enter", careful)


def settings(rng: Random) -> EndpointSettings:
    return EndpointSettings(
        tuple(f"http://s{i}/v1" for i in range(rng.randint(1, 4))),
        concurrency=rng.choice([1, 2, 5, 16]),
        attempts=rng.choice([1, 3, 8]),
        backoff_s=rng.choice([0.0, 0.5]),
        strikes=rng.choice([1, 3]),
        aside_s=rng.choice([0.5, 5.0]),
        stall_s=rng.choice([20.0, 200.0]),
        poll_s=rng.choice([2.0, 10.0]),
        outage_s=rng.choice([30.0, 1e9]),
        startup_s=rng.choice([30.0, 1e9]),
    )


def idle_though_wanted(pool: Endpoints) -> list[str]:
    """Servers with room for a request that waits, while there is a place in flight."""
    if pool.counts.in_flight >= pool.settings.concurrency:
        return []
    turns = [turn for turn in pool._queue if turn.future is not None and not turn.future.done()]
    free = [server for server in pool._fleet.servers.values() if server.room]
    return [server.name for server in free if any(server not in turn.failed for turn in turns)]


async def wreak(seed: int, path: Path) -> Counter[str]:
    """One run of some dozens of requests through all of it; what became of them."""
    world, rng = World(seed, path), Random(seed)
    looker = world if rng.random() < 0.7 else None
    found = settings(rng)
    backends = {name: world.make(name) for name in found.servers}
    pool = Endpoints(backends, found, looker=looker, file=world.file, make=world.make)
    loop = asyncio.get_running_loop()
    ended: Counter[str] = Counter()

    async def call(number: int) -> None:
        await asyncio.sleep(rng.uniform(0, 200))
        try:
            said = await pool.complete(Request(f"r{number}", f"q{number // 4}", "m", (), {}, 16))
            pool.blame(said.server, "loops")
            ended["done"] += 1
        except BackendError as error:
            ended[type(error).__name__] += 1
        except asyncio.CancelledError:
            ended["cancelled"] += 1
            raise

    async def disturb() -> None:
        while loop.time() < CALM_AT:
            await asyncio.sleep(rng.uniform(0.0, 60.0))
            assert not idle_though_wanted(pool)
            if rng.random() < 0.3:
                tasks[rng.randrange(len(tasks))].cancel()
            if rng.random() < 0.3:
                world.write()
                world.file.read()
                pool._listed()

    tasks = [asyncio.create_task(call(number)) for number in range(rng.choice([5, 40, 80]))]
    chaos = asyncio.create_task(disturb())
    await asyncio.wait(tasks)
    chaos.cancel()
    await asyncio.gather(chaos, return_exceptions=True)
    if not chaos.cancelled() and chaos.exception() is not None:
        raise chaos.exception() or AssertionError
    # A cancelled one may never have begun.
    assert ended.total() + sum(task.cancelled() for task in tasks) - ended["cancelled"] == len(tasks)
    counts = pool.snapshot()
    assert (counts.waiting, counts.in_flight, len(pool._queue)) == (0, 0, 0)
    assert counts.done == ended["done"]
    assert counts.failed == ended.total() - ended["done"] - ended["cancelled"]
    assert not any(server.attempts for server in pool._fleet.servers.values())
    assert all(view.in_flight == 0 and view.limit >= 1 for view in pool.servers())
    assert not any(server.leaving for server in pool._fleet.servers.values())
    await pool.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert world.closed is (looker is not None)
    assert all(wild.closed >= 1 for wild in world.servers.values())
    return ended


def wreaked(seeds: range, path: Path) -> Counter[str]:
    total: Counter[str] = Counter()
    for seed in seeds:
        try:
            total += story(wreak(seed, path), 10_000)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    return total


def test_nothing_is_lost_whatever_happens(tmp_path: Path, checked: Any) -> None:
    total = wreaked(range(60), tmp_path / "fleet")
    assert total["done"] > 500
    assert min(total["Refused"], total["cancelled"], total["Exhausted"], total["Outage"]) > 5


@pytest.mark.slow
def test_nothing_is_lost_whatever_happens_in_many_ways(tmp_path: Path, checked: Any) -> None:
    assert wreaked(range(1_000, 3_000), tmp_path / "fleet")["done"] > 10_000
