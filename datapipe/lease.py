"""Who owns a run: one living process, told by a file lock that dies with it and a heartbeat beside it."""

import errno
import fcntl
import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from datapipe.errors import LeaseHeld, StoreError
from datapipe.pausing import FORBIDDEN, insist

BEAT_S = 5.0
"""The heartbeat: the time of the lease's file, set anew this often, whatever the run waits for."""
EXPIRE_S = 60.0
"""Age of the heartbeat of an owner on another machine from which it is held to be dead."""
SETTLE_S = 1.0
"""How long a lease taken over from another machine is watched: two may have found it expired."""
_LOCK_UNKNOWN = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})
_BYTES = 512


class Lease:
    """The lock on a run's folder. `token` rises by one with every owner and fences the journals.

    On one machine the kernel's lock tells whether the owner lives. Over a network file system a lock may
    not reach another machine, so an owner with another boot id counts as alive until its heartbeat is
    EXPIRE_S old. Who was only asleep meanwhile finds another's token in the file, and writes no more.
    """

    def __init__(self, folder: Path, note: dict[str, Any] | None = None) -> None:
        """Raises LeaseHeld that names the owner, StoreError where the folder cannot be written: at once
        where it is forbidden and this user has never worked on the run, for then waiting mends nothing."""
        self.path = folder / "_lease"
        self.before: dict[str, Any] = {}
        """The last owner, who is gone."""
        self.token = 0
        self._said: dict[str, Any] = {}
        self._handle = insist(self.path, self._open)
        try:
            insist(self.path, lambda: self._claim(note))
            if _elsewhere(self.before):
                time.sleep(SETTLE_S)
            insist(self.path, self.check)
        except BaseException:
            os.close(self._handle)
            raise
        self._ended = threading.Event()
        self.taken = threading.Event()
        """Set once another process is found to have taken the run over."""
        threading.Thread(target=self._beat_on, name="datapipe-lease", daemon=True).start()

    def beat(self) -> None:
        """Say that the owner is alive: the file's time is the heartbeat."""
        os.utime(self.path)

    def check(self) -> None:
        """Raise LeaseHeld where another process took the run over, OSError where the folder is not there."""
        try:
            found = _said(self.path.read_text(errors="replace"))
        except FileNotFoundError:
            raise OSError(errno.ESTALE, "the run's folder is not there") from None
        if {**found, "released": 0} != {**self._said, "released": 0}:
            raise LeaseHeld(
                f"{self.path.parent}: taken over by {describe(found)} while this process was not heard of; "
                f"what it has not stored is left to the other"
            )

    def pass_token(self, token: int) -> None:
        """Have a higher token than this one, which a journal holds although the lease's file knows it not."""
        if token >= self.token:
            self.token = self._said["token"] = token + 1
            self._write(self._said)

    def lost(self) -> bool:
        """Whether another process is known to have taken the run over."""
        try:
            self.check()
        except LeaseHeld:
            return True
        except OSError:
            return False
        return False

    def release(self) -> None:
        """Mark the run as left in good order, and let go."""
        if self._handle >= 0:
            self._ended.set()
            with suppress(OSError):  # a full disk: the lock dies with the process all the same
                if not self.lost():
                    self._write({**self._said, "released": time.time()})
            with suppress(OSError):
                # Closing alone leaves it to who has a copy, as a process that is just being started.
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            os.close(self._handle)
            self._handle = -1

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if held(self.path.parent):
                raise _owned(self.path.parent) from None
            if error.errno in FORBIDDEN and not _ours(self.path):
                raise _never(self.path.parent, error) from error
            raise

    def _claim(self, note: dict[str, Any] | None) -> None:
        """Lock the file and say in it whose it is now. May be done again after an OSError."""
        found = _said(self.path.read_text(errors="replace"))
        if not found or found != self._said:
            self._lock(self.path.parent)
            self.before = found
            self.token = int(self.before.get("token", 0)) + 1
            self._said = {**(note or {}), "token": self.token, **owner()}
        self._write(self._said)

    def _lock(self, folder: Path) -> None:
        locks = True
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            locks = error.errno not in _LOCK_UNKNOWN
            if locks:
                raise _owned(folder) from None
        if (left := expires_in(folder, locks)) > 0:
            raise LeaseHeld(
                f"{folder}: owned by {describe(read_lease(folder))}, whose lock would not show here; end it, "
                f"or, if it is dead, wait until its lease expires in {left:.0f} s"
            )

    def _write(self, said: dict[str, Any]) -> None:
        """In place and never shorter, so that a full disk harms no byte of it."""
        data = json.dumps(said).encode()
        rest = memoryview(data.ljust(_BYTES))
        while rest:
            rest = rest[os.pwrite(self._handle, rest, max(len(data), _BYTES) - len(rest)) :]
        os.ftruncate(self._handle, max(len(data), _BYTES))

    def _beat_on(self) -> None:
        while not self._ended.wait(BEAT_S) and self._handle >= 0:
            with suppress(OSError):  # a folder that cannot be written now; the run waits for it as well
                if self.lost():
                    self.taken.set()
                    return
                self.beat()


def owner() -> dict[str, Any]:
    """This process, told apart from every other: host, boot, pid and its start time."""
    return {
        "host": socket.gethostname(),
        "boot": _boot(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }


def read_lease(folder: Path) -> dict[str, Any]:
    """What the lease file says; empty where there is none or it was torn."""
    try:
        return _said((folder / "_lease").read_text(errors="replace"))
    except OSError:
        return {}


def held(folder: Path) -> bool:
    """Whether a living process owns the run."""
    try:
        handle = os.open(folder / "_lease", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return expires_in(folder) > 0
    except OSError as error:
        return error.errno not in _LOCK_UNKNOWN or expires_in(folder, locks=False) > 0
    finally:
        os.close(handle)


def expires_in(folder: Path, locks: bool = True) -> float:
    """Seconds until an owner on another machine counts as dead; 0 or less where none is alive there.

    Without locks every owner is taken as one on another machine. Ages are told by one clock, that of the
    file system, where a file can be made to ask it.
    """
    found = read_lease(folder)
    if not found or "released" in found or (locks and not _elsewhere(found)):
        return 0.0
    return EXPIRE_S - (_now(folder) - (folder / "_lease").stat().st_mtime)


def describe(lease: dict[str, Any]) -> str:
    """An owner in words."""
    return f"process {lease.get('pid', '?')} on {lease.get('host', '?')}"


def _owned(folder: Path) -> LeaseHeld:
    return LeaseHeld(f"{folder}: owned by {describe(read_lease(folder))}; wait for it or end it")


def _never(folder: Path, error: OSError) -> StoreError:
    near = next(each for each in (folder, *folder.parents) if os.path.isdir(each))
    return StoreError(
        f"{folder}: user {os.geteuid()} cannot write there: {error.strerror or error}; make {near} writable, "
        f"or set `store` to a folder that is"
    )


def _ours(path: Path) -> bool:
    """Whether this user wrote a file before; one that a folder of this user's hides may be such a one."""
    for each in (path, *path.parents):
        try:
            return each.stat().st_uid == os.geteuid()
        except FileNotFoundError:
            return False
        except OSError:
            continue
    return False


def _said(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _elsewhere(found: dict[str, Any]) -> bool:
    """Whether an owner runs, or ran, on another kernel, or on this one before it was started anew."""
    return "boot" in found and "released" not in found and found["boot"] != _boot()


def _boot() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text().strip() if boot.exists() else str(psutil.boot_time())


def _now(folder: Path) -> float:
    probe = folder / f"_lease.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        probe.touch(exist_ok=False)
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            os.unlink(probe)
