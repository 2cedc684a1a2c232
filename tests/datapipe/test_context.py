"""A context that cannot be made leaves its run to others."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import psutil
import pytest

from datapipe import answer, context, loop
from datapipe.context import Context
from datapipe.errors import LeaseHeld, StoreError
from datapipe.lease import held
from datapipe.pausing import insist
from datapipe.pipeline import run_stage
from datapipe.workers import WorkerPool
from tests import support
from tests.support import settings


@pytest.mark.parametrize("part", ["Floors", "FirstRounds", "Budget"])
@pytest.mark.parametrize("end", [StoreError("a damaged part"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
def test_a_context_that_fails_gives_its_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, end: BaseException
) -> None:
    config = settings(tmp_path, pause_s=1)
    folder, tries = config.folder, list[int]()

    def fail(*_: Any) -> None:
        assert held(folder)
        raise end

    def full() -> None:
        tries.append(1)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(f"datapipe.context.{part}", fail)
        with pytest.raises(type(end)):
            Context(config)
    assert not held(folder)
    with pytest.raises(StoreError, match="cannot be written"):
        insist(folder / "x", full)
    assert tries == [1]  # nobody is left who would wait for it
    with Context(config) as ctx:
        assert ctx.run.lease.before["released"]


def test_a_stage_that_is_about_to_ask_when_the_run_is_ended_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would start another loop, and wait for an answer of it, while nobody is left who would stop it."""
    config = settings(tmp_path, faults={"slow": 1.0, "slow_s": 600.0})
    support.write_jsonl(tmp_path / "questions.jsonl", support.both_lanes())
    requests_of = answer.requests_of
    with Context(config) as ctx:

        def just_before(*asked: Any) -> Any:
            ctx.stop()
            return requests_of(*asked)

        monkeypatch.setattr(answer, "requests_of", just_before)
        for stage in ("seeds", "dedup"):
            run_stage(ctx, stage)
        with pytest.raises(loop.LoopStopped):
            run_stage(ctx, "answer", ctx.shards("verifiable")[0])


@pytest.mark.slow
def test_a_new_run_has_its_workers_before_its_checks_and_another_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, made, seen = settings(tmp_path), list[WorkerPool](), list[int]()
    start, load = WorkerPool.__init__, context.catalog

    def starting(pool: WorkerPool, *given: Any) -> None:
        made.append(pool)
        start(pool, *given)

    def loading(*given: Any) -> Any:
        seen.append(len(made))
        return load(*given)

    monkeypatch.setattr(WorkerPool, "__init__", starting)
    monkeypatch.setattr(context, "catalog", loading)
    with Context(config, ahead=True) as ctx:
        assert (seen, ctx.pool) == ([1], made[0])
        run_stage(ctx, "seeds")
    with Context(config, ahead=True) as ctx:
        assert "pool" not in ctx.__dict__
    assert len(made) == 1


@pytest.mark.slow
def test_workers_that_were_started_ahead_end_with_a_run_that_cannot_be_opened(tmp_path: Path) -> None:
    config = settings(tmp_path)
    before = set(psutil.Process().children())
    with Context(config):
        shutil.rmtree(config.folder / "_manifests", ignore_errors=True)
        with pytest.raises(LeaseHeld):
            Context(config, ahead=True)
    assert set(psutil.Process().children()) <= before
