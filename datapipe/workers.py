"""Warm verifier processes that can be killed: one bad item costs that item, never its neighbours."""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from datapipe.worker_frames import encode
from datapipe.worker_slot import Work
from datapipe.worker_supervisor import Supervisor, WorkerError
from judges.attempt import Attempt
from judges.base import Ruling

__all__ = ["Job", "PoolSettings", "WorkerError", "WorkerPool"]

_AT_ONCE = 64
"""Jobs that are handed over before the next are put into messages, so that processes need not wait."""


@dataclass(frozen=True, slots=True)
class Job:
    """Checks to be run on an attempt, each by its name."""

    checks: tuple[str, ...]
    attempt: Attempt | bytes
    """Or what `encode` makes of its `to_json`."""

    def body(self) -> bytes:
        """The attempt as it travels."""
        return self.attempt if isinstance(self.attempt, bytes) else encode(self.attempt.to_json())


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """What a pool may use. Deadlines count for one check on one attempt."""

    size: int
    """Processes at most; they start when there is work for them."""
    folders: tuple[Path, ...] = ()
    """User folders of checks."""
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Parameters by check, as under `[checks.NAME]`."""
    memory_mb: int = 1024
    """Address space of a process, in MiB."""
    soft_s: float = 5.0
    """CPU seconds after which a check is broken off."""
    cpu_s: float = 15.0
    """CPU seconds after which its process is killed, since native code hears no alarm."""
    wall_s: float = 120.0
    """Seconds by the clock after which its process is killed."""
    queued: int = 4096
    """Attempts that may wait; `submit` blocks while there are more."""


class _Batch:
    """One submission: its future is done when the last of its distinct jobs is."""

    def __init__(self) -> None:
        self.future: Future[list[list[Ruling]]] = Future()
        self.future.set_running_or_notify_cancel()
        self._unique: dict[tuple[tuple[str, ...], bytes], Work] = {}
        self._order: list[Work] = []
        self._lock = threading.Lock()
        self._left = 1
        """Distinct jobs that are not done; and one for the submission, as long as more may come."""

    def add(self, jobs: Iterable[Job]) -> list[Work]:
        """Work on those of the jobs that are new and owe anything."""
        fresh: list[Work] = []
        for job in jobs:
            key = job.checks, job.body()
            work = self._unique.get(key)
            if work is None:
                work = self._unique[key] = Work(key[1], job.checks, batch=self)
                fresh += [] if work.finished else [work]
            self._order.append(work)
        with self._lock:
            self._left += len(fresh)
        return fresh

    def finished_one(self) -> None:
        """Called once for each distinct job, and once when all are added."""
        with self._lock:
            self._left -= 1
            over = self._left == 0
        if over and not self.future.done():
            self.future.set_result([list(each.rulings) for each in self._order])

    def failed(self, error: Exception) -> None:
        """No rulings will come."""
        if not self.future.done():
            self.future.set_exception(error)


class WorkerPool:
    """Processes that rule on attempts, one long-lived thread that watches over them, a bounded queue.

    Equal jobs of one submission are ruled on once. Threads may share a pool.
    """

    def __init__(self, settings: PoolSettings) -> None:
        self._supervisor = Supervisor(
            {
                "folders": [os.fspath(folder) for folder in settings.folders],
                "params": settings.params,
                "memory_mb": settings.memory_mb,
                "soft_s": settings.soft_s,
            },
            size=settings.size,
            cpu_s=settings.cpu_s,
            wall_s=settings.wall_s,
            queued=settings.queued,
        )
        # Children die with the thread that starts them, so that must be one that lives as long as the pool.
        self._thread = threading.Thread(target=self._supervisor.run, name="datapipe-workers", daemon=True)
        self._thread.start()

    def submit(self, jobs: Sequence[Job]) -> Future[list[list[Ruling]]]:
        """Rulings per job, in the order of its checks. Blocks while the queue is full.

        The future raises WorkerError where a check is unknown, the checks do not load or the pool closes.
        """
        batch = _Batch()
        for start in range(0, len(jobs), _AT_ONCE):
            if work := batch.add(jobs[start : start + _AT_ONCE]):
                self._supervisor.take(work)
        batch.finished_one()
        return batch.future

    def run(self, jobs: Sequence[Job]) -> list[list[Ruling]]:
        """Submit and wait."""
        return self.submit(jobs).result()

    @property
    def pids(self) -> Iterable[int]:
        """The processes that are running now."""
        return self._supervisor.pids

    def close(self) -> None:
        """Kill the processes; what was not ruled on raises WorkerError. May be called twice."""
        self._supervisor.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
