"""Untrusted programs in a sandbox that has proven itself on this machine, or not at all."""

import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from judges import sandbox_folder, sandbox_waits
from judges.sandbox_pipes import TooLate, wait
from judges.sandbox_ways import SandboxUnavailable, Started, Way, start
from judges.sandbox_zygote import CALLS, CLEAN, EXIT, JOB, KILL, PROGRAM, TESTS

__all__ = ["CALLS", "PROGRAM", "TESTS", "Exit", "Limits", "Sandbox", "SandboxLost", "SandboxUnavailable"]

_START_S, _CLEAN_S, _GRACE_S, _COMPLAINT_S = 30.0, 30.0, 5.0, 1.0


_CREDENTIALS = struct.Struct("3i")
"""Process, user and group."""


class SandboxLost(RuntimeError):
    """The sandbox itself ended or hangs, which is no program's fault as far as we know."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may use."""

    cpu_s: float = 5.0
    """CPU seconds, rounded up to whole ones by the kernel."""
    wall_s: float = 20.0
    """Seconds by the clock: more, since the machine may be busy."""
    memory_mb: int = 1024
    """Address space, in MiB."""
    file_mb: int = 16
    """Size of one file, in MiB."""
    output_mb: int = 4
    """What a program may print, in MiB."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended."""

    status: int
    """Exit status; negative for a signal."""
    cpu_s: float
    late: bool = False
    """It was killed at its limit by the clock."""
    full: bool = False
    """It was killed for what it wrote into its folder."""
    waited_s: float | None = None
    """Of one that is late: how long one of its threads waited for a processor, where that is known."""


class Sandbox:
    """One zygote. A program and its tests may run at the same time; for more, use more sandboxes.

    Raises SandboxUnavailable where it does not start. Close it, or let it end with this process.
    """

    def __init__(self, way: Way, *, folder_mb: int = 64, namespaces: bool = True) -> None:
        self.way = way
        self._started: Started = start(way, folder_bytes=folder_mb << 20, namespaces=namespaces)
        self._ended: dict[int, Exit] = {}
        self._last = self._zygote = 0
        self._lost: SandboxLost | None = None
        if self._message(time.monotonic() + _START_S) != b"ready":
            complaint = self._complaint()
            self.close()
            raise SandboxUnavailable(f"{way} does not start here: {complaint}")

    @property
    def pid(self) -> int:
        """The process that entered the sandbox, as this machine sees it."""
        return self._started.process.pid

    def run(self, kind: bytes, fds: Sequence[int], limits: Limits) -> int:
        """Start a process with these ends of pipes, which are closed here; its number. Raises SandboxLost."""
        self._last += 1
        sizes = (limits.memory_mb << 20, limits.file_mb << 20)
        try:
            self._ask(JOB.pack(kind, self._last, limits.cpu_s, limits.wall_s, *sizes), fds)
        finally:
            for fd in fds:
                os.close(fd)
        return self._last

    def end(self, number: int) -> Exit:
        """Kill a process, if it still runs, and say how it ended. Raises SandboxLost."""
        if number not in self._ended:
            self._ask(JOB.pack(KILL, number, 0, 0, 0, 0))
        while number not in self._ended:
            self._take_exit()
        return self._ended[number]

    def end_late(self, number: int) -> Exit:
        """Kill a process whose time is up, and say how long it had to wait. Raises SandboxLost."""
        waited_s = sandbox_waits.longest_wait_s(self._zygote)
        return replace(self.end(number), late=True, waited_s=waited_s)

    def outcome(self, number: int, deadline: float) -> Exit:
        """How a process ends by then, or that it had to be killed as late. Raises SandboxLost."""
        while number not in self._ended:
            try:
                wait(self._started.channel.fileno(), select.POLLIN, deadline)
            except TooLate:
                return self.end_late(number)
            self._take_exit()
        return self._ended[number]

    def _take_exit(self) -> None:
        body = self._message(time.monotonic() + _CLEAN_S)
        if body is None or len(body) != EXIT.size:
            raise self._end_of_it()
        ended, *how = EXIT.unpack(body)
        self._ended[ended] = Exit(*how)

    def clean(self) -> None:
        """Empty the folder, once no process runs. Raises SandboxLost."""
        self._ended.clear()
        self._ask(JOB.pack(CLEAN, 0, 0, 0, 0, 0))
        deadline = time.monotonic() + _CLEAN_S
        while (body := self._message(deadline)) != CLEAN:
            if body is None:
                raise self._end_of_it()

    def close(self) -> None:
        """End everything inside and remove the folder. May be called twice."""
        self._started.channel.close()
        process = self._started.process
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()
        if (folder := self._started.folder) is not None:
            with suppress(OSError):
                sandbox_folder.empty(folder)
                os.rmdir(folder)

    def _ask(self, body: bytes, fds: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._started.channel, [body], list(fds))
        except OSError as error:
            raise self._end_of_it(error) from error

    def _end_of_it(self, why: OSError | None = None) -> SandboxLost:
        """The first error that told of it, since all that follow say less."""
        if self._lost is None:
            self._lost = SandboxLost(f"the sandbox ended: {why or self._complaint()}")
        return self._lost

    def _message(self, deadline: float) -> bytes | None:
        """The next word of the zygote; None where it has ended, or says nothing."""
        channel = self._started.channel
        try:
            wait(channel.fileno(), select.POLLIN, deadline)
            body, told, _, _ = channel.recvmsg(EXIT.size, socket.CMSG_SPACE(_CREDENTIALS.size))
            for _, kind, data in told:
                if kind == socket.SCM_CREDENTIALS:
                    self._zygote, *_ = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])
            return body or None
        except (TooLate, OSError):
            return None

    def _complaint(self) -> str:
        """The last line that it wrote; the channel is closed, since one that hangs would hold the pipe."""
        self._started.channel.close()
        self._started.process.kill()
        stream = self._started.process.stderr
        if stream is None:
            return "it said nothing"
        os.set_blocking(stream.fileno(), False)
        told = bytearray()
        with suppress(TooLate, OSError):
            wait(stream.fileno(), select.POLLIN, time.monotonic() + _COMPLAINT_S)
            while piece := os.read(stream.fileno(), 1 << 16):
                told += piece
        lines = told.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
