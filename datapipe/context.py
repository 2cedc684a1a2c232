"""What the stages of one run share: its folder, its checks, its models and its verifier processes."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self

from datapipe import loop
from datapipe.backends.base import Backend
from datapipe.budget import Budget
from datapipe.config import RunConfig
from datapipe.endpoints import Endpoints
from datapipe.errors import Aborted
from datapipe.journal import ASIDE
from datapipe.luck import Floors
from datapipe.models import backend_of
from datapipe.pausing import Patience
from datapipe.policies import policy_of
from datapipe.preflight import preflight
from datapipe.priors import FirstRounds
from datapipe.progress import Progress
from datapipe.run import Run, shard_of
from datapipe.server_state import summary
from datapipe.usage import record_servers, record_usage
from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.attempt import Attempt
from judges.catalog import AnyCheck, catalog
from schemas.rows import Lane

_ALWAYS_THERE = "garbled"
"""A check that no configuration takes away."""
MakeBackend = Callable[[RunConfig, str], Backend]


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Some hundreds of questions of one lane, the unit that stages work on."""

    lane: Lane
    number: int

    def __str__(self) -> str:
        return f"{self.lane} shard {self.number:05d}"


class Context:
    """Opens a run and everything it needs; closing gives it all back. Use with `with`."""

    def __init__(
        self,
        config: RunConfig,
        *,
        lanes: Sequence[Lane] | None = None,
        note: dict[str, Any] | None = None,
        progress: Progress | None = None,
        backend: MakeBackend = backend_of,
        ahead: bool = False,
    ) -> None:
        """With `ahead`, a new run's verifier processes load while this one does."""
        self.settings = config
        self.lanes: list[Lane] = [lane for lane in config.lanes if lanes is None or lane in lanes]
        """The lanes that this process works on."""
        self.progress = progress or Progress()
        self.abort = Event()
        """Set when the run is to end: stages stop at the next answer."""
        self._backend = backend
        self._opened: list[Backend] = []
        self.tried: set[str] = set()
        """Requests and parts of verdicts that this process lost something of: each run tries them once,
        however often a shard is gone through."""
        try:
            if ahead and not (config.folder / "_manifests").exists():
                self._start_workers()
            self._open_run(note)
        except BaseException:
            self._close_pool()
            raise

    def _open_run(self, note: dict[str, Any] | None) -> None:
        config = self.settings
        folders = tuple(Path(folder) for folder in config.screen.folders)
        # Before the lease is taken: what stops the run now is not saved as its newest configuration.
        self.checks: dict[str, AnyCheck] = dict(catalog(folders, config.checks))
        for role in preflight(config, self.lanes, self.checks):
            # Made at once, since only then is a bad URL or a key that is not set found; connects to nothing.
            _ = self.judge if role == "judge" else self.generator
        self._patience = Patience(config.folder, config.pause_s, self.abort, self.progress.pause)
        self._patience.open()
        try:
            self.run = Run(config, note)
        except BaseException:
            self._patience.close()
            raise
        try:
            self.floors = Floors(self.run)
            self.first_rounds = FirstRounds(self.run)
            self.budget = Budget(self.run, config.spend.budget, config.generate.concurrency)
        except BaseException:
            self._patience.close()
            self.run.close()
            raise
        for path in self.run.missing:
            self.progress.note(f"{path}: gone, and made again")
        for path in self.run.orphans:
            self.progress.note(f"{path}: no manifest names it, so it was moved here")
        for path, bad in self.run.mended.items():
            told = " and ".join(f"{count} {state}" for state, count in sorted(bad.items()))
            self.progress.note(
                f"{path}: {told} lines were moved to {path.name}{ASIDE}; their work is owed again"
            )

    @cached_property
    def generator(self) -> Backend:
        return self._open("generate")

    @cached_property
    def judge(self) -> Backend:
        return self._open("judge")

    @cached_property
    def pool(self) -> WorkerPool:
        """Started with the first verdict that is owed, or ahead of it."""
        config = self.settings
        folders = tuple(Path(folder) for folder in config.screen.folders)
        return WorkerPool(PoolSettings(**config.workers.model_dump(), folders=folders, params=config.checks))

    def shards(self, lane: Lane) -> list[Shard]:
        """The shards of a lane, in order; none of a lane that is left out."""
        if lane not in self.lanes:
            return []
        return [Shard(lane, shard_of(part)) for part in self.run.parts("questions", lane)]

    def go_on(self) -> None:
        """Raise Aborted where the run is to end, LeaseHeld where it is another process's by now."""
        if self.run.lease.taken.is_set():
            self.run.lease.check()
        if self.abort.is_set():
            raise Aborted("the run was told to end; what is finished is stored, run again to go on")

    def current_policy(self, lane: Lane) -> str:
        """The policy_id of the configured generator."""
        return policy_of(lane, self.settings.generate).policy_id

    def note_usage(self) -> None:
        """Keep what the servers were sent by this owner: no answer tells of the tries that were lost."""
        for role in ("generator", "judge"):
            backend = self.__dict__.get(role)
            if isinstance(backend, Endpoints):
                record_usage(self.run.path, self.run.lease.token, role, backend.snapshot())
                record_servers(self.run.path, self.run.lease.token, role, backend.tallies())

    def stop(self) -> None:
        """End at once what stages wait for, so that they end too: models, then verifier processes."""
        self.abort.set()
        loop.stop()
        self._close_pool()

    def close(self) -> None:
        for backend in self._opened:
            loop.run(backend.close())
        self._close_pool()
        self._patience.close()
        self.run.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start_workers(self) -> None:
        """A process starts with the work for it, so each is given some; nobody waits for what it says."""
        most = min(self.settings.workers.size, os.cpu_count() or 1)
        self.pool.submit([Job((_ALWAYS_THERE,), Attempt.asking(str(number))) for number in range(most)])

    def _close_pool(self) -> None:
        if "pool" in self.__dict__:
            self.pool.close()

    def _open(self, role: str) -> Backend:
        backend = self._backend(self.settings, role)
        if isinstance(backend, Endpoints):
            backend.note, backend.ended = self.progress.note, self.abort.is_set
            self.progress.watched.append(lambda: summary(backend.settings.role, backend.servers()))
        self._opened.append(backend)
        return backend
