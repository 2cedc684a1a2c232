"""Servers are judged by what comes of their requests, by looks from outside, and by their progress."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest

from datapipe.backends.base import Completion, Request, Transient, Unfit, Unreachable
from datapipe.display import Display
from datapipe.endpoints import Endpoints
from datapipe.progress import Progress
from datapipe.server_metrics import Load
from datapipe.server_poll import Look
from datapipe.server_state import summary
from tests.datapipe.scripted import Answer, Server, ask, endpoints, failing, lasting, request, settings, view
from tests.datapipe.virtual import story


class Looks:
    """A looker that sees what a test tells it, server by server."""

    def __init__(self, **seen: Callable[[], Look] | Look) -> None:
        self.seen = seen
        self.closed = False

    async def look(self, server: str) -> Look:
        await asyncio.sleep(0.01)
        seen = self.seen.get(server, Look("well"))
        return seen if isinstance(seen, Look) else seen()

    async def close(self) -> None:
        self.closed = True


def watched(looks: Looks, *servers: Server, **changed: Any) -> Endpoints:
    found = settings(*(s.name for s in servers), **{"aside_s": 15.0, "poll_s": 2.0, **changed})
    return Endpoints({s.name: s for s in servers}, found, looker=looks)


def hanging(until: Callable[[], bool]) -> Answer:
    """Says nothing as long as a condition holds; then answers what is asked anew."""

    async def answer(_: Request) -> Completion:
        if until():
            await asyncio.Event().wait()
        return Completion("yes", "stop", "x", completion_tokens=2)

    return answer


def test_requests_of_a_server_that_stalls_go_to_another_and_are_no_tries() -> None:
    """It says that it is well, and makes no token: vllm#35541."""
    stuck, good = Server("stuck", hanging(lambda: True)), Server("good", lasting(5.0))
    stalled = Look("well", load=Load(running=4, waiting=0, kv=0.5, tokens=1_234.0))
    pool = watched(Looks(stuck=stalled), stuck, good, stall_s=300.0, attempts=1)

    async def tell() -> list[Completion | BaseException]:
        got = await ask(pool, *(request(i) for i in range(40)))
        found = view(pool, "stuck")
        assert (found.state, found.in_flight, found.done) == ("aside", 0, 0)
        assert found.withdrawn == pool.counts.withdrawn == pool.counts.retried > 0
        assert "no token in 300 s" in found.why
        await pool.close()
        return got

    got = story(tell(), 400)
    assert all(isinstance(said, Completion) and said.server == "good" for said in got)


def test_a_server_that_is_merely_busy_is_left_alone() -> None:
    """Reading long prompts, it says nothing for long, and its counter of tokens read goes up now and then."""
    loop_time = [0.0]

    def busy() -> Look:
        loop_time[0] = asyncio.get_running_loop().time()
        return Look("silent", load=Load(64, 500, 0.99, tokens=loop_time[0] // 250))

    slow = Server("slow", lasting(3_000.0))
    pool = watched(Looks(slow=busy), slow, stall_s=300.0)

    async def tell() -> list[Completion | BaseException]:
        got = await ask(pool, *(request(i) for i in range(10)))
        assert view(pool, "slow").asides == 0
        await pool.close()
        return got

    got = story(tell(), 100_000)
    assert all(isinstance(said, Completion) for said in got)


def test_a_server_without_requests_is_never_stalled() -> None:
    idle = Look("well", load=Load(0, 0, 0.0, tokens=7.0))
    pool = watched(Looks(a=idle), Server("a"), stall_s=300.0)

    async def tell() -> None:
        await ask(pool, request())
        await asyncio.sleep(10_000)
        assert view(pool, "a").asides == 0
        await ask(pool, request())
        await pool.close()

    story(tell())


def test_where_no_metrics_tell_a_long_answer_is_waited_for() -> None:
    pool = watched(Looks(a=Look("silent")), Server("a", lasting(5_000.0)), stall_s=300.0)

    async def tell() -> None:
        [said] = await ask(pool, request())
        assert isinstance(said, Completion)
        await pool.close()

    story(tell())


@pytest.mark.parametrize("health", ["gone", "sick"])
def test_what_was_asked_of_a_server_that_is_gone_goes_to_another(health: Any) -> None:
    """Its machine died: no connection was reset, and no answer will come."""
    down = False
    away, good = Server("away", hanging(lambda: down)), Server("good", lasting(5.0))
    looks = Looks(away=lambda: Look(health, "is not there") if down else Look("well"))
    pool = watched(looks, away, good, attempts=1)

    async def tell() -> None:
        nonlocal down
        down = True
        asking = asyncio.ensure_future(ask(pool, *(request(i) for i in range(40))))
        got = await asyncio.wait_for(asking, 30)
        assert {said.server for said in got if isinstance(said, Completion)} == {"good"}
        assert view(pool, "away").why in ("is not there", "one token took more than 30 s")
        await asyncio.sleep(500)
        assert view(pool, "away").state == "aside"
        down = False
        await asyncio.sleep(40)
        assert view(pool, "away").state == "ready"
        await ask(pool, *(request(i) for i in range(40)))
        assert view(pool, "away").done > 5
        await pool.close()

    story(tell())


def test_one_bad_look_is_not_believed() -> None:
    looks = [Look("gone", "once"), Look("well")]
    pool = watched(Looks(a=lambda: looks.pop() if looks else Look("well")), Server("a", lasting(60.0)))

    async def tell() -> None:
        await ask(pool, request())
        assert view(pool, "a").asides == 0
        await pool.close()

    story(tell())


def test_a_proxy_that_calls_every_server_sick_is_found_out() -> None:
    pool = watched(Looks(a=Look("sick", "503")), Server("a", lasting(20.0)), attempts=1)

    async def tell() -> None:
        got = await ask(pool, *(request(i) for i in range(4)))
        assert all(isinstance(said, Completion) for said in got)
        assert view(pool, "a").asides == 1
        await asyncio.sleep(1_000)
        assert view(pool, "a").state == "ready"
        await pool.close()

    story(tell())


def test_a_late_server_joins() -> None:
    up = False
    late, early = Server("late"), Server("early", lasting(1.0))
    looks = Looks(late=lambda: Look("well") if up else Look("gone", "refused"))

    async def answer(_: Request) -> Completion:
        if not up:
            raise Unreachable("late cannot be reached")
        return Completion("yes", "stop", "late", completion_tokens=2)

    late.answer = answer
    pool = watched(looks, late, early, attempts=1)

    async def tell() -> None:
        nonlocal up
        assert all(isinstance(c, Completion) for c in await ask(pool, *(request(i) for i in range(40))))
        await asyncio.sleep(600)
        assert view(pool, "late").state == "aside"
        up = True
        await asyncio.sleep(3)
        assert view(pool, "late").state == "ready"
        await ask(pool, *(request(i) for i in range(40)))
        assert view(pool, "late").done > 5
        await pool.close()

    story(tell())


def test_a_wrong_key_sets_a_server_aside_at_once_with_the_reason() -> None:
    keyed, good = Server("keyed", failing(Unfit("keyed answered 401 to the key in $K"))), Server("good")
    notes: list[str] = []
    pool = endpoints(keyed, good, attempts=2, aside_s=15)
    pool.note = notes.append

    async def tell() -> None:
        got = await ask(pool, *(request(i) for i in range(40)))
        assert {said.server for said in got if isinstance(said, Completion)} == {"good"}
        assert len(got) == 40
        await pool.close()

    story(tell())
    assert notes == ["keyed is set aside for 15 s: keyed answered 401 to the key in $K"]


def test_a_request_that_kills_its_server_is_given_up_and_costs_no_other() -> None:
    async def fragile(asked: Request) -> Completion:
        await asyncio.sleep(1)
        if asked.id == "r0":
            raise Transient("reset")
        return Completion("yes", "stop", "x", completion_tokens=2)

    pool = endpoints(Server("a", fragile), attempts=6, aside_s=15, backoff_s=0.5, backoff_max_s=30)

    async def tell() -> None:
        got = await ask(pool, *(request(i) for i in range(20)))
        assert [isinstance(said, Completion) for said in got] == [False] + [True] * 19
        assert str(got[0]) == "gave up after 6 attempts: reset"
        await pool.close()

    story(tell(), 600)


def test_a_full_server_is_given_fewer_and_left_alone_as_long_as_it_says() -> None:
    now = 0

    async def narrow(_: Request) -> Completion:
        nonlocal now
        if now >= 10:
            raise Transient("429", retry_after=5.0)
        now += 1
        try:
            await asyncio.sleep(10)
        finally:
            now -= 1
        return Completion("yes", "stop", "x", completion_tokens=100)

    pool = endpoints(Server("a", narrow), attempts=10, concurrency=64)

    async def tell() -> None:
        got = await ask(pool, *(request(i) for i in range(500)))
        assert all(isinstance(said, Completion) for said in got)
        assert view(pool, "a").asides == 0
        assert pool.counts.retried < 250
        await pool.close()

    story(tell(), 800)


def test_a_line_of_progress_tells_how_servers_stand() -> None:
    away, good = Server("away", failing(Transient("reset \x1b[31m"))), Server("good", lasting(100.0))
    pool = endpoints(away, good, aside_s=15)

    async def tell() -> None:
        assert summary("generator", pool.servers()) == "2 of 2 generator servers, 0 in flight"
        asking = asyncio.ensure_future(ask(pool, *(request(i) for i in range(10))))
        await asyncio.sleep(10)
        assert (
            summary("generator", pool.servers()) == "1 of 2 generator servers, 10 in flight: reset \x1b[31m"
        )
        progress = Progress()
        progress.watched.append(lambda: summary("generator", pool.servers()))
        assert "10 in flight: reset \\x1b[31m" in Display(progress, io.StringIO(), lambda: None).line()
        await asking
        await pool.close()

    story(tell())
    assert summary("generator", endpoints(Server("a")).servers()) == ""


def test_closing_ends_every_task() -> None:
    looks = Looks(a=Look("gone", "away"))
    pool = watched(looks, Server("a"), Server("b"))

    async def tell() -> None:
        await ask(pool, request())
        await asyncio.sleep(10)
        await pool.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert looks.closed

    story(tell())
