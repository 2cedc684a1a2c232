"""The one thread that starts, feeds, watches and kills worker processes."""

import os
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from datapipe.worker_outbox import read_ruling
from datapipe.worker_slot import Slot, Work
from judges.base import Ruling, did_you_mean

_TICK_S = 0.25
_MOST_ITEMS, _MOST_BYTES = 64, 1 << 20
_FALSE_STARTS = 3
_START_S = 120.0
_LOSSES = 2
_NOT_TO_BE_TRUSTED = (EOFError, ValueError, LookupError, TypeError)
"""A worker has ended, or a check wrote into its pipe."""
_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT})


class WorkerError(RuntimeError):
    """The pool cannot rule: its checks do not load, one is unknown, or it was closed."""


class Supervisor:
    """Owns the processes of a pool. `run` is its thread; other threads call `take` and `stop` only."""

    def __init__(
        self, child: Mapping[str, Any], *, size: int, cpu_s: float, wall_s: float, queued: int
    ) -> None:
        self._child, self._size, self._cpu_s, self._wall_s = dict(child), size, cpu_s, wall_s
        self._most_queued = queued
        self._queue: deque[Work] = deque()
        self._room = threading.Condition()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._stopping = False
        self._error: WorkerError | None = None
        self._slots: list[Slot] = []
        self._false_starts = 0
        self._next_look = 0.0
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_out, selectors.EVENT_READ)

    @property
    def pids(self) -> Iterable[int]:
        """The processes that are running now."""
        return [slot.pid for slot in list(self._slots)]

    def take(self, work: Sequence[Work]) -> None:
        """Queue work; blocks while the queue is full. Raises WorkerError once the pool has ended."""
        with self._room:
            self._room.wait_for(lambda: len(self._queue) < self._most_queued or self._over)
            if self._over:
                raise self._error or WorkerError("the pool is closed")
            self._queue.extend(work)
            self._wake()

    def stop(self) -> None:
        """Ask `run` to end."""
        with self._room:
            if not self._over:
                self._stopping = True  # before the wake-up, which must not find it unset
                self._wake()
            self._room.notify_all()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # full, so it will wake anyway
            os.write(self._wake_in, b"w")

    @property
    def _over(self) -> bool:
        return self._stopping or self._error is not None

    def run(self) -> None:
        """Until stopped, or until the checks turn out not to load."""
        try:
            while not self._over:
                self._hand_out()
                self._listen()
                self._enforce()
        finally:
            self._give_up()

    def _hand_out(self) -> None:
        plenty = self._size * _MOST_ITEMS
        for slot in self._slots:
            ahead = slot.may_have_more and len(self._queue) > plenty
            if (slot.idle or ahead) and (work := self._known(slot, self._next())):
                slot.give(work)
                slot.send()  # mostly all of it, which spares waiting for room
                self._watch(slot)
        while len(self._queue) > self._starting and len(self._slots) < self._size:
            slot = Slot(self._child)
            self._slots.append(slot)
            self._selector.register(slot.source, selectors.EVENT_READ, slot)
            self._watch(slot)

    @property
    def _starting(self) -> int:
        return sum(not slot.ready for slot in self._slots)

    def _known(self, slot: Slot, work: list[Work]) -> list[Work]:
        """The work whose checks exist; who asks for others is told so."""
        known = []
        for each in work:
            if unknown := slot.unknown(each.checks):
                hint = did_you_mean(unknown[0], slot.names)
                each.batch.failed(WorkerError(f"there is no verifier or rule {unknown[0]!r}{hint}"))
            else:
                known.append(each)
        return known

    def _next(self) -> list[Work]:
        """A share of the queue that keeps every process busy and no message large."""
        with self._room:
            most = min(_MOST_ITEMS, max(1, len(self._queue) // (2 * self._size)))
            taken: list[Work] = []
            size = 0
            while self._queue and len(taken) < most and size < _MOST_BYTES:
                taken.append(self._queue.popleft())
                size += len(taken[-1].attempt)
            self._room.notify_all()
        return taken

    def _watch(self, slot: Slot) -> None:
        """Wait for room in its pipe only while there is something to write."""
        if slot.unsent and slot.sink not in self._selector.get_map():
            self._selector.register(slot.sink, selectors.EVENT_WRITE, slot)
        elif not slot.unsent and slot.sink in self._selector.get_map():
            self._selector.unregister(slot.sink)

    def _listen(self) -> None:
        busy = any(not slot.idle for slot in self._slots)
        for key, _ in self._selector.select(_TICK_S if busy else None):
            slot = key.data
            if slot is None:
                os.read(self._wake_out, 4096)
            elif slot not in self._slots:
                continue  # lost earlier in this round
            elif key.fd == slot.sink:
                slot.send()
                self._watch(slot)
            else:
                self._hear(slot)

    def _hear(self, slot: Slot) -> None:
        try:
            for message in slot.messages():
                self._understand(slot, message)
        except _NOT_TO_BE_TRUSTED:
            self._lost(slot)

    def _understand(self, slot: Slot, message: Any) -> None:
        if "ruled" in message:
            for told in message["ruled"]:
                cpu_s, ruling = read_ruling(told)
                slot.took(cpu_s)
                self._ruled(slot, ruling)
            if message["leaving"] is not None:
                with self._room:
                    self._queue.extendleft(reversed(slot.gave_back(message["leaving"])))
        elif "broken" in message:
            self._error = WorkerError(message["broken"])
        elif slot.ready:
            raise ValueError("ready again without a word about the work in hand")
        else:
            slot.started(message["ready"], message["cpu_s"], message["pid"])
            self._false_starts = 0

    def _ruled(self, slot: Slot, ruling: Ruling) -> None:
        if slot.work[0].rule(ruling):
            slot.work.popleft().batch.finished_one()

    def _enforce(self) -> None:
        """Now and then, since asking the system for a process's clock costs as much as many rulings."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _TICK_S
        for slot in [slot for slot in self._slots if not slot.idle]:
            if slot.work and slot.cpu_s() > self._cpu_s:
                self._lost(slot, Ruling.undecided(f"killed after {self._cpu_s:g} s of CPU time"))
            elif slot.busy_s > (self._wall_s if slot.ready else _START_S):
                self._lost(slot, Ruling.undecided(f"killed after {self._wall_s:g} s", "infra"))

    def _lost(self, slot: Slot, ruling: Ruling | None = None) -> None:
        """Take a process away; the check it was at is blamed, the rest of its work goes back."""
        if ruling is not None:
            slot.kill()
            with suppress(*_NOT_TO_BE_TRUSTED):
                for message in slot.last_messages():
                    self._understand(slot, message)
        self._slots.remove(slot)
        for fd in (slot.source, slot.sink):
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        status = slot.end()
        if not slot.ready:
            self._false_start(status)
        elif slot.work:
            self._blame(slot, ruling, status)
        with self._room:
            self._queue.extendleft(reversed(slot.work))

    def _false_start(self, status: int) -> None:
        self._false_starts += 1
        if self._false_starts >= _FALSE_STARTS and self._error is None:
            self._error = WorkerError(
                f"worker processes do not start (exit status {status}); is memory_mb enough?"
            )

    def _blame(self, slot: Slot, ruling: Ruling | None, status: int) -> None:
        head = slot.work[0]
        head.losses += 1
        if ruling is None and head.losses < _LOSSES:
            return
        if ruling is None:
            outside = -status in _FROM_OUTSIDE
            how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            ruling = Ruling.undecided(f"worker lost: {how}", "infra" if outside else "informative")
        self._ruled(slot, ruling)

    def _give_up(self) -> None:
        """Leave no process behind and nobody waiting."""
        for slot in self._slots:
            slot.kill()
            slot.end()
        with self._room:
            self._error = self._error or WorkerError("the pool is closed")
            left = [*self._queue, *(work for slot in self._slots for work in slot.work)]
            self._queue.clear()
            self._slots.clear()
            self._room.notify_all()
        for work in left:
            work.batch.failed(self._error)
        self._selector.close()
        os.close(self._wake_out)
        os.close(self._wake_in)
