"""Wait for a store that takes no more: the run pauses, says why, and goes on when it can.

Every write is made so that it can be done again: a draft and a rename, or an append that cuts off what it
began. So a pause is a loop around one write, in the thread that wants it. Threads that wait ask for nothing
more; what is in flight comes back and waits in memory, which the window of requests bounds.
"""

import errno
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from datapipe.errors import Aborted, StoreError

T = TypeVar("T")
PASSING = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
        *(errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.EMFILE, errno.ENFILE, errno.ETIMEDOUT),
    }
)
"""What a person, or time, can mend without the run being at fault."""
FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
FIRST_S, LONGEST_S = 0.2, 10.0
"""Waits between two tries, each half as long again as the one before."""
_GB = 1e9
_log = logging.getLogger(__name__)
_patient: dict[Path, list["Patience"]] = {}


class Patience:
    """Of one run of this process, for everything below its folder, as long as it is open."""

    def __init__(
        self, folder: Path, limit_s: float, abort: threading.Event, tell: Callable[[str | None], None]
    ) -> None:
        """`limit_s`: seconds to wait for one write. `tell` gets what is waited for, None when it goes on."""
        self.folder, self.limit_s, self.abort, self._tell = folder, limit_s, abort, tell
        self._lock = threading.Lock()
        self._waiting = 0

    def open(self) -> None:
        """From now on writes below the folder wait; of several it is the first one's, who owns the run."""
        _patient.setdefault(self.folder, []).append(self)

    def close(self) -> None:
        """From now on they do not."""
        left = [each for each in _patient.get(self.folder, []) if each is not self]
        if left:
            _patient[self.folder] = left
        else:
            _patient.pop(self.folder, None)

    def wait(self, path: Path, error: OSError, waited: float) -> float:
        """Wait once: the seconds waited for this write by now. Raises Aborted where the run is to end."""
        if not waited:
            self._enter(path, error)
        step = min(max(FIRST_S, waited / 2), LONGEST_S, self.limit_s - waited)
        if self.abort.wait(step):
            raise Aborted(
                f"{path}: could not be written before the run was told to end; what is stored is whole"
            )
        return waited + step

    def over(self, mended: bool) -> None:
        """One write waits no more; `mended` where it was done."""
        with self._lock:
            self._waiting -= 1
            if self._waiting == 0:
                self._tell(None)
                if mended:
                    _log.warning("the store can be used again: the run goes on")

    def _enter(self, path: Path, error: OSError) -> None:
        with self._lock:
            self._waiting += 1
            if self._waiting == 1:
                said = f"paused: {path} cannot be used: {error.strerror or error} ({room(path)})"
                way = "the run goes on by itself once it can; end it with Ctrl-C, nothing stored is lost"
                _log.warning("%s; %s", said, way)
                self._tell(said)


def insist(path: Path, act: Callable[[], T]) -> T:
    """What `act` returns, which writes below `path` and may be done again after an OSError.

    Where the run that owns the path is patient, waits as long as that says. Raises StoreError that names
    the path, and Aborted where the run is told to end meanwhile.
    """
    try:
        return patiently(path, act)
    except OSError as error:
        raise refused(path, error) from error


def patiently(path: Path, act: Callable[[], T]) -> T:
    """As insist, also for what reads; raises the last OSError itself."""
    try:
        return act()
    except OSError as error:
        patience = next((found[0] for each in path.parents if (found := _patient.get(each))), None)
        if patience is None or error.errno not in PASSING or not patience.limit_s:
            raise
        return _wait(patience, path, act, error)


def _wait(patience: Patience, path: Path, act: Callable[[], T], error: OSError) -> T:
    waited, mended = 0.0, False
    try:
        while True:
            waited = patience.wait(path, error, waited)
            try:
                made = act()
            except OSError as again:
                if again.errno not in PASSING or waited >= patience.limit_s:
                    raise
                error = again
            else:
                mended = True
                return made
    finally:
        patience.over(mended)


def refused(path: Path, error: OSError) -> StoreError:
    """Which file could not be written, and what to do about it."""
    way = "make it writable" if error.errno in FORBIDDEN else "make room"
    return StoreError(
        f"{path}: cannot be written: {error.strerror or error}; "
        f"what is stored is whole, {way} and run again to go on"
    )


def room(path: Path) -> str:
    """What there is where a path would be written: space, files, and as whom."""
    with suppress(OSError):
        folder = next(each for each in path.parents if os.path.isdir(each))
        disk = os.statvfs(folder)
        free, whole = (disk.f_frsize * count / _GB for count in (disk.f_bavail, disk.f_blocks))
        return f"{free:.1f} GB of {whole:.0f} GB and {disk.f_favail:,} files free, as user {os.geteuid()}"
    return f"no telling how much is free, as user {os.geteuid()}"
