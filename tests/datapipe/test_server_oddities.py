"""Servers that say when maintenance ends, lose metrics, stop at a request, or cannot do what others can."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from datapipe.backends.base import TRIAL, Completion, Outage, Refused, Request, Transient, Unable
from datapipe.endpoints import Exhausted
from datapipe.server_metrics import Load
from datapipe.server_poll import Look
from datapipe.server_settings import TAKEN_BACK
from datapipe.server_state import Besides
from tests.datapipe.scripted import Answer, Server, ask, endpoints, failing, lasting, request, run, view
from tests.datapipe.test_server_health import Looks, watched
from tests.datapipe.virtual import story


def unavailable(until: Callable[[], bool], status: int = 503, retry_after: float = 1.0) -> Answer:
    """Says when to come back, as long as a condition holds."""

    async def answer(_: Request) -> Completion:
        if until():
            error = Transient(f"answered {status}", retry_after)
            error.status = status
            raise error
        return Completion("yes", "stop", "x", completion_tokens=2)

    return answer


def test_maintenance_that_says_when_it_ends_takes_no_tries_however_often_it_is_put_off() -> None:
    down = False
    server = Server("a", unavailable(lambda: down))
    pool = endpoints(server, attempts=4, strikes=3, aside_s=15, outage_s=50_000, concurrency=1)

    async def tell() -> None:
        nonlocal down
        await ask(pool, request(0))
        down = True
        asking = asyncio.ensure_future(ask(pool, request(1)))
        await asyncio.sleep(7_200)
        assert view(pool, "a").state == "aside"
        assert server.asked.count("r1") == 3
        assert server.asked.count(TRIAL) > 10
        down = False
        assert isinstance((await asking)[0], Completion)
        await pool.close()

    story(tell(), 8_000)


def test_a_server_that_is_full_is_not_set_aside() -> None:
    turned = iter(range(100))
    server = Server("a", unavailable(lambda: next(turned) < 5, status=429))
    pool = endpoints(server, attempts=10, strikes=2, concurrency=1)

    async def tell() -> None:
        assert isinstance((await ask(pool, request()))[0], Completion)
        assert view(pool, "a").asides == 0
        await pool.close()

    story(tell(), 60)


def test_one_that_says_to_come_back_at_once_is_left_alone_for_a_moment() -> None:
    def full() -> bool:
        return asyncio.get_running_loop().time() < began + 3.0

    server = Server("a", unavailable(full, status=429, retry_after=0.0))
    pool = endpoints(server, attempts=10, backoff_s=0.5)

    async def tell() -> None:
        nonlocal began
        began = asyncio.get_running_loop().time()
        assert isinstance((await ask(pool, request()))[0], Completion)
        await pool.close()

    began = 0.0
    story(tell(), 10)


def test_a_server_whose_metrics_vanish_is_not_taken_for_one_that_stalls() -> None:
    looks = 0

    def once() -> Look:
        nonlocal looks
        looks += 1
        return Look("well", load=Load(4, 0, 0.5, tokens=1_234.0) if looks < 5 else None)

    pool = watched(Looks(a=once), Server("a", lasting(5_000.0)), stall_s=300.0)

    async def tell() -> None:
        assert isinstance((await ask(pool, request()))[0], Completion)
        assert view(pool, "a").asides == 0
        await pool.close()

    story(tell())


def test_a_server_that_stalls_and_says_nothing_any_more_is_found_out() -> None:
    """An engine that hangs may take its pages with it."""
    looks = 0

    def once() -> Look:
        nonlocal looks
        looks += 1
        return Look("well", load=Load(4, 0, 0.5, tokens=1_234.0)) if looks < 5 else Look("silent")

    good = Server("good", lasting(5.0))
    pool = watched(Looks(a=once), Server("a", lasting(1e9)), good, stall_s=300.0, attempts=1)

    async def tell() -> None:
        got = await ask(pool, *(request(i) for i in range(40)))
        assert {said.server for said in got if isinstance(said, Completion)} == {"good"}
        assert len(got) == 40
        assert "no token in 300 s" in view(pool, "a").why
        await pool.close()

    story(tell(), 1_000)


def test_a_request_that_stops_one_server_after_another_ends() -> None:
    """Taken back is no try of it, until it was taken back so often that it may be what stops them."""
    stuck = dict.fromkeys("ab", 0)

    def poisoned(name: str) -> Answer:
        async def answer(asked: Request) -> Completion:
            if asked.id == "r0":
                stuck[name] += 1
                try:
                    await asyncio.Event().wait()
                finally:
                    stuck[name] -= 1
            while stuck[name]:  # noqa: ASYNC110  a server, which is told nothing
                await asyncio.sleep(1.0)
            return Completion("yes", "stop", name, completion_tokens=2)

        return answer

    def look(name: str) -> Callable[[], Look]:
        def looked() -> Look:
            tokens = 7.0 if stuck[name] else asyncio.get_running_loop().time()
            return Look("well", load=Load(1, 0, 0.1, tokens=tokens))

        return looked

    servers = [Server(name, poisoned(name)) for name in "ab"]
    looks = Looks(**{name: look(name) for name in "ab"})
    pool = watched(looks, *servers, stall_s=60.0, attempts=2)

    async def tell() -> None:
        poison, *others = await ask(pool, *(request(i) for i in range(20)))
        assert all(isinstance(said, Completion) for said in others)
        assert isinstance(poison, Exhausted)
        assert poison.attempts == 2 * TAKEN_BACK
        assert "taken back from" in str(poison)
        assert sum(server.asked.count("r0") for server in servers) == 2 * TAKEN_BACK
        await pool.close()

    story(tell(), 100_000)


def test_what_one_server_is_unable_to_do_is_done_by_another() -> None:
    unable, able = Server("unable", failing(Unable("no /tokenize"))), Server("able")
    pool = endpoints(unable, able, attempts=1)
    got = run(pool, *(request(i) for i in range(40)))
    assert all(isinstance(said, Completion) and said.server == "able" for said in got)
    assert len(unable.asked) > 5
    assert view(pool, "unable").asides == 0


def test_what_no_server_is_able_to_do_is_asked_of_each_once_and_says_why() -> None:
    servers = [Server(name, failing(Unable(f"{name} cannot"))) for name in "abc"]
    pool = endpoints(*servers, attempts=10)
    [error] = run(pool, request())
    assert isinstance(error, Unable)
    assert sorted(server.asked for server in servers) == [["r0"]] * 3
    assert (pool.counts.failed, pool.counts.in_flight) == (1, 0)


def test_what_every_server_would_refuse_is_asked_of_one() -> None:
    servers = [Server(name, failing(Refused("too long"))) for name in "abc"]
    [error] = run(endpoints(*servers), request())
    assert isinstance(error, Refused)
    assert sum(len(server.asked) for server in servers) == 1


def three(tokens: int | None) -> Answer:
    """Three choices of so many tokens each."""

    async def answer(_: Request) -> Completion:
        one = Completion("yes", "stop", "a", completion_tokens=tokens)
        return replace(one, also=(replace(one, place=1), replace(one, place=2)))

    return answer


@pytest.mark.parametrize(("tokens", "counted"), [(10, 30), (None, 0)])
def test_the_tokens_of_all_choices_count_for_their_server(tokens: int | None, counted: int) -> None:
    pool = endpoints(Server("a", three(tokens)))
    run(pool, *(replace(request(i), also=(f"r{i}b", f"r{i}c")) for i in range(4)))
    assert (pool.counts.done, pool.counts.tokens_out) == (4, 4 * counted)
    assert (view(pool, "a").done, view(pool, "a").tokens) == (4, 4 * counted)


def test_a_share_of_faults_is_a_share_of_choices() -> None:
    """One bad choice of three is what one bad answer of three is."""
    pool = endpoints(Server("a", three(10)))
    run(pool, *(replace(request(i), also=(f"r{i}b", f"r{i}c")) for i in range(4)))
    assert pool._fleet.servers["a"].faults.answers == 12


def test_what_trials_cost_is_counted_apart() -> None:
    down = True
    server = Server("a", unavailable(lambda: down))
    pool = endpoints(server, strikes=1, attempts=9, aside_s=1)

    async def tell() -> None:
        nonlocal down
        asking = asyncio.ensure_future(ask(pool, request()))
        await asyncio.sleep(100)
        assert pool.snapshot().besides == Besides()
        down = False
        await asking
        await pool.close()

    story(tell(), 300)
    assert pool.snapshot().besides == Besides(requests=1, prompt=0, generated=2)
    assert (pool.counts.done, pool.counts.tokens_out) == (1, 2)


def test_an_outage_is_told_with_what_maintenance_said() -> None:
    pool = endpoints(Server("a", unavailable(lambda: True)), startup_s=60, attempts=100)

    async def tell() -> None:
        [error] = await ask(pool, request())
        assert isinstance(error, Outage)
        assert "answered 503" in str(error)
        await pool.close()

    story(tell(), 200)
