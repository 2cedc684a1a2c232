"""While every server is down requests wait, a person is told, and there is an end to it."""

import asyncio
import logging

import pytest

from datapipe.backends.base import Completion, Outage, Request, Unfit, Unreachable
from tests.datapipe.scripted import Server, ask, endpoints, failing, request
from tests.datapipe.virtual import story


class Switch(Server):
    """There while it is on; what is asked of it when it goes off ends at once."""

    def __init__(self, name: str, on: bool = True) -> None:
        super().__init__(name)
        self.on = on

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request.id)
        if self.on:
            await asyncio.sleep(1.0)
        if not self.on:
            raise Unreachable(f"{self.name} cannot be reached")
        return Completion("yes", "stop", self.name, completion_tokens=10)


def test_a_run_waits_for_its_servers_says_so_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "datapipe.endpoints")
    servers = [Switch("a"), Switch("b")]
    pool = endpoints(*servers, concurrency=16, attempts=1, aside_s=15, outage_s=50_000)

    async def tell() -> None:
        asking = asyncio.ensure_future(ask(pool, *(request(i) for i in range(200))))
        await asyncio.sleep(3.5)
        for server in servers:
            server.on = False
        await asyncio.sleep(2_000)
        assert not asking.done()
        assert (pool.counts.in_flight, pool.healthy()) == (0, ())
        servers[1].on = True
        got = await asking
        assert all(isinstance(said, Completion) for said in got)
        assert pool.counts.failed == 0
        await pool.close()

    story(tell(), 2_100)
    said = [record.message for record in caplog.records if "requests wait" in record.message]
    assert said[0].startswith(
        "no generator server answers; 152 requests wait, for 10 s so far and at most 50000"
    )
    assert 30 < len(said) < 36
    assert any("servers answer again, after 20" in record.message for record in caplog.records)


def test_the_wait_has_an_end_and_all_are_told_at_once() -> None:
    server = Switch("a")
    pool = endpoints(server, attempts=1, aside_s=15, outage_s=3_600, startup_s=5)

    async def tell() -> None:
        await ask(pool, request())
        server.on = False
        loop = asyncio.get_running_loop()
        began = loop.time()
        got = await ask(pool, *(request(i) for i in range(100)))
        assert all(isinstance(error, Outage) for error in got)
        assert str(got[0]).startswith("no server answered as generator in 36")
        assert "a cannot be reached" in str(got[0])
        assert 3_600 <= loop.time() - began < 3_700
        [late] = await ask(pool, request())
        assert isinstance(late, Outage)
        assert loop.time() - began < 3_700
        server.on = True
        await asyncio.sleep(60)
        [back] = await ask(pool, request())
        assert isinstance(back, Completion)
        await pool.close()

    story(tell())


def test_servers_that_never_answered_are_waited_for_less() -> None:
    pool = endpoints(Switch("a", on=False), startup_s=60, outage_s=1e9)

    async def tell() -> None:
        [error] = await ask(pool, request())
        assert isinstance(error, Outage)
        await pool.close()

    story(tell(), 90)


def test_one_that_is_late_at_the_start_is_waited_for() -> None:
    server = Switch("a", on=False)
    pool = endpoints(server, startup_s=600, attempts=1)

    async def tell() -> None:
        asking = asyncio.ensure_future(ask(pool, *(request(i) for i in range(10))))
        await asyncio.sleep(500)
        server.on = True
        assert all(isinstance(said, Completion) for said in await asking)
        await pool.close()

    story(tell(), 600)


def test_a_key_that_no_server_takes_ends_the_run_at_once() -> None:
    servers = [Server(name, failing(Unfit(f"{name} answered 401"))) for name in "ab"]
    pool = endpoints(*servers, startup_s=600)

    async def tell() -> None:
        got = await ask(pool, *(request(i) for i in range(10)))
        assert all(isinstance(error, Outage) and "answered 401" in str(error) for error in got)
        await pool.close()

    story(tell(), 5)


def test_who_is_about_to_end_waits_for_nobody() -> None:
    server = Switch("a")
    pool = endpoints(server, aside_s=15)
    ended = False
    pool.ended = lambda: ended

    async def tell() -> None:
        nonlocal ended
        await ask(pool, request())
        server.on = False
        asking = asyncio.ensure_future(ask(pool, request()))
        await asyncio.sleep(1_000)
        ended = True
        [error] = await asyncio.wait_for(asking, 2)
        assert isinstance(error, Outage)
        await pool.close()

    story(tell())
