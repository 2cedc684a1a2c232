"""Rulings on their way out of a worker, several in one message, and none lost when the process is killed."""

import mmap
import time
from dataclasses import fields
from operator import attrgetter
from typing import Any

from datapipe.worker_frames import encode, frame, write_all
from judges.base import PASSED, Ruling

_HEAD, _ROOM = 8, 1 << 20
"""Room for many rulings, whose texts are cut to some thousand characters."""
_HOLD_S = 0.02
"""Longer than most checks take, and too short for anyone to wait for."""
_row = attrgetter(*(field.name for field in fields(Ruling)))


class Outbox:
    """Holds rulings in memory that a process shares with its forks, so that either can send them.

    A message each would cost more than most checks do.
    """

    def __init__(self, sink: int) -> None:
        self._sink, self._held = sink, mmap.mmap(-1, _HEAD + _ROOM)
        self._ends = memoryview(self._held)[:_HEAD].cast("Q")
        self._sent = time.monotonic()

    def put(self, ruling: Ruling) -> float:
        """Take one in: CPU seconds and its row, of a bare pass the seconds alone.

        It is not sent before the next is due, since it may be the last of its process. Returns the seconds.
        """
        cpu_s = time.process_time()
        body = b"%.4f" % cpu_s if ruling is PASSED else encode((cpu_s, _row(ruling)))
        if (end := self._end) + len(body) + 1 > _ROOM:
            self.send()
            end = 0
        text = b"," + body if end else body
        after = end + len(text)
        self._held[_HEAD + end : _HEAD + after] = text
        self._end = after
        return cpu_s

    def send_due(self) -> None:
        """Send what is held where the last was sent a while ago."""
        if time.monotonic() - self._sent > _HOLD_S:
            self.send()

    def send(self, leaving: int | None = None) -> None:
        """Send what is held, if anything. Who leaves says so, and how many jobs of its list it gives back."""
        end = self._end
        if end or leaving is not None:
            body = self._held[_HEAD : _HEAD + end]
            # First, since who is killed in between leaves rulings to be made again, and none twice.
            self._end = 0
            write_all(self._sink, frame(_message(body, leaving)))
        self._sent = time.monotonic()

    @property
    def _end(self) -> int:
        return self._ends[0]

    @_end.setter
    def _end(self, size: int) -> None:
        self._ends[0] = size


def _message(rulings: bytes, leaving: int | None) -> bytes:
    return b'{"ruled":[%b],"leaving":%b}' % (rulings, encode(leaving))


def read_ruling(told: Any) -> tuple[float, Ruling]:
    """CPU seconds and ruling, as `put` wrote them. Raises TypeError or ValueError for anything else."""
    if isinstance(told, float):
        return told, PASSED
    cpu_s, row = told
    return cpu_s, Ruling(*row)
