"""Speed of writing and reading shards against pyarrow and polars on the same rows."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.gates import Measured, held, paired

from datapipe.shards import read_rows, read_table, write_part, write_tables
from schemas.arrow import arrow_schema
from schemas.ids import content_id
from schemas.rows import Answer, Turn

Work = Callable[[], object]
ROWS, SENTENCE = 20_000, "So the sum of {} and {} is what we need, and it comes to {}. "
GATES = {
    "write a table / pyarrow write_table": 0.5,
    "write a table / polars write_parquet": 0.4,
    "write rows / pyarrow from_pylist and write_table": 0.25,
    "read a table / pyarrow read_table": 0.5,
    "read a table / polars read_parquet": 0.5,
    "read rows / pyarrow read_table and to_pylist": 0.15,
}
"""Ours is synced to the disk, hashed, and held against its schema; the others are not."""


def measure(folder: Path, pairs: int) -> Iterator[Measured]:
    """Each of ours against each of theirs, in files of 20,000 answers of about 2 KB."""
    for (name, gate), (ours, theirs) in zip(GATES.items(), _work(folder), strict=True):
        yield held(name, paired(partial(_speed, ours), partial(_speed, theirs), pairs), gate)


def _work(folder: Path) -> Iterator[tuple[Work, Work]]:
    """Ours and theirs, in the order of the gates."""
    schema, tmp = arrow_schema(Answer), folder / "tmp"
    ours, theirs, stored = (folder / f"{name}.parquet" for name in ("ours", "theirs", "stored"))
    rows = [_answer(number) for number in range(ROWS)]
    records = [row.model_dump() for row in rows]
    table = pa.Table.from_pylist(records, schema=schema)
    frame = pl.DataFrame(table)
    entry = write_part(stored, Answer, rows, tmp)

    def arrow(made: pa.Table) -> None:
        pq.write_table(made, theirs, compression="zstd", compression_level=3)

    def polars() -> None:
        frame.write_parquet(theirs, compression="zstd", compression_level=3)

    yield lambda: write_tables(ours, Answer, [table], tmp), lambda: arrow(table)
    yield lambda: write_tables(ours, Answer, [table], tmp), polars
    yield (
        lambda: write_part(ours, Answer, rows, tmp),
        lambda: arrow(pa.Table.from_pylist(records, schema=schema)),
    )
    yield lambda: read_table(stored, Answer, entry), lambda: pq.read_table(stored)
    yield lambda: read_table(stored, Answer, entry), lambda: pl.read_parquet(stored)
    yield lambda: list(read_rows(stored, Answer, entry)), lambda: pq.read_table(stored).to_pylist()


def _speed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return ROWS / (time.perf_counter() - start)


def _answer(number: int) -> Answer:
    """A row with text that compresses like text."""
    identity = content_id("bench", number)
    thinking = "".join(SENTENCE.format(number, k, number * k) for k in range(number % 40))
    turn = Turn(
        role="assistant", content=f"The answer is {number}.", thinking=thinking, tokens=len(thinking) // 4
    )
    return Answer(
        answer_id=identity,
        request_id=content_id("request", number),
        question_id=content_id("question", number // 4),
        policy_id=content_id("policy"),
        lane="verifiable",
        format="plain",
        index=number % 4,
        round=0,
        messages_id=content_id("messages", number // 4),
        turns=[turn],
        raw=f"<think>{thinking}</think>The answer is {number}.",
        layout="tags",
        finish_reason="stop",
        completion_tokens=turn.tokens,
        latency_s=number / 7,
    )
