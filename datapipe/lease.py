"""Who owns a run: one living process, told by a file lock that dies with it."""

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import psutil

from datapipe.errors import LeaseHeld


class Lease:
    """The lock on a run's folder. `token` rises by one with every owner and fences the journals."""

    def __init__(self, folder: Path, note: dict[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "_lease"
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise LeaseHeld(
                f"{folder}: owned by {describe(read_lease(folder))}; wait for it or end it"
            ) from None
        self.before = read_lease(folder)
        """The last owner, who is gone."""
        self.token = int(self.before.get("token", 0)) + 1
        self._write(note or {})

    def beat(self) -> None:
        """Say that the owner is alive: the file's time is the heartbeat."""
        os.utime(self.path)

    def release(self) -> None:
        """Mark the run as left in good order, and let go."""
        if self._handle >= 0:
            self._write({**read_lease(self.path.parent), "released": time.time()})
            os.close(self._handle)
            self._handle = -1

    def _write(self, note: dict[str, Any]) -> None:
        data = json.dumps({**note, "token": self.token, **owner()}).encode()
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, data, 0)


def owner() -> dict[str, Any]:
    """This process, told apart from every other: host, boot, pid and its start time."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return {
        "host": socket.gethostname(),
        "boot": boot.read_text().strip() if boot.exists() else str(psutil.boot_time()),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }


def read_lease(folder: Path) -> dict[str, Any]:
    """What the lease file says; empty where there is none or it was torn."""
    try:
        data = json.loads((folder / "_lease").read_text())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def held(folder: Path) -> bool:
    """Whether a living process owns the run."""
    try:
        handle = os.open(folder / "_lease", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(handle)


def describe(lease: dict[str, Any]) -> str:
    """An owner in words."""
    return f"process {lease.get('pid', '?')} on {lease.get('host', '?')}"
