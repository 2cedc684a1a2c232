"""Warm verifier processes that can be killed: one bad item costs that item, never its neighbours."""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from datapipe.worker_child import serve
from datapipe.worker_frames import encode
from datapipe.worker_slot import Work
from datapipe.worker_supervisor import Supervisor, WorkerError
from judges.attempt import Attempt
from judges.base import Ruling

__all__ = ["Job", "PoolSettings", "WorkerError", "WorkerPool"]


@dataclass(frozen=True, slots=True)
class Job:
    """Checks to be run on an attempt, each by its name."""

    checks: tuple[str, ...]
    attempt: Attempt


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

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.future: Future[list[list[Ruling]]] = Future()
        self.future.set_running_or_notify_cancel()
        unique: dict[tuple[tuple[str, ...], bytes], Work] = {}
        keys = [(job.checks, encode(job.attempt.to_json())) for job in jobs]
        for checks, attempt in keys:
            unique.setdefault((checks, attempt), Work(attempt, checks, batch=self))
        self.work = [work for work in unique.values() if not work.finished]
        self._order = [unique[key] for key in keys]
        self._left = len(self.work)

        if not self.work:
            self._done()

    def finished_one(self) -> None:
        """Called once for each distinct job."""
        self._left -= 1
        if self._left == 0 and not self.future.done():
            self._done()

    def _done(self) -> None:
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
        batch = _Batch(jobs)
        if batch.work:
            self._supervisor.take(batch.work)
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


if __name__ == "__main__":
    serve()
