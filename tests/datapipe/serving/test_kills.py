"""SIGKILL of any processes of `datapipe serve`, and stops while a server starts: what stays."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from datapipe.serving import leftovers
from datapipe.serving.fleet import make_plan
from datapipe.serving.logs import Log
from datapipe.serving.server import Server
from tests.datapipe.serving.fleets import (
    guards,
    kill_at_once,
    processes,
    put_fleet,
    put_recipe,
    put_vllm,
    serving,
    wait_for,
)
from tests.leaving import ended
from tests.ports import kept_port

pytestmark = pytest.mark.slow
TABLE = 'recipe = "fake.toml"'


@pytest.fixture(autouse=True)
def _vllm(tmp_path, monkeypatch):
    put_vllm(tmp_path, monkeypatch)


def gone(folder) -> bool:
    return not processes(folder)


@pytest.mark.parametrize("beside", ["nobody", "first guard", "second guard"])
def test_a_killed_supervisor_leaves_nothing(tmp_path, beside):
    put_recipe(tmp_path, fake=("child", "deaf") if beside == "nobody" else ("child",))
    with serving(put_fleet(tmp_path, f"{TABLE}\ncount = 2")) as served:
        served.until_ready(2)
        victims = [served.process.pid]
        if beside != "nobody":
            victims += [guards(each)[beside == "second guard"].pid for each in served.state().workers]
        kill_at_once(*victims)
        wait_for(lambda: gone(tmp_path))
        assert served.urls() == []
        assert leftovers.scratch(served.folder) == []


def test_a_supervisor_killed_while_servers_start_leaves_nothing(tmp_path):
    put_recipe(tmp_path, fake=("child",))
    with serving(put_fleet(tmp_path, TABLE)) as served:
        served.until(lambda s: processes(tmp_path))
        served.end(signal.SIGKILL)
        wait_for(lambda: gone(tmp_path))


@pytest.fixture
def port():
    with kept_port() as found:
        yield found


def test_what_is_left_where_all_guards_were_killed_too_is_told_and_ended_by_the_next(tmp_path, port):
    put_recipe(tmp_path, fake=("child", "deaf"))
    fleet = put_fleet(tmp_path, f"{TABLE}\nport = {port}")
    command = [sys.executable, "-m", "datapipe", "serve", str(fleet), "--status"]
    try:
        with serving(fleet, leaves=True) as served:
            served.until_ready(1)
            server = served.worker().pid
            kill_at_once(served.process.pid, *(each.pid for each in guards(served.worker())))
            served.process.wait()
        left = {each.pid for each in processes(tmp_path)}
        assert len(left) == 2
        assert server in left
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "fake-0\tstopped" in told
        assert f"killed: process {', '.join(map(str, sorted(left)))}. " in told
        told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout
        assert json.loads(told)["left"] == {str(pid): "fake-0" for pid in left}
        assert json.loads(told)["supervised"] is False
        put_recipe(tmp_path)
        with serving(fleet) as served:
            served.until_ready(1)  # on the port that the one left over held
            assert not left & {each.pid for each in processes(tmp_path)}
            assert "ending what is left of a fleet that was killed" in served.log.read_text()
            assert len(leftovers.scratch(served.folder)) == 1
            assert served.end() == 0
        assert leftovers.scratch(served.folder) == []
    finally:
        for each in processes(tmp_path):
            each.kill()


@pytest.mark.parametrize("who", ["server", "first guard", "second guard"])
def test_a_killed_server_is_taken_off_and_restarted_where_it_was(tmp_path, who):
    put_recipe(tmp_path, fake=("child", "held"))
    with serving(put_fleet(tmp_path, f"{TABLE}\ncount = 2")) as served:
        served.until_ready(2)
        before, first = served.worker(), served.worker(1)
        assert before.pid
        child = psutil.Process(before.pid).children()[0]
        victim = before.pid if who == "server" else guards(before)[who == "second guard"].pid
        hold = tmp_path / "HOLD"  # or it might be back before anybody looked
        hold.touch()
        os.kill(victim, signal.SIGKILL)
        served.until(lambda s: s.urls() == [first.url])
        hold.unlink()
        served.until(lambda s: s.worker().restarts == 1 and s.worker().state == "ready")
        after = served.worker()
        assert ended(child)
        assert after.url == before.url
        assert set(served.urls()) == {before.url, first.url}
        assert after.pid != before.pid
        assert served.worker(1).pid == first.pid
        assert "signal 9" in after.said or "status 137" in after.said
        assert len(processes(tmp_path)) == 8
        assert served.end() == 0
    assert gone(tmp_path)


@pytest.mark.parametrize(
    ("number", "when"),
    [(signal.SIGINT, "at once"), (signal.SIGTERM, "at once"), (signal.SIGTERM, "in the warm-up")],
)
def test_a_stop_while_servers_start_leaves_nothing(tmp_path, number, when):
    put_recipe(tmp_path, fake=("mute", "child"))
    with serving(put_fleet(tmp_path, f"{TABLE}\ncount = 2")) as served:
        wait_for(lambda: leftovers.scratch(served.folder))
        if when == "in the warm-up":
            served.until(lambda s: len(processes(tmp_path)) == 8)
        assert served.end(number) == 0
        assert gone(tmp_path)
        assert leftovers.scratch(served.folder) == []


@pytest.fixture
def started(tmp_path, port):
    """Starts a server in this process."""
    put_recipe(tmp_path, fake=("child", "deaf"))
    plan = make_plan(put_fleet(tmp_path, TABLE))
    plan.folder.mkdir()
    log = Log(plan.folder / "log", 1 << 20)
    return plan.folder, lambda: Server.start(plan.workers[0], port, log, plan.folder)


def test_a_start_that_is_cancelled_leaves_no_folder_and_no_process(started, tmp_path, monkeypatch):
    folder, start = started
    real, begun = asyncio.create_subprocess_exec, asyncio.Event()

    async def slow(*words, **more):
        begun.set()
        await asyncio.sleep(0.1)
        return await real(*words, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)

    async def run() -> None:
        task = asyncio.create_task(start())
        await begun.wait()
        assert len(leftovers.scratch(folder)) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert leftovers.scratch(folder) == []
    assert gone(tmp_path)


def test_a_stop_that_is_cancelled_is_a_stop(started, tmp_path):
    folder, start = started

    async def run() -> None:
        server = await start()
        wait_for(lambda: len(processes(tmp_path)) == 4)  # its child comes after it is deaf
        task = asyncio.create_task(server.stop())
        for _ in range(2):
            await asyncio.sleep(0.2)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert gone(tmp_path)
    assert leftovers.scratch(folder) == []


def test_a_start_that_the_system_refuses_leaves_no_folder(started, monkeypatch):
    folder, start = started
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Exception, match="it could not be started"):
        asyncio.run(start())
    assert leftovers.scratch(folder) == []
