"""A shard goes back to be answered for as long as a decision asks for it, and holds up no other."""

from collections.abc import Collection
from concurrent.futures import Future
from threading import Event

import pytest

from datapipe.context import Shard
from datapipe.pipeline import PLAN
from datapipe.sliding import Sliding, nothing

STAGES = next(phase.stages for phase in PLAN if "decide" in phase.stages)
ROUND = ["answer", "screen", "decide"]


def shard(number: int) -> Shard:
    return Shard("verifiable", number)


class Driven:
    """Stages that end at once, those of a `slow` shard when nothing else is left to do."""

    def __init__(self, rounds: dict[int, int], fail: str = "", slow: int | None = None) -> None:
        self.left, self.fail, self.slow = dict(rounds), fail, slow
        self.done: list[tuple[str, int]] = []
        self.held: list[Future[object]] = []
        self.abort = Event()

    def submit(self, stage: str, shard: Shard | None) -> "Future[object]":
        assert shard is not None
        self.done.append((stage, shard.number))
        future: Future[object] = Future()
        if stage == self.fail:
            future.set_exception(ValueError(stage))
        elif shard.number == self.slow and stage == "answer":
            self.held.append(future)
        else:
            future.set_result([shard] if stage == "decide" and self._more(shard.number) else [])
        if self.held and len({each for _, each in self.done}) == 6:
            self.held.pop().set_result([])
        return future

    def _more(self, number: int) -> bool:
        self.left[number] = self.left.get(number, 1) - 1
        return self.left[number] > 0

    def take(self, count: int, window: int = 2, behind: int | None = None) -> list[tuple[str, int]]:
        def needs(of: Shard) -> Collection[Shard]:
            return [shard(number) for number in range(of.number - (behind or 0))]

        wanted = nothing if behind is None else needs
        Sliding(STAGES, window, self.submit, wanted, abort=self.abort).take([shard(n) for n in range(count)])
        return self.done


def test_a_shard_is_answered_screened_and_decided_once_a_round() -> None:
    done = Driven({1: 3}).take(3)
    assert [stage for stage, number in done if number == 0] == [*ROUND, "rate"]
    assert [stage for stage, number in done if number == 1] == [*ROUND * 3, "rate"]
    assert len(done) == 2 * 4 + 10


def test_a_shard_of_many_rounds_holds_up_no_other() -> None:
    done = Driven({0: 9}).take(3)
    assert done.index(("rate", 2)) < done.index(("rate", 0))


def test_a_shard_decides_when_those_it_learns_from_are_through() -> None:
    done = Driven({0: 5, 1: 2}).take(6, behind=2)
    for number in range(3, 6):
        assert done.index(("decide", number)) > done.index(("rate", number - 3))


def test_who_waits_holds_no_slot() -> None:
    """Shard 0 is answered last of all: what may not decide before it is answered none the less."""
    done = Driven({}, slow=0).take(6, window=2, behind=2)
    assert {number for stage, number in done[: done.index(("screen", 0))] if stage == "answer"} == {*range(6)}
    assert done.index(("decide", 3)) > done.index(("rate", 0))
    assert len(done) == 6 * 4


def test_an_error_ends_the_handing_out() -> None:
    driven = Driven({}, fail="screen")
    with pytest.raises(ValueError, match="screen"):
        driven.take(3)
    assert driven.abort.is_set()
    assert ("answer", 2) not in driven.done
