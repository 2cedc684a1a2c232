"""What is left of a fleet where its supervisor and the guards were all killed: found by a mark, and ended.

Every process that a guard starts inherits the mark in its environment, wherever it goes; one that empties its
environment is not found. Temporary folders carry a mark in their name.
"""

import hashlib
import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from datapipe.serving.guard import GRACE

_MARK = "DATAPIPE_SERVE"
_SCRATCH = Path("/tmp")
"""Not $TMPDIR: the name of a Unix socket has at most 107 bytes."""


def mark(folder: Path, worker: str) -> dict[str, str]:
    """For the environment of a worker's guard."""
    # setproctitle, which names vLLM's processes, else writes the title over the environment.
    return {_MARK: f"{folder.resolve()}:{worker}", "SPT_NOENV": "1"}


def find(folder: Path, worker: str | None = None) -> dict[int, str]:
    """The worker of each living process of a fleet, or of one worker; of this machine and user, by process.

    In a folder without a supervisor they are left over, or a guard is just ending them.
    """
    begin, found = f"{folder.resolve()}:", dict[int, str]()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            for entry in path.read_bytes().split(b"\0"):
                name, _, value = entry.decode(errors="replace").partition("=")
                if name == _MARK and value.startswith(begin):
                    found[int(path.parent.name)] = value.removeprefix(begin)
    return {pid: name for pid, name in found.items() if worker in (None, name)}


def end(folder: Path, worker: str | None = None) -> dict[int, str]:
    """End what `find` finds: by SIGTERM, and what stays by SIGKILL. Returns those that even this leaves."""
    left = _send(signal.SIGTERM, folder, worker)
    until = time.monotonic() + GRACE
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = find(folder, worker)
    until = time.monotonic() + GRACE
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = _send(signal.SIGKILL, folder, worker)
    return left


def _send(number: int, folder: Path, worker: str | None) -> dict[int, str]:
    found = find(folder, worker)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return found


def make_scratch(folder: Path) -> str:
    """A new folder for a server's temporary files."""
    return tempfile.mkdtemp(prefix=_prefix(folder), dir=_SCRATCH)


def remove_scratch(folder: Path) -> None:
    """Remove all that `make_scratch` made for this fleet, of servers that have ended."""
    for path in scratch(folder):
        shutil.rmtree(path, ignore_errors=True)


def scratch(folder: Path) -> list[Path]:
    """What `make_scratch` made for this fleet and nobody removed."""
    found = []
    for path in _SCRATCH.glob(f"{_prefix(folder)}*"):
        with suppress(OSError):
            if path.lstat().st_uid == os.getuid():  # anybody may make a folder of this name
                found.append(path)
    return found


def _prefix(folder: Path) -> str:
    return f"datapipe-vllm-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]}-"
