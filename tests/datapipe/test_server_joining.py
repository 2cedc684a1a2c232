"""Servers join and leave a run while it goes on, as their file says."""

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from datapipe.backends.base import Completion, Outage, Request
from datapipe.endpoints import Endpoints
from datapipe.errors import ConfigError
from datapipe.models import backend_of
from datapipe.server_connect import connect
from datapipe.server_fleet import Fleet
from datapipe.server_list import ServersFile, parse_servers
from tests import support
from tests.datapipe.scripted import Server, ask, lasting, request, settings
from tests.stub_server import stub

A, B = "http://a/v1", "http://b/v1"


async def until(true: Callable[[], object]) -> None:
    while not true():  # noqa: ASYNC110  what a test waits for sets no event
        await asyncio.sleep(0.005)


def test_servers_join_and_leave_and_nothing_in_flight_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text(A)
    made: dict[str, Server] = {}

    def make(name: str) -> Server:
        made[name] = Server(name, lasting(0.1))
        return made[name]

    file = ServersFile(path, "generator")
    file.read()
    notes: list[str] = []
    pool = Endpoints({}, settings(servers_file=str(path), poll_s=0.01, concurrency=8), file=file, make=make)
    pool.note = notes.append

    async def tell() -> None:
        asking = asyncio.ensure_future(ask(pool, *(request(i) for i in range(100))))
        await until(lambda: A in made and made[A].now == 8)
        path.write_text(f"{A}\n{B}\n")
        await until(lambda: B in made and made[B].now)
        path.write_text("no such thing\n")
        await until(lambda: notes)
        assert notes == [
            f"{path}, line 1: a server is written http://host:port/v1; the servers stay as they are"
        ]
        path.write_text(f"{B}\n")
        await until(lambda: made[A].name.endswith("closed"))
        assert made[A].now == 0
        assert [view.name for view in pool.servers()] == [B]
        got = await asking
        assert all(isinstance(said, Completion) for said in got)
        assert {said.server for said in got if isinstance(said, Completion)} == {A, B}
        path.unlink()
        await until(lambda: len(notes) == 2)
        assert pool.healthy() == (B,)
        await pool.close()

    asyncio.run(asyncio.wait_for(tell(), 60))


def test_one_that_is_listed_again_before_it_has_left_stays(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text(A)
    file = ServersFile(path, "generator")
    file.read()
    ends = asyncio.Event()

    async def answer(_: Request) -> Completion:
        await ends.wait()
        return Completion("yes", "stop", A)

    server = Server(A, answer)
    found = settings(servers_file=str(path), poll_s=0.01)
    pool = Endpoints({}, found, file=file, make=lambda _: server)

    async def tell() -> None:
        asking = asyncio.ensure_future(ask(pool, request(0)))
        await until(lambda: server.now)
        path.write_text("")
        await until(lambda: not pool.healthy())
        path.write_text(A)
        await until(pool.healthy)
        ends.set()
        await asking
        [said] = await ask(pool, request(1))
        assert isinstance(said, Completion)
        assert server.name == A
        await pool.close()

    asyncio.run(asyncio.wait_for(tell(), 60))


def test_where_the_list_is_emptied_the_run_waits_as_for_servers_that_were_there(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text(A)
    file = ServersFile(path, "generator")
    file.read()
    found = settings(servers_file=str(path), poll_s=0.01, startup_s=0.0, outage_s=60.0)
    pool = Endpoints({}, found, file=file, make=Server)

    async def tell() -> None:
        await ask(pool, request(0))
        path.write_text("# all of them are being moved\n")
        await until(lambda: not pool.servers())
        asking = asyncio.ensure_future(ask(pool, request(1)))
        await until(lambda: pool.counts.waiting or asking.done())
        path.write_text(B)
        [said] = await asking
        assert isinstance(said, Completion)
        assert said.server == B
        await pool.close()

    asyncio.run(asyncio.wait_for(tell(), 60))


def test_one_that_left_without_an_answer_is_no_proof_that_any_was_there() -> None:
    fleet = Fleet(concurrency=8)
    first, second = (fleet.add(name, Server(name), 0.0) for name in "ab")
    fleet.remove(first)
    assert not fleet.answered
    second.answered = True
    fleet.remove(second)
    assert fleet.answered


def test_a_list_that_was_always_empty_is_waited_for_as_at_a_start(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text("")
    file = ServersFile(path, "generator")
    pool = Endpoints({}, settings(servers_file=str(path), startup_s=0.0), file=file, make=Server)

    async def tell() -> None:
        [error] = await ask(pool, request())
        assert isinstance(error, Outage)
        assert "no server is listed" in str(error)
        await pool.close()

    asyncio.run(asyncio.wait_for(tell(), 60))


def test_a_server_is_one_however_its_address_ends(tmp_path: Path) -> None:
    """Its pages lie beside /v1, and a file of servers spells it without the slash."""
    (tmp_path / "fleet").write_text(f"{A}/\n")
    model = {"backend": "openai", "servers": [f"{A}/"], "servers_file": str(tmp_path / "fleet")}
    pool = backend_of(support.settings(tmp_path, generate=model), "generate")
    assert isinstance(pool, Endpoints)
    assert [view.name for view in pool.servers()] == [A]
    assert pool.settings.servers == (A,)
    assert parse_servers(f"{A}/", "generator", "fleet") == (A,)
    twice = support.settings(tmp_path, generate={"backend": "openai", "servers": [A, f"{A}/"]})
    with pytest.raises(ConfigError, match="named twice: http://a/v1"):
        backend_of(twice, "generate")


def test_a_key_that_is_not_set_is_told_before_any_server_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    listed = {"servers_file": str(tmp_path / "to come"), "api_key_env": "NO_SUCH_KEY"}
    with pytest.raises(ConfigError, match=r"\$NO_SUCH_KEY, which should hold the key of the judge servers"):
        connect(settings(role="judge", **listed))
    monkeypatch.setenv("NO_SUCH_KEY", "sk-1")
    assert connect(settings(**listed)).servers() == ()


def test_a_file_that_is_no_list_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text("http://user:hunter2@a/v1")
    with pytest.raises(ConfigError, match=r"line 1: a URL may hold no key"):
        connect(settings(servers_file=str(path)))


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    pool = connect(settings(servers_file=str(path), poll_s=0.01))

    async def tell() -> None:
        async with stub() as server:
            asking = asyncio.ensure_future(ask(pool, request()))
            await asyncio.sleep(0.1)
            path.write_text(server.url)
            [said] = await asking
            assert isinstance(said, Completion)
            await pool.close()

    asyncio.run(asyncio.wait_for(tell(), 60))


def test_a_bound_above_the_limit_on_open_files_raises_that_or_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr("datapipe.server_connect._wanted", {})
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 4_096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    connect(settings(A, concurrency=2_000))
    assert raised == [(3_024, 4_096)]
    with pytest.raises(ConfigError, match="concurrency needs 6024 open files and the limit is 4096"):
        connect(settings(A, concurrency=5_000))


def test_files_are_wanted_for_the_connections_of_every_role(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr("datapipe.server_connect._wanted", {})
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 4_096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    connect(settings(A, concurrency=500))
    connect(settings(A, concurrency=700, role="judge"))
    assert raised == [(1_524, 4_096), (2_224, 4_096)]
