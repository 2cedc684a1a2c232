"""Runs a server in a process group of its own and ends all of it when the server or the starter ends.

Usage: python -m datapipe.serving.guard SCRATCH FOLDER URL COMMAND…: a folder for temporary files, removed
at the end, and the folder of servers files, which the server's URL is taken off. The starter holds the other
end of standard input: when that closes, for whatever reason, SIGKILL included, the server gets SIGTERM, then
SIGKILL. It is two processes, the second a child of the first and the server's parent: each ends the server
when the other is killed, so that SIGKILL of the starter and one of them leaves nothing; what SIGKILL of all
three leaves is found by leftovers.py. Standard library only: one of these is beside every server.
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


def wait(pid: int) -> bool:
    """Whether the process `pid` ended; False where the starter did first, or this guard was told to end."""
    try:
        ready, _, _ = select.select([died := os.pidfd_open(pid), sys.stdin], [], [])
    except _Ended:
        return False
    return died in ready


def exit_status(status: int) -> int:
    """Of a waited one: its own, or 128 + the signal that killed it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def end() -> None:
    """End every descendant, also those that left the group for a session of their own; returns when none is
    left, or after SIGKILL and a second grace."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(number)
        until = time.monotonic() + GRACE
        while _alive() and time.monotonic() < until:
            time.sleep(0.05)
            if number == signal.SIGKILL:
                _signal(number)  # a killed one may have had children that only now are ours


def _signal(number: int) -> None:
    for pid in _descendants():
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _alive() -> bool:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # a dead process counts until it is reaped
            pass
    return bool(_descendants())


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
    child = subprocess.Popen(command, stdin=nothing, stdout=log, env=environ, start_new_session=True)
    try:
        sys.stdout.write(f"{child.pid}\n")
        sys.stdout.flush()
        status = exit_status(os.waitpid(child.pid, 0)[1]) if wait(child.pid) else 0
    finally:
        _clear(scratch, folder, url)
    return status


def stand_by(second: int, hold: int, scratch: str, folder: str, url: str) -> int:
    """Outlive the second guard, which sees `hold` close when the starter or this one ends. Its status."""
    signal.signal(signal.SIGTERM, lambda *_: os.kill(second, signal.SIGTERM))
    try:
        wait(second)
        os.close(hold)
        return exit_status(os.waitpid(second, 0)[1])
    finally:
        _clear(scratch, folder, url)


def _clear(scratch: str, folder: str, url: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(OSError):
        unlist(Path(folder), url)
    end()
    shutil.rmtree(scratch, ignore_errors=True)


def main() -> int:
    """Guard the command on the command line."""
    scratch, folder, url, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, _told_to_end)
    closes, hold = os.pipe()
    second = os.fork()
    # The engine's own children come to us when the engine dies, so that they can be reaped.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if second:
        os.close(closes)
        return stand_by(second, hold, scratch, folder, url)
    os.close(hold)
    # Not the starter's own, which would wait for whoever has that to close it.
    os.dup2(closes, sys.stdin.fileno())
    os.setsid()  # what is sent to the group of the first is for that alone
    return run(scratch, folder, url, command)


if __name__ == "__main__":
    sys.exit(main())
