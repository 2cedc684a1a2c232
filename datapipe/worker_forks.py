"""Forks of a worker process: one that rules, and one that waits for its turn, for when the first leaves."""

import ctypes
import gc
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from datapipe.worker_frames import READ_BYTES
from datapipe.worker_outbox import Outbox

ANEW = 77
"""Exit status of a fork that has handed on its turn."""
_PR_SET_PDEATHSIG = 1


class Turns:
    """One of the forks of a process has the turn to rule; it is announced and handed on over pipes."""

    def __init__(self) -> None:
        self._next, self._last = os.pipe()
        self._heard, self._said = os.pipe()
        os.set_blocking(self._said, False)
        self.hand_on()

    def wait(self) -> None:
        """Until it is this process's turn."""
        os.read(self._next, 1)

    def hand_on(self) -> None:
        """To whoever waits, now or next."""
        os.write(self._last, b"t")

    def announce(self) -> None:
        """Perhaps it will be handed on soon."""
        with suppress(BlockingIOError):  # as often as a pipe holds
            os.write(self._said, b"a")

    def announced(self) -> bool:
        """Waits for a turn or its announcement; False where it is here already."""
        ahead, _, _ = select.select([self._next, self._heard], [], [])
        if self._heard in ahead:
            os.read(self._heard, READ_BYTES)
        return self._next not in ahead


def may_fork() -> bool:
    """Not with threads about, whose locks a fork would copy: who started this process starts another."""
    return len(os.listdir("/proc/self/task") if sys.platform == "linux" else [0]) == 1


def keep_two(rule: Callable[[], None], warm: Callable[[], None], outbox: Outbox, turns: Turns) -> NoReturn:
    """Keep two forks that rule in turns, until one ends that has not left for the next.

    A fork costs milliseconds where loading the checks costs a second, and one that waits costs the others
    nothing. Both begin as they are; once one has left, this process warms up for those to come. What ended
    the last one, a signal or a status, ends this process too.
    """
    keeper = os.getpid()

    def wait() -> None:
        if turns.announced():
            warm()  # copies the pages that a fork shares until it writes to them, before anyone waits for it
        rule()

    forks, warmed = {_fork(rule, keeper)}, False
    while True:
        if may_fork():
            forks.add(_fork(wait, keeper))
        ended, code = os.wait()
        forks.remove(ended)
        status = os.waitstatus_to_exitcode(code)
        if status != ANEW or not forks:
            break
        if not warmed:
            warm()
            gc.freeze()  # what is loaded by now stays shared
            warmed = True
    for fork in forks:
        os.kill(fork, signal.SIGKILL)
        os.waitpid(fork, 0)
    outbox.send()  # what it had ruled before it was killed
    if status < 0:
        with suppress(OSError):  # SIGKILL takes no handler and needs none
            signal.signal(-status, signal.SIG_DFL)
        os.kill(keeper, -status)
    os._exit(status)


def bind_to(parent: int) -> None:
    """Die with the thread that started this process, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _fork(rule: Callable[[], None], keeper: int) -> int:
    child = os.fork()
    if child == 0:
        bind_to(keeper)
        rule()
        os._exit(0)
    return child
