"""One Prefect task per stage and shard, and the way a stage is done where Prefect cannot do it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.states import Completed, Failed

from datapipe import loop
from datapipe.context import Context, Shard
from datapipe.pipeline import PLAN, run_stage
from flows.view import GONE, log

_UNHEARD_S = (0, 1, 2, 4, 8)
"""Seconds before each look for a task run that the server has not heard of."""


class Work:
    """One stage over one shard, done once, by whoever comes first. Prefect passes it on unread."""

    def __init__(self, stage: str, shard: Shard | None, do: Callable[[], object], where: str) -> None:
        self.stage, self.shard, self.where = stage, shard, where
        self.outcome: Future[object] = Future()
        self._do = do
        self._claim = threading.Lock()

    @property
    def started(self) -> bool:
        return self._claim.locked()

    def run(self) -> None:
        """Do it, unless somebody has begun; what it raises is in `outcome`."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            self.outcome.set_result(self._do())
        except BaseException as error:  # noqa: BLE001  # `outcome` hands it to whoever waits
            self.outcome.set_exception(error)

    def drop(self) -> None:
        """See that it is not begun any more."""
        if self._claim.acquire(blocking=False):
            self.outcome.cancel()
            self.outcome.set_running_or_notify_cancel()  # or who waits for it is not told

    def __str__(self) -> str:
        return f"{self.stage} {self.shard.lane} {self.shard.number:05d}" if self.shard else self.stage


# A fault of one request is the backend's to try again, and one of a verifier process the pool's. What is
# left is the death of this process, after which the same run is started again: a task has no retries.
@task(name="stage", cache_policy=NO_CACHE, persist_result=False, retries=0)
def stage_task(work: Work) -> str:
    """Do one stage; returns where its rows are."""
    work.run()
    work.outcome.result()
    return work.where


class Tasks:
    """Hands stages to Prefect's task runner. Those it does not get done are done in this process.

    Leaving it waits for the stages that run; an interrupt ends them at once, and drops the others.
    """

    def __init__(self, ctx: Context) -> None:
        self.lost = threading.Event()
        """Set by whoever notices that the Prefect server is gone: stages then go past it."""
        self.done = 0
        self._ctx = ctx
        self._works: set[Work] = set()
        self._seen: set[tuple[str, Shard | None]] = set()
        self._repeated = 0
        self._lock = threading.Lock()
        self._spare = ThreadPoolExecutor(ctx.settings.window, thread_name_prefix="datapipe-spare")

    @property
    def planned(self) -> int:
        """How many stages of the plan there are, as far as the shards are known."""
        shards = sum(len(self._ctx.shards(lane)) for lane in self._ctx.lanes)
        once = sum(len(phase.stages) * (shards if phase.scope == "shard" else 1) for phase in PLAN)
        return once + self._repeated

    def submit(self, stage: str, shard: Shard | None) -> "Future[object]":
        """Hand out a stage of the plan, which a shard may go through again; returns at once."""
        self._repeated += (stage, shard) in self._seen
        self._seen.add((stage, shard))
        return self.hand_out(stage, shard, lambda: run_stage(self._ctx, stage, shard))

    def hand_out(self, stage: str, shard: Shard | None, do: Callable[[], object]) -> "Future[object]":
        """Hand out anything as a stage; returns at once."""
        work = Work(stage, shard, do, str(self._ctx.run.path))
        with self._lock:
            self._works.add(work)
        work.outcome.add_done_callback(lambda _: self._finished(work))
        if self.lost.is_set():
            self._spare.submit(work.run)
        else:
            tags = [stage, shard.lane] if shard else [stage]
            named = stage_task.with_options(name=stage, task_run_name=str(work), tags=tags)
            # Prefect gives a task up before it began where the server does not say that it may. One on SQLite
            # answers 503 to that question whenever something else writes, and a client asks a few times only.
            named.submit(work).add_done_callback(lambda future: self._given_up(work, future.task_run_id))
        return work.outcome

    def take_over(self) -> None:
        """Begin what was handed to Prefect and has not begun."""
        with self._lock:
            works = list(self._works)
        self._take_over(works)

    def _take_over(self, works: list[Work]) -> None:
        for work in works:
            if not work.started:
                self._spare.submit(work.run)

    def _given_up(self, work: Work, task_run_id: UUID) -> None:
        if not work.started:
            self._spare.submit(self._stand_in, work, task_run_id)

    def _stand_in(self, work: Work, task_run_id: UUID) -> None:
        """Do what Prefect gave up, and see that it is shown as done; its task run would pend for ever."""
        work.run()
        if self.lost.is_set() or work.outcome.cancelled():
            return
        error = work.outcome.exception()
        note = "done in the flow's process after Prefect had given the task up"
        state: State[Any] = Failed(message=str(error)) if error else Completed(message=note)
        try:
            _show(task_run_id, str(work), state)
        except GONE as gone:
            log().warning("Prefect does not show how %s ended: %r", work, gone)

    def _finished(self, work: Work) -> None:
        with self._lock:
            self._works.discard(work)
            self.done += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._ctx.abort.set()
            if not isinstance(error, Exception):
                # Threads that wait for a model would hold the process for as long as the slowest answer.
                loop.stop()
        with self._lock:
            left: list[Work] = list(self._works)
        for work in left:
            work.drop()
        waiting: list[Future[Any]] = [work.outcome for work in left]
        wait(waiting)
        self._spare.shutdown()


def _show(task_run_id: UUID, name: str, state: State[Any]) -> None:
    """Name a task run and set its state. The server hears of a task run by an event, maybe after us."""
    for seconds in _UNHEARD_S:
        time.sleep(seconds)
        try:
            with get_client(sync_client=True) as client:
                client.set_task_run_state(task_run_id, state, force=True)
                client.set_task_run_name(task_run_id, name)
                return
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
    raise PrefectException(f"the server has not heard of it in {sum(_UNHEARD_S)} s")
