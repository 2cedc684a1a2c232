"""A shard goes back to be answered for as long as a decision asks for it, and holds up no other."""

from concurrent.futures import Future
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from datapipe.context import Shard
from datapipe.pipeline import PLAN, _slide

STAGES = next(phase.stages for phase in PLAN if "decide" in phase.stages)
SHARDS = [Shard("verifiable", number) for number in range(3)]


def driven(rounds: dict[int, int], window: int = 2, fail: str = "") -> list[tuple[str, int]]:
    """(stage, shard) in the order handed out, where shards are asked in so many rounds."""
    done: list[tuple[str, int]] = []
    left = dict(rounds)

    def submit(stage: str, shard: Shard | None) -> "Future[object]":
        assert shard is not None
        done.append((stage, shard.number))
        future: Future[object] = Future()
        if stage == fail:
            future.set_exception(ValueError(stage))
            return future
        if stage == "decide":
            left[shard.number] = left.get(shard.number, 1) - 1
        future.set_result(stage == "decide" and left[shard.number] > 0)
        return future

    ctx: Any = SimpleNamespace(settings=SimpleNamespace(window=window), abort=Event())
    _slide(ctx, STAGES, SHARDS, submit)
    return done


def test_a_shard_is_answered_screened_and_decided_once_a_round() -> None:
    done = driven({1: 3})
    assert [stage for stage, shard in done if shard == 0] == ["answer", "screen", "decide", "rate"]
    assert [stage for stage, shard in done if shard == 1] == [*["answer", "screen", "decide"] * 3, "rate"]
    assert len(done) == 2 * 4 + 10


def test_a_shard_of_many_rounds_holds_up_no_other() -> None:
    done = driven({0: 9})
    assert done.index(("rate", 2)) < done.index(("rate", 0))


def test_an_error_ends_the_handing_out() -> None:
    with pytest.raises(ValueError, match="screen"):
        driven({}, fail="screen")
