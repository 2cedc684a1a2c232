"""Runs a server in a process group of its own and ends the whole group when the server or the starter ends.

Usage: guard.py SCRATCH READY_FILE COMMAND…: a folder for temporary files and a file that says who is ready,
both removed at the end. The starter holds the other end of standard input: when that closes, for whatever
reason, SIGKILL included, the group gets SIGTERM, then SIGKILL.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

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
    """End every process of `group`; returns when none is left, or after SIGKILL and a second grace."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(group, number)
        until = time.monotonic() + GRACE
        while _alive(group) and time.monotonic() < until:
            time.sleep(0.05)


def _alive(group: int) -> bool:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # a dead process counts as a member until it is reaped
            pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def remove_ready(path: str, group: int) -> None:
    """Remove the ready file `path` where it speaks of `group`, not of a server that came later."""
    with suppress(OSError, ValueError, AttributeError):
        if json.loads(Path(path).read_text()).get("pgid") == group:
            Path(path).unlink()


def run(scratch: str, ready_file: str, command: list[str]) -> int:
    """Run `command` to its end or the starter's; the exit status, 0 in the latter case."""
    environ = os.environ | {"TMPDIR": scratch}
    # Our standard output is for the starter alone: it reads one line of it.
    log, nothing = sys.stderr, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=log, env=environ, start_new_session=True) as child:
        try:
            sys.__stdout__.write(f"{child.pid}\n")
            sys.__stdout__.flush()
            status = wait(child)
        finally:
            signal.signal(signal.SIGTERM, lambda *_: None)
            remove_ready(ready_file, child.pid)
            end(child.pid)
    return status or 0


def main() -> int:
    """Guard the command on the command line."""
    # The engine's own children come to us when the engine dies, so that they can be reaped.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, _told_to_end)
    try:
        return run(sys.argv[1], sys.argv[2], sys.argv[3:])
    finally:
        shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
