"""Answers and replies that stand only in journals, read while their run goes on, without its lock."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from datapipe.journal import read_lines
from datapipe.run import RunFolder, shard_of
from datapipe.shards import read_columns
from schemas.arrow import arrow_schema
from schemas.tables import TABLES

JOURNALLED = {"answers": b"answer", "replies": b"", "rewrite_replies": b""}
"""Tables whose rows are journalled, and the name that holds the row in a journal's line."""
_KEYS = {"answers": "answer_id", "replies": "reply_id", "rewrite_replies": "reply_id"}
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Journalled:
    """The rows of one table in the journals of a run, by lane and shard."""

    table: str
    rows: dict[tuple[str, int], pa.Table]

    def beside(self, run: RunFolder) -> pa.Table:
        """Those that no part holds. `run` must have read no manifest before the journals were read: a row
        goes into a part first and out of its journal then."""
        key, left = _KEYS[self.table], [_loose(arrow_schema(TABLES[self.table])).empty_table()]
        for (lane, shard), rows in self.rows.items():
            stored = [
                row[key]
                for part in run.parts(self.table, lane, shard)
                for row in read_columns(run.part_path(self.table, lane, part), [key])
            ]
            left.append(rows.filter(pc.invert(pc.is_in(rows[key], pa.array(stored, pa.string())))))
        return pa.concat_tables(left)


def journalled(run: Path, table: str) -> Journalled:
    """What the journals hold at this moment; lines that are torn, damaged or late are left out."""
    rows = {
        (path.parent.name.removeprefix("lane="), shard_of(path.stem)): _table(path, table)
        for path in sorted(run.glob(f"_journal/{table}/lane=*/*.jsonl"))
    }
    return Journalled(table, {place: found for place, found in rows.items() if len(found)})


def _table(path: Path, table: str) -> pa.Table:
    """The rows of a journal, each once."""
    schema, bodies = arrow_schema(TABLES[table]), list(_bodies(path, table))
    if not bodies:
        return schema.empty_table()
    parsed = pj.read_json(
        io.BytesIO(b"\n".join(bodies)),
        read_options=pj.ReadOptions(block_size=_BLOCK + 2 * max(map(len, bodies))),
        parse_options=pj.ParseOptions(explicit_schema=_loose(schema), unexpected_field_behavior="ignore"),
    )
    key = _KEYS[table]
    numbered = parsed.select([key]).append_column("place", pa.array(range(len(parsed))))
    places = numbered.group_by(key).aggregate([("place", "min")])["place_min"]
    if len(places) < len(parsed):
        parsed = parsed.take(places.combine_chunks().sort())
    return parsed.select(schema.names).cast(_loose(schema))


def _bodies(path: Path, table: str) -> Iterator[bytes]:
    """JSON of every row; with its defaults, where a former version left them out."""
    model, kind = TABLES[table], JOURNALLED[table]
    for line in read_lines(path):
        if line.state == "whole" and (body := line.row(kind)) is not None:
            yield body if line.start else model.model_validate_json(body).model_dump_json().encode()


def _loose(schema: pa.Schema) -> pa.Schema:
    """The same columns, each of which may be null."""
    return pa.schema([field.with_nullable(True) for field in schema])
