import asyncio
import logging
from typing import Any

import pytest

from datapipe.backends.base import Completion, Refused, Request, Transient
from datapipe.backends.fake import Fake, Faults
from datapipe.endpoints import Counts, Endpoints, EndpointSettings, Exhausted
from datapipe.errors import ConfigError
from datapipe.server_connect import connect
from tests.datapipe.scripted import Server, ask, endpoints, failing, lasting, request, run, settings
from tests.datapipe.virtual import story
from tests.stub_server import dead_url, half, reset, says, sends, stub


def test_no_more_are_in_flight_than_allowed_over_all_servers() -> None:
    servers = [Server("a"), Server("b"), Server("c")]
    seen: list[int] = []

    async def watch(_: Request) -> Completion:
        seen.append(sum(s.now for s in servers))
        await asyncio.sleep(0)
        return Completion("yes", "stop", "x")

    for server in servers:
        server.answer = watch
    both = endpoints(*servers, concurrency=5)
    assert len(run(both, *(request(i) for i in range(60)))) == 60
    assert max(seen) == 5


def test_one_question_goes_to_one_server_and_questions_are_spread() -> None:
    servers = [Server(name, lasting(1.0)) for name in "abc"]
    pool = endpoints(*servers, concurrency=300)

    async def one_by_one() -> dict[str, set[str]]:
        homes: dict[str, set[str]] = {}
        for i in range(300):
            got = await pool.complete(request(i, f"q{i % 60}"))
            homes.setdefault(f"q{i % 60}", set()).add(got.server)
        return homes

    homes = story(one_by_one())
    assert all(len(home) == 1 for home in homes.values())
    assert all(len(server.asked) >= 50 for server in servers)


def test_a_server_that_leaves_moves_only_its_own_questions() -> None:
    async def homes(*names: str) -> list[str]:
        pool = endpoints(*(Server(name, lasting(1.0)) for name in names))
        return [(await pool.complete(request(i))).server for i in range(60)]

    three, two = story(homes("a", "b", "c")), story(homes("a", "b"))
    assert [home for home in three if home != "c"] == [
        new for old, new in zip(three, two, strict=True) if old != "c"
    ]
    assert "c" in three


def test_a_server_hardly_above_its_share_hands_on() -> None:
    servers = [Server("a"), Server("b")]
    got = run(endpoints(*servers, concurrency=64), *(request(i, "one question") for i in range(32)))
    assert all(isinstance(c, Completion) for c in got)
    assert sorted(server.most for server in servers) in ([14, 18], [13, 19], [12, 20])


def test_the_queue_gives_a_free_server_what_is_at_home_there() -> None:
    servers = [Server("a", lasting(1.0)), Server("b", lasting(1.0))]
    pool = endpoints(*servers, concurrency=8)

    async def tell() -> tuple[int, dict[str, set[str]]]:
        asked = [request(i, f"q{i // 8}") for i in range(160)]
        homes: dict[str, set[str]] = {}
        for question, got in zip(asked, await ask(pool, *asked), strict=True):
            assert isinstance(got, Completion)
            homes.setdefault(question.affinity, set()).add(got.server)
        return servers[0].most + servers[1].most, homes

    most, homes = story(tell(), 21.0)
    assert most <= 10
    assert sum(len(home) == 1 for home in homes.values()) >= 10


def test_a_failed_try_goes_to_another_server() -> None:
    bad, good = Server("bad", failing(Transient("torn"))), Server("good")
    pool = endpoints(bad, good, strikes=100, attempts=2)
    got = run(pool, *(request(i) for i in range(40)))
    assert all(isinstance(c, Completion) and c.server == "good" for c in got)
    assert pool.counts.retried == len(bad.asked) > 5


def test_the_last_error_says_how_often_it_was_tried() -> None:
    server = Server("a", failing(Transient("torn")))
    pool = endpoints(server, attempts=3)
    [error] = run(pool, request())
    assert isinstance(error, Exhausted)
    assert error.attempts == len(server.asked) == 3
    assert str(error) == "gave up after 3 attempts: torn"
    assert pool.snapshot() == Counts(failed=1, retried=2)


def test_a_refused_request_is_not_tried_again() -> None:
    server = Server("a", failing(Refused("too long")))
    pool = endpoints(server)
    [error] = run(pool, request())
    assert isinstance(error, Refused)
    assert len(server.asked) == 1
    assert pool.counts == Counts(failed=1)
    assert pool.healthy() == ("a",)


def test_a_dead_server_is_set_aside_and_taken_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "datapipe.endpoints")
    bad, good = Server("bad", failing(Transient("reset"), times=5)), Server("good")
    pool = endpoints(bad, good, aside_s=15, concurrency=1)

    async def tell() -> None:
        await ask(pool, *(request(i) for i in range(30)))
        assert len(bad.asked) == 3
        assert pool.healthy() == ("good",)
        await asyncio.sleep(15 + 30 + 59)
        assert bad.asked[3:] == ["trial", "trial"]
        assert pool.healthy() == ("good",)
        await asyncio.sleep(2)
        assert pool.healthy() == ("bad", "good")
        await ask(pool, *(request(i) for i in range(30)))
        assert len(bad.asked) > 10

    story(tell(), 200)
    assert [r.message for r in caplog.records] == [
        "bad is set aside for 15 s: reset",
        "bad is set aside for 30 s: reset",
        "bad is set aside for 60 s: reset",
        "bad answers again",
    ]


def test_a_server_that_hangs_is_tried_with_one_token_and_no_request() -> None:
    hangs, good = Server("hangs", failing(Transient("reset"))), Server("good")
    pool = endpoints(hangs, good, aside_s=15)

    async def tell() -> None:
        await ask(pool, *(request(i) for i in range(10)))
        hangs.answer = lasting(1e9)
        await ask(pool, *(request(i) for i in range(10)))
        await asyncio.sleep(15 + 30 + 29)
        assert hangs.asked.count("trial") == 1
        [view] = [view for view in pool.servers() if view.name == "hangs"]
        assert (view.state, view.why) == ("aside", "one token took more than 30 s")
        assert view.back_in_s == pytest.approx(1.0)

    story(tell())


def test_requests_that_die_together_set_a_server_aside_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "datapipe.endpoints")
    bad = Server("bad", failing(Transient("reset")))
    pool = endpoints(bad, Server("good"), strikes=3, concurrency=100, aside_s=60)
    got = run(pool, *(request(i, "one question") for i in range(100)))
    assert all(isinstance(c, Completion) for c in got)
    assert [r.message for r in caplog.records] == ["bad is set aside for 60 s: reset"]


def test_a_server_that_says_when_is_left_alone_until_then() -> None:
    full, other = Server("full", failing(Transient("429", retry_after=60))), Server("other")
    pool = endpoints(full, other, concurrency=1)
    got = run(pool, *(request(i) for i in range(30)))
    assert all(isinstance(c, Completion) for c in got)
    assert len(full.asked) == 1
    assert pool.healthy() == ("other",)


def test_where_every_server_is_full_the_queue_waits_instead_of_spending_its_tries() -> None:
    server = Server("a", failing(Transient("429", retry_after=0.02), times=1))
    pool = endpoints(server, attempts=2, concurrency=1)
    got = run(pool, *(request(i) for i in range(10)))
    assert all(isinstance(c, Completion) for c in got)
    assert len(server.asked) == 11


def test_counts_add_up_while_faults_happen() -> None:
    faults = Faults(reset=0.1, server_error=0.1, too_many=0.05, torn=0.05, refused=0.02, retry_after_s=0.001)
    fakes = {name: Fake(lambda r: "abcd", faults=faults, server=name) for name in ("a", "b", "c")}
    pool = Endpoints(fakes, settings("a", "b", "c", attempts=8, aside_s=0.001))
    got = run(pool, *(request(i) for i in range(500)))
    done = [c for c in got if isinstance(c, Completion)]
    assert 470 < len(done) < 500
    counts = pool.snapshot()
    assert (counts.done, counts.failed) == (len(done), 500 - len(done))
    assert (counts.waiting, counts.in_flight) == (0, 0)
    assert counts.tokens_out == 2 * len(done)
    assert counts.retried > 50


def test_cancelling_gives_every_place_back() -> None:
    started = asyncio.Event()

    async def forever(_: Request) -> Completion:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    server = Server("a", forever)
    pool = endpoints(server, concurrency=2)

    async def story() -> None:
        tasks = [asyncio.create_task(pool.complete(request(i))) for i in range(5)]
        await started.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert pool.counts == Counts()
        server.answer = None
        assert len(await ask(pool, *(request(i) for i in range(5)))) == 5
        assert pool.counts.done == 5

    asyncio.run(asyncio.wait_for(story(), 60))


def test_time_in_the_queue_is_no_part_of_a_latency() -> None:
    async def story() -> list[float]:
        async with stub() as server:
            pool = connect(settings(server.url, concurrency=1))
            loop = asyncio.get_running_loop()
            began = loop.time()
            got = await ask(pool, *(request(i) for i in range(20)))
            await pool.close()
            return [*(c.latency_s for c in got if isinstance(c, Completion)), loop.time() - began]

    *latencies, whole = asyncio.run(asyncio.wait_for(story(), 60))
    assert len(latencies) == 20
    assert sum(latencies) <= whole


def test_a_server_that_misbehaves_in_every_way_is_asked_until_it_answers() -> None:
    async def story() -> tuple[list[Completion | BaseException], int]:
        script = [reset, half("reset"), says({}, 500), says({}, 429, Retry_After="0"), sends(b"<html>")]
        async with stub(*script, says({"choices": []})) as server:
            pool = connect(settings(server.url, dead_url(), attempts=20, strikes=10))
            got = await ask(pool, request())
            await pool.close()
            return got, len(server.bodies)

    [got], asked = asyncio.run(asyncio.wait_for(story(), 60))
    assert isinstance(got, Completion)
    assert got.content == "yes"
    assert asked == 7


def test_closing_closes_every_server() -> None:
    servers = [Server("a"), Server("b")]
    asyncio.run(endpoints(*servers).close())
    assert [s.name for s in servers] == ["a closed", "b closed"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"servers": ()}, "no model server"),
        ({"servers": ("http://a/v1", "http://a/v1")}, "http://a/v1"),
        ({"concurrency": 0}, "concurrency"),
        ({"attempts": 0}, "attempts"),
        ({"tokens_per_second": 0.0}, "tokens_per_second"),
        ({"base_timeout_s": float("nan")}, "base_timeout_s"),
        ({"backoff_s": -1.0}, "backoff_s"),
    ],
)
def test_settings_that_make_no_sense_are_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        EndpointSettings(**{"servers": ("http://a/v1",), **changed})
