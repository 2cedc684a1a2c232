"""One living process owns a run; a dead one does not."""

import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datapipe.errors import LeaseHeld
from datapipe.lease import EXPIRE_S, Lease, describe, held, owner, read_lease

HOLD = """
import sys, time
from pathlib import Path
from datapipe.lease import Lease
Lease(Path(sys.argv[1]), {"flow": "f"})
print("held", flush=True)
time.sleep(60)
"""


def test_a_living_owner_is_named_and_a_killed_one_is_no_owner(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert held(tmp_path)
        with pytest.raises(LeaseHeld, match=f"owned by process {other.pid} on .*; wait for it or end it"):
            Lease(tmp_path)
    finally:
        other.kill()
        other.communicate()
    assert not held(tmp_path)
    lease = Lease(tmp_path)
    assert lease.before["pid"] == other.pid
    assert lease.before["flow"] == "f"
    assert "released" not in lease.before
    assert lease.token == 2
    lease.release()


def test_the_token_rises_with_every_owner(tmp_path: Path) -> None:
    tokens = []
    for _ in range(3):
        lease = Lease(tmp_path)
        tokens.append(lease.token)
        lease.release()
    assert tokens == [1, 2, 3]


def test_an_owner_is_host_boot_pid_start_time_and_heartbeat(tmp_path: Path) -> None:
    lease = Lease(tmp_path, {"flow_run": "x"})
    said = read_lease(tmp_path)
    assert {"host", "boot", "pid", "started", "token", "flow_run"} == {*said}
    assert {name: said[name] for name in owner()} == owner()
    assert said["pid"] == os.getpid()
    os.utime(lease.path, (1, 1))
    lease.beat()
    assert time.time() - lease.path.stat().st_mtime < 60
    lease.release()


def test_a_run_left_in_good_order_says_so(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    lease.release()
    lease.release()
    assert read_lease(tmp_path)["released"] <= time.time()
    assert not held(tmp_path)


@pytest.mark.parametrize("torn", ["", '{"tok', "[1]", "\x00\x00"])
def test_a_torn_lease_is_a_dead_owner(tmp_path: Path, torn: str) -> None:
    (tmp_path / "_lease").write_text(torn, encoding="utf-8")
    lease = Lease(tmp_path)
    assert lease.before == {}
    assert json.loads(lease.path.read_text(encoding="utf-8"))["token"] == 1
    lease.release()


def test_nobody_holds_a_folder_without_a_lease(tmp_path: Path) -> None:
    assert not held(tmp_path)
    assert describe({}) == "process ? on ?"


def elsewhere(folder: Path, age_s: float, **more: object) -> None:
    """The lease of an owner on another machine, last heard of so long ago."""
    said = {"token": 7, "host": "far", "boot": "another", "pid": 12, "started": 1.0, **more}
    (folder / "_lease").write_text(json.dumps(said))
    heard = time.time() - age_s
    os.utime(folder / "_lease", (heard, heard))


def test_an_owner_on_another_machine_is_believed_while_its_heart_beats(tmp_path: Path) -> None:
    elsewhere(tmp_path, EXPIRE_S / 2)
    assert held(tmp_path)
    with pytest.raises(LeaseHeld, match=r"owned by process 12 on far, .* its lease expires in [23]\d s"):
        Lease(tmp_path)
    assert read_lease(tmp_path)["pid"] == 12


@pytest.mark.parametrize(("age_s", "more"), [(EXPIRE_S + 1, {}), (0, {"released": 1.0})])
def test_an_owner_on_another_machine_that_died_or_left_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float, more: dict[str, float]
) -> None:
    monkeypatch.setattr("datapipe.lease.SETTLE_S", 0)
    elsewhere(tmp_path, age_s, **more)
    assert not held(tmp_path)
    lease = Lease(tmp_path)
    assert (lease.token, lease.before["host"]) == (8, "far")
    lease.release()


def test_of_two_that_find_a_lease_expired_one_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(tmp_path, EXPIRE_S + 1)
    monkeypatch.setattr(time, "sleep", lambda _: elsewhere(tmp_path, 0, pid=13))
    with pytest.raises(LeaseHeld, match="taken over by process 13 on far"):
        Lease(tmp_path)
    assert read_lease(tmp_path)["pid"] == 13


def test_without_locks_the_heart_decides_on_one_machine_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Lease(tmp_path)

    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", unknown)
        assert held(tmp_path)
        with pytest.raises(LeaseHeld, match=f"owned by process {os.getpid()} on .*expires in"):
            Lease(tmp_path)
        first.release()
        assert not held(tmp_path)
        Lease(tmp_path).release()


def test_the_heart_beats_while_a_run_waits_and_hears_that_it_lost_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datapipe.lease.BEAT_S", 0.01)
    lease = Lease(tmp_path)
    os.utime(lease.path, (1, 1))
    until = time.monotonic() + 30
    while lease.path.stat().st_mtime < 2:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not lease.taken.is_set()
    elsewhere(tmp_path, 0)
    assert lease.taken.wait(30)
    with pytest.raises(
        LeaseHeld, match="taken over by process 12 on far while this process was not heard of"
    ):
        lease.check()
    lease.release()
    assert read_lease(tmp_path)["pid"] == 12
    assert "released" not in read_lease(tmp_path)


def test_a_token_is_above_those_of_journals_though_the_lease_was_lost(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    lease.pass_token(41)
    lease.pass_token(3)
    assert lease.token == read_lease(tmp_path)["token"] == 42
    lease.check()
    lease.release()


def test_who_has_a_copy_of_the_lock_does_not_keep_the_run(tmp_path: Path) -> None:
    """As a process that another thread is starting has, until its program begins."""
    lease = Lease(tmp_path)
    copy = os.dup(lease._handle)
    try:
        lease.release()
        assert not held(tmp_path)
        Lease(tmp_path).release()
    finally:
        os.close(copy)


def test_a_folder_that_is_gone_is_no_loss_of_the_lease(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "run")
    (tmp_path / "run" / "_lease").unlink()
    with pytest.raises(OSError, match="the run's folder is not there"):
        lease.check()
    assert not lease.lost()
    lease.release()


def test_a_full_disk_harms_no_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    lease.release()
    assert read_lease(tmp_path)["token"] == 1
