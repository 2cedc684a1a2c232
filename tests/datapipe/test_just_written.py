"""Rows that were just written: told once, the very ones of the file, and never many."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc
import pytest

from datapipe import just_written
from datapipe.errors import DamagedPart
from datapipe.just_written import JustWritten
from datapipe.pipeline import run_stage
from datapipe.run import Run, RunFolder
from datapipe.shards import Entry
from schemas.rows import LANES, Answer, Question, Turn
from tests.support import opened, settings

PLACE = ("answers", "verifiable", "part-00000-r00")


def answer(name: str) -> Answer:
    return Answer(
        answer_id=name,
        request_id="r",
        question_id="q",
        policy_id="p",
        lane="verifiable",
        format="plain",
        index=0,
        round=0,
        messages_id="m",
        turns=[Turn(role="assistant", content=name, thinking="why")],
        raw=name,
        layout="none",
        finish_reason="stop",
    )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(settings(tmp_path))
    yield made
    made.close()


def told(run: RunFolder) -> list[Answer]:
    return list(run.read_part("answers", Answer, PLACE[1], PLACE[2]))


def test_rows_just_written_are_told_once_and_are_those_of_the_file(run: Run) -> None:
    rows = [answer("a"), answer("b")]
    run.commit("answers", "verifiable", PLACE[2], rows)
    first = told(run)
    assert all(one is other for one, other in zip(first, rows, strict=True))
    second = told(run)
    assert second == rows == told(RunFolder(run.path))
    assert not any(one is other for one, other in zip(second, rows, strict=True))


def test_seeds_are_told_to_the_stage_that_comes_next_as_they_are_in_their_file(tmp_path: Path) -> None:
    with opened(settings(tmp_path)) as ctx:
        run_stage(ctx, "seeds")
        for lane in LANES:
            (part,) = ctx.run.parts("seeds", lane)
            path = ctx.run.part_path("seeds", lane, part)
            path.rename(path.with_suffix(".away"))
            rows = list(ctx.run.read_part("seeds", Question, lane, part))
            path.with_suffix(".away").rename(path)
            assert rows == list(RunFolder(ctx.run.path).read_part("seeds", Question, lane, part)) != []


def test_rows_that_a_condition_selects_come_from_the_file(run: Run) -> None:
    run.commit("answers", "verifiable", PLACE[2], [answer("a"), answer("b")])
    where = pc.field("answer_id") == "b"
    assert list(run.read_part("answers", Answer, PLACE[1], PLACE[2], where)) == [answer("b")]


def test_a_part_that_is_retired_or_replaced_is_not_told_by_its_former_rows(run: Run) -> None:
    run.commit("answers", "verifiable", PLACE[2], [answer("a")])
    run.commit("answers", "verifiable", PLACE[2], (row for row in [answer("b")]))
    assert told(run) == [answer("b")]
    run.commit("answers", "verifiable", PLACE[2], [answer("c")])
    run.retire("answers", "verifiable", [PLACE[2]])
    with pytest.raises(DamagedPart, match="not there"):
        told(run)


def entry(sha: str, rows: int = 1, size: int = 1) -> Entry:
    return Entry(rows=rows, bytes=size, sha256=sha)


def test_rows_of_another_file_are_not_told() -> None:
    held = JustWritten()
    held.keep(PLACE, entry("one"), [answer("a")])
    assert held.take(PLACE, entry("other")) is None
    assert held.take(PLACE, entry("one")) is None


@pytest.mark.parametrize("big", [{"rows": just_written.ROWS}, {"size": just_written.BYTES}])
def test_the_oldest_go_where_there_are_many(big: dict[str, int]) -> None:
    held, other = JustWritten(), ("answers", "verifiable", "part-00001-r00")
    held.keep(PLACE, entry("a"), [answer("a")])
    held.keep(other, entry("b", **big), [answer("b")])
    assert held.take(PLACE, entry("a")) is None
    assert held.take(other, entry("b", **big)) == [answer("b")]


@pytest.mark.parametrize("big", [{"rows": just_written.ROWS + 1}, {"size": just_written.BYTES + 1}])
def test_one_part_that_is_too_large_is_not_held(big: dict[str, int]) -> None:
    held = JustWritten()
    held.keep(PLACE, entry("a", **big), [answer("a")])
    assert held.take(PLACE, entry("a", **big)) is None
