"""Ask each question once: exact duplicates by normalised text go, and so do references in conflict."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from datapipe.normal import keys
from datapipe.run import Run, part_name, shard_of
from datapipe.shards import read_columns
from schemas.ids import content_id, plain_id
from schemas.rows import LANES, Duplicate, Lane, Question

Same = Callable[[str, str], bool]
"""Whether two references, canonical JSON texts, ask for the same answer."""


def dedup(run: Run, same: Same, told_by: Sequence[str] = ()) -> Counter[str]:
    """Fill `questions` (in shards that stay as they are when input is added) and `duplicates`.

    `told_by` names the versions of the verifiers behind `same`: another one may tell otherwise.
    """
    seeds = [run.fingerprint("seeds", lane) for lane in LANES]
    inputs = content_id("dedup", *seeds, run.settings.shard_size, sorted(told_by))
    if not all(run.done("duplicates", lane, part_name(0), inputs) for lane in LANES):
        rows = _Seeds(run)
        frame = _judge(_frame(rows), same)
        for lane in LANES:
            run.manifest("duplicates", lane).remove(part_name(0))
            _write_lane(rows, lane, frame.filter(pl.col("lane") == lane), inputs)
    return Counter(
        questions=sum(run.rows("questions", lane) for lane in LANES),
        **{k: sum(run.counts("duplicates", lane, k) for lane in LANES) for k in ("exact", "gold_conflict")},
    )


def _frame(seeds: "_Seeds") -> pl.DataFrame:
    """One light row a seed, verifiable lane first: a question with a reference stands for one without."""
    parts = [(lane, shard_of(part)) for lane in LANES for part in seeds.run.parts("seeds", lane)]
    # A frame a part: its texts take a third of the memory that they take as Python objects.
    frames = [pl.DataFrame(_light(seeds, *each), schema=_COLUMNS, orient="row") for each in parts]
    return pl.concat([pl.DataFrame(schema=_COLUMNS), *frames]).with_row_index("order")


def _light(seeds: "_Seeds", lane: Lane, part: int) -> list[tuple[str | int | None, ...]]:
    return [
        (lane, part, place, row.question_id, *keys(row), row.reference)
        for place, row in enumerate(seeds.rows(lane, part))
    ]


_HELD_BYTES = 2 * 2**20
"""Of files whose rows are held; in memory these are many times as much."""
_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "lane": pl.Enum(LANES),
    "part": pl.Int32,
    "place": pl.Int32,
    "question_id": pl.String,
    "loose": pl.String,
    "strict": pl.String,
    "reference": pl.String,
}


def _judge(frame: pl.DataFrame, same: Same) -> pl.DataFrame:
    """Adds `relation` (null where the row stands) and `representative`."""
    frame = frame.with_columns(pl.col("lane").cast(pl.String))
    grouped = frame.filter(pl.len().over("loose") > 1)
    alone = frame.filter(pl.len().over("loose") == 1).with_columns(
        pl.lit(None, pl.String).alias("relation"), pl.col("question_id").alias("representative")
    )
    said = [
        row for group in grouped.partition_by("loose", maintain_order=True) for row in _group(group, same)
    ]
    words = pl.DataFrame(said, orient="row", schema={"order": pl.UInt32, **_SAID})
    index = frame.schema["order"]
    grouped = grouped.join(words.with_columns(pl.col("order").cast(index)), on="order")
    return pl.concat([alone, grouped.select(alone.columns)]).sort("order")


_SAID = {"relation": pl.String, "representative": pl.String}


def _group(group: pl.DataFrame, same: Same) -> Iterator[tuple[int, str | None, str]]:
    """(order, relation, representative) of each row of one group of equal loose keys.

    Texts equal to the letter must agree on their reference. Texts that differ in case alone are one
    question where their references agree, and two where they do not ("count the a" is not "count the A").
    """
    standing: list[tuple[str, str | None]] = []
    for strict in group.partition_by("strict", maintain_order=True):
        rows = strict.select("order", "question_id", "reference").rows()
        _, first, _ = rows[0]
        references = list(dict.fromkeys(r for _, _, r in rows if r is not None))
        if any(not same(references[0], other) for other in references[1:]):
            yield from ((order, "gold_conflict", first) for order, _, _ in rows)
            continue
        reference = references[0] if references else None
        match = next((q for q, r in standing if reference is None or r is None or same(r, reference)), None)
        if match is None:
            standing.append((first, reference))
        for place, (order, _, _) in enumerate(rows):
            stands = match is None and place == 0
            yield order, None if stands else "exact", match or first


def _write_lane(seeds: "_Seeds", lane: Lane, frame: pl.DataFrame, inputs: str) -> None:
    run = seeds.run
    standing = frame.filter(pl.col("relation").is_null())
    placed = _placed(run, lane)
    shards = _shards(standing["question_id"].to_list(), placed, run.settings.shard_size)
    by_id = dict(
        zip(standing["question_id"], zip(standing["part"], standing["place"], strict=True), strict=True)
    )
    for shard, ids in sorted(shards.items()):
        rows = [seeds.get(lane, *by_id[each]) for each in ids]
        made_from = plain_id("shard", rows)
        if not run.done("questions", lane, part_name(shard), made_from):
            run.commit("questions", lane, part_name(shard), rows, made_from)
    withdrawn = _retire(run, lane, set(shards))
    gone = frame.filter(pl.col("relation").is_not_null())
    run.commit(
        "duplicates",
        lane,
        part_name(0),
        (
            _duplicate(seeds.get(lane, part, place), relation, rep)
            for part, place, relation, rep in _words(gone)
        ),
        inputs,
        counts={**Counter(gone["relation"].to_list()), "withdrawn": withdrawn},
    )


def _words(gone: pl.DataFrame) -> list[tuple[int, int, str, str]]:
    return gone.select("part", "place", "relation", "representative").rows()


def _placed(run: Run, lane: Lane) -> dict[str, int]:
    """Shard by question_id, of earlier runs of this stage: answers stay where their questions are.

    Answers are asked first, so that a question that left the input and came back finds its own.
    """
    placed: dict[str, int] = {}
    for table in ("answers", "questions"):
        for part in run.parts(table, lane):
            path, entry = run.part_path(table, lane, part), run.manifest(table, lane).get(part)
            ids = [row["question_id"] for row in read_columns(path, ["question_id"], entry)]
            placed.update(dict.fromkeys(ids, shard_of(part)))
    return placed


def _shards(ids: list[str], placed: dict[str, int], size: int) -> dict[int, list[str]]:
    """Question ids by shard: known ones in theirs, new ones in new shards behind all others."""
    shards: dict[int, list[str]] = {}
    for each in ids:
        if each in placed:
            shards.setdefault(placed[each], []).append(each)
    new = [each for each in ids if each not in placed]
    start = max(placed.values(), default=-1) + 1
    for offset in range(0, len(new), size):
        shards[start + offset // size] = new[offset : offset + size]
    return shards


def _retire(run: Run, lane: Lane, shards: set[int]) -> int:
    """Take away shards whose questions all left the input. Their answers stay, for when they come back."""
    stale = [part for part in run.parts("questions", lane) if shard_of(part) not in shards]
    entries = run.manifest("questions", lane).entries()
    rows = sum(entries[part].rows for part in stale)
    run.retire("questions", lane, stale)
    return rows


class _Seeds:
    """Random access to seeds, the last parts held: neighbours in a shard are neighbours in the input."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._held: dict[tuple[Lane, int], list[Question]] = {}
        self._bytes = 0

    def rows(self, lane: Lane, part: int) -> list[Question]:
        """All of a part."""
        held = self._held.get((lane, part))
        if held is None:
            entry = self.run.manifest("seeds", lane).entries()[part_name(part)]
            held = list(self.run.read_part("seeds", Question, lane, part_name(part)))
            self._bytes += entry.bytes
            if self._bytes > _HELD_BYTES:
                self._held, self._bytes = {}, entry.bytes
            self._held[lane, part] = held
        return held

    def get(self, lane: Lane, part: int, place: int) -> Question:
        """One row."""
        return self.rows(lane, part)[place]


def _duplicate(row: Question, relation: str, representative: str) -> Duplicate:
    return Duplicate.model_validate(
        {
            "lane": row.lane,
            "question_id": row.question_id,
            "relation": relation,
            "representative": representative,
            "source": row.source,
            "source_id": row.source_id,
            "file": row.file,
            "line": row.line,
            "reference": row.reference,
        }
    )
