"""What share of the requests each server gets, in virtual time."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from datapipe.backends.base import Completion, Request
from tests.datapipe.scripted import Server, endpoints, request
from tests.datapipe.virtual import story

ASKED = 3_000
TOKENS = 500


def slow(*values: int) -> Any:
    return pytest.param(*values, marks=pytest.mark.slow)


class Steady(Server):
    """Answers at its own speed, however much else it does."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name)
        self.seconds = seconds

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.id)
        length = Random(request.id).expovariate(1.0)
        await asyncio.sleep(self.seconds * length)
        return Completion("yes", "stop", self.name, completion_tokens=round(TOKENS * length))


class Batching(Server):
    """Decodes what it has together: each at full speed up to `width`, and all share what there is above."""

    def __init__(self, name: str, per_s: float, width: int) -> None:
        super().__init__(name)
        self.per_s, self.width = per_s, width

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.id)
        left = float(round(TOKENS * Random(request.id).expovariate(1.0)))
        tokens = round(left)
        self.now += 1
        try:
            while left > 0:
                await asyncio.sleep(0.5)
                left -= 0.5 * self.per_s / max(self.now, self.width)
        finally:
            self.now -= 1
        return Completion("yes", "stop", self.name, completion_tokens=tokens)


def rate(servers: list[Server], concurrency: int, ahead: int, asked: int = ASKED) -> float:
    """Requests a second, the tail left out: while the last are under way no server can be kept busy."""

    async def tell() -> float:
        pool = endpoints(*servers, concurrency=concurrency)
        loop = asyncio.get_running_loop()
        numbers, ended = iter(range(asked)), list[float]()

        async def worker() -> None:
            for number in numbers:
                await pool.complete(request(number, f"{number // 8}"))
                ended.append(loop.time())

        began = loop.time()
        await asyncio.gather(*(worker() for _ in range(ahead)))
        await pool.close()
        assert len(ended) == asked
        middle = ended[: asked - 2 * concurrency]
        return len(middle) / (middle[-1] - began)

    return story(tell())


@pytest.mark.parametrize(
    ("times", "ahead"), [(2, 64), (10, 256), *(slow(t, a) for t in (4, 20, 50) for a in (64, 256))]
)
def test_one_slow_server_of_four_costs_under_a_tenth(times: int, ahead: int) -> None:
    """Against four good ones: fewer requests are held by a server the longer each takes there."""
    asked = ASKED + 400 * times  # so long that what all were given at first is over
    good = rate([Steady(name, 10.0) for name in "abcd"], 64, ahead, asked)
    slow = rate([*(Steady(name, 10.0) for name in "abc"), Steady("d", 10.0 * times)], 64, ahead, asked)
    assert slow > 0.9 * good


@pytest.mark.slow
@pytest.mark.parametrize("times", [2, 4, 10])
def test_what_a_slow_server_can_do_is_used(times: int) -> None:
    """Where servers share their speed among what they have, all of it is wanted."""

    def four(last: float) -> list[Server]:
        return [*(Batching(name, 1_000.0, 8) for name in "abc"), Batching("d", last, 8)]

    best, slow = rate(four(1_000.0), 128, 256), rate(four(1_000.0 / times), 128, 256)
    assert slow > 0.9 * best * (3 + 1 / times) / 4


def test_a_server_that_becomes_slow_is_given_less_and_more_once_it_is_well() -> None:
    servers = [Steady(name, 10.0) for name in "abcd"]
    pool = endpoints(*servers, concurrency=64)
    seen: dict[str, list[int]] = {"well": [], "slow": [], "again": []}

    async def tell() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def worker(number: int) -> None:
            while loop.time() - began < 1_500:
                await pool.complete(request(number, f"{loop.time()} {number}"))

        async def watch() -> None:
            for phase, seconds in (("well", 10.0), ("slow", 200.0), ("again", 10.0)):
                servers[3].seconds = seconds
                await asyncio.sleep(300)
                for _ in range(20):
                    await asyncio.sleep(10)
                    seen[phase].append(pool.servers()[3].in_flight)

        await asyncio.gather(watch(), *(worker(number) for number in range(128)))

    story(tell())
    mean: Callable[[str], float] = lambda phase: sum(seen[phase]) / len(seen[phase])  # noqa: E731
    assert mean("well") > 11
    assert mean("slow") < 4
    assert mean("again") > 11


def test_no_server_is_idle_while_requests_wait() -> None:
    """Even where all questions are at home on one server."""
    servers = [Steady(name, 10.0) for name in "abcd"]
    pool = endpoints(*servers, concurrency=64)

    async def tell() -> list[int]:
        asking = [asyncio.ensure_future(pool.complete(request(i, "one"))) for i in range(1_000)]
        await asyncio.sleep(50)
        flying = [view.in_flight for view in pool.servers()]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return flying

    flying = story(tell())
    assert sum(flying) == 64
    assert min(flying) >= 8


def test_most_answers_of_a_question_are_given_by_one_server() -> None:
    servers = [Steady(name, 10.0) for name in "abcd"]
    pool = endpoints(*servers, concurrency=64)

    async def tell() -> float:
        asked = [request(i, f"q{i // 8}") for i in range(2_000)]
        got = await asyncio.gather(*(pool.complete(each) for each in asked))
        homes: dict[str, list[str]] = {}
        for each, said in zip(asked, got, strict=True):
            homes.setdefault(each.affinity, []).append(said.server)
        return sum(max(map(home.count, home)) for home in homes.values()) / len(asked)

    assert story(tell()) > 0.8
