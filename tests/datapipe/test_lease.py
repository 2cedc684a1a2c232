"""One living process owns a run; a dead one does not."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datapipe.errors import LeaseHeld
from datapipe.lease import Lease, describe, held, owner, read_lease

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
