"""One worker process as its supervisor sees it: its pipes, its clock and the work in its hands."""

import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import psutil

from datapipe.worker_frames import READ_BYTES, Reader, decode, encode, frame
from judges.base import Ruling

_GRACE_S = 1.0
_FEW = 48


class Waiting(Protocol):
    """Whoever submitted work."""

    def finished_one(self) -> None:
        """One piece of it is done."""

    def failed(self, error: Exception) -> None:
        """None of the rest will be."""


@dataclass(eq=False, slots=True)
class Work:
    """One attempt, the checks it owes and the rulings so far, in the order of the checks."""

    attempt: bytes
    checks: tuple[str, ...]
    batch: Waiting
    rulings: list[Ruling] = field(default_factory=list)
    losses: int = 0
    """Workers lost in the check that is due."""

    @property
    def finished(self) -> bool:
        return len(self.rulings) == len(self.checks)

    def rule(self, ruling: Ruling) -> bool:
        """The word of the check that is due; whether it was the last."""
        self.rulings.append(ruling)
        self.losses = 0
        return len(self.rulings) == len(self.checks)

    def body(self) -> bytes:
        """`[checks, attempt]` of what is still owed."""
        return b"[%b,%b]" % (_names(self.checks[len(self.rulings) :]), self.attempt)


@lru_cache(maxsize=256)
def _names(checks: tuple[str, ...]) -> bytes:
    return encode(checks)


class Slot:
    """A process and its two non-blocking pipes. Only the supervisor's thread may touch it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.process = _start()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.source, self.sink = self.process.stdout.fileno(), self.process.stdin.fileno()
        os.set_blocking(self.source, False)
        os.set_blocking(self.sink, False)
        self.pid = self.process.pid
        """Of the process that rules, once it is ready: a fork of the one that was started."""
        self.ready = False
        self.names: frozenset[str] = frozenset()
        """The checks it has loaded, once it is ready."""
        self.work: deque[Work] = deque()
        self._reader = Reader()
        self._unsent = bytearray(frame(encode(settings | {"parent": os.getpid()})))
        self._cpu_s = 0.0
        self._since = time.monotonic()

    @property
    def idle(self) -> bool:
        return self.ready and not self.work

    @property
    def may_have_more(self) -> bool:
        """It will soon be done: a list ahead saves it the wait, which is longer than most checks take."""
        return self.ready and not self._unsent and len(self.work) <= _FEW

    @property
    def unsent(self) -> bool:
        return bool(self._unsent)

    @property
    def busy_s(self) -> float:
        """Wall seconds since it last said something, or got something to do."""
        return time.monotonic() - self._since

    def cpu_s(self) -> float:
        """CPU seconds that the check in hand has used so far."""
        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:  # it is ending; its pipe will say so
            return 0.0
        return float(times.user + times.system) - self._cpu_s

    def give(self, work: list[Work]) -> None:
        """Queue work for sending."""
        if not self.work:
            self._since = time.monotonic()
        self.work.extend(work)
        self._unsent += frame(b"[%b]" % b",".join(each.body() for each in work))

    def send(self) -> None:
        """Write what the pipe takes; a broken pipe shows when reading."""
        try:
            del self._unsent[: os.write(self.sink, self._unsent[:READ_BYTES])]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent.clear()

    def messages(self) -> Iterator[Any]:
        """What it said since last time. Raises EOFError once it has ended."""
        try:
            piece = os.read(self.source, READ_BYTES)
        except BlockingIOError:
            return
        if not piece:
            raise EOFError
        self._since = time.monotonic()
        yield from map(decode, self._reader.feed(piece))

    def last_messages(self) -> Iterator[Any]:
        """What it had ruled when it was killed, until its pipe ends or a moment is over. Raises as above."""
        end = time.monotonic() + _GRACE_S
        while select.select([self.source], [], [], max(0.0, end - time.monotonic()))[0]:
            yield from self.messages()

    def started(self, names: Iterable[str], cpu_s: float, pid: int) -> None:
        """It can be given work."""
        self.ready, self.names, self._cpu_s, self.pid = True, frozenset(names), cpu_s, pid

    def unknown(self, checks: tuple[str, ...]) -> list[str]:
        """Which of these it has not loaded."""
        return [] if self.names.issuperset(checks) else [name for name in checks if name not in self.names]

    def gave_back(self, count: int) -> list[Work]:
        """What it will not do of the list in its hands; it will be ready anew, for the lists behind that."""
        self.ready = False
        return [self.work.popleft() for _ in range(count)]

    def took(self, cpu_s: float) -> None:
        """Its own CPU clock when it finished a check."""
        self._cpu_s = cpu_s

    def kill(self) -> None:
        """End it now; its pipe ends with it."""
        if not self.ready or self.pid == self.process.pid:
            self._kill_both()
            return
        with suppress(ProcessLookupError):
            # Its keeper buries it and ends the same way: killed first, it would leave a zombie behind.
            os.kill(self.pid, signal.SIGKILL)

    def _kill_both(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> int:
        """Close the pipes and reap it; its exit status, negative for a signal."""
        try:
            # A process whose pipe has ended is about to exit by itself, and its status says why.
            status = self.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._kill_both()
            status = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return status


def _start() -> subprocess.Popen[bytes]:
    """With the search path of this process and in a session of its own, out of reach of Ctrl-C."""
    here = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(dict.fromkeys([*(entry for entry in sys.path if entry), here]))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "datapipe.worker_start"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Where a library has threads of its own, no fork can be made.
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONPATH": path},
    )
