"""Runs a server in a process group of its own and ends all of it when the server or the starter ends.

Usage: python -m datapipe.serving.guard SCRATCH FOLDER URL COMMAND…: a folder for temporary files, removed
at the end, and the folder of servers files, which the server's URL is taken off. The starter holds the other
end of standard input: when that closes, for whatever reason, SIGKILL included, the server gets SIGTERM, then
SIGKILL. Standard library only: there is one of these beside every server.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from datapipe.serving.listing import unlist

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL; vLLM needs one, but while it starts it does not listen."""
PR_SET_CHILD_SUBREAPER = 36


class _Ended(Exception):
    """The guard itself was told to end."""


def _told_to_end(*_: object) -> None:
    raise _Ended


def wait(child: subprocess.Popen[bytes]) -> int | None:
    """The exit status of `child` (128 + the signal that killed it); None when the starter is gone first."""
    died = os.pidfd_open(child.pid)
    try:
        ready, _, _ = select.select([died, sys.stdin], [], [])
    except _Ended:
        return None
    if died not in ready:
        return None
    status = child.wait()
    return status if status >= 0 else 128 - status


def end(group: int) -> None:
    """End every process of `group`, and those that left it for a session of their own; returns when none is
    left, or after SIGKILL and a second grace."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(group, number)
        until = time.monotonic() + GRACE
        while _alive(group) and time.monotonic() < until:
            time.sleep(0.05)
            if number == signal.SIGKILL:
                _signal(group, number)  # a killed one may have had children that only now are ours


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
    for pid in _descendants():
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _alive(group: int) -> bool:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # a dead process counts as a member until it is reaped
            pass
    if _descendants():
        return True
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _descendants() -> list[int]:
    """Children, and theirs; all come here whose parents die, since this is their subreaper."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            # The name, in brackets, may hold anything.
            parents[int(stat.parent.name)] = int(
                stat.read_text(errors="replace").rpartition(")")[2].split()[1]
            )
    found, new = set[int](), {os.getpid()}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return list(found)


def run(scratch: str, folder: str, url: str, command: list[str]) -> int:
    """Run `command` to its end or the starter's; the exit status, 0 in the latter case."""
    environ = os.environ | {"TMPDIR": scratch}
    # Our standard output is for the starter alone: it reads one line of it.
    log, nothing = sys.stderr, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=log, env=environ, start_new_session=True) as child:
        try:
            sys.stdout.write(f"{child.pid}\n")
            sys.stdout.flush()
            status = wait(child)
        finally:
            signal.signal(signal.SIGTERM, lambda *_: None)
            with suppress(OSError):
                unlist(Path(folder), url)
            end(child.pid)
    return status or 0


def main() -> int:
    """Guard the command on the command line."""
    # The engine's own children come to us when the engine dies, so that they can be reaped.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, _told_to_end)
    try:
        return run(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
    finally:
        shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
