"""Take rows out of the parts, orphans and journals of a run, so that manifests and tallies still hold."""

import json
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from datapipe.journal import ASIDE
from datapipe.purge_plan import Plan, key_columns, read_some
from datapipe.run import Run, part_name, shard_of
from datapipe.shards import check_part, read_table, sync_folder, write_tables, write_text
from schemas.rows import LANES, Row
from schemas.tables import TABLES

JOURNALLED = ("answers", "replies", "rewrite_replies")
_OUTCOMES = ("pass", "fail", "informative", "infra")


def filter_table(run: Run, plan: Plan, table: str) -> None:
    """Remove what goes from one table: its parts, its journals, its orphans."""
    sweep = _Sweep(run, plan, table)
    for lane in LANES:
        for part in run.parts(table, lane):
            sweep.part(lane, part)
    if table in JOURNALLED:
        for path in sorted(run.path.glob(f"_journal/{table}/lane=*/*.jsonl")):
            sweep.journal(path)
        for path in run.path.glob(f"_journal/{table}/lane=*/*{ASIDE}"):
            path.unlink()
    for path in sorted(run.path.glob(f"orphans/*/{table}/lane=*/*.parquet")):
        sweep.orphan(path)


def settle_counts(run: Run, plan: Plan) -> None:
    """Say in the tallies of the input that what is missing was purged; comes last."""
    for table, counts in (("quarantine", _read_counts(run)), ("unmatched", plan.laid)):
        entry = run.manifest(table, LANES[0]).get(part_name(0))
        if entry is not None and counts:
            kept = entry.model_copy(update={"inputs": "", "counts": {**entry.counts, **counts}})
            run.manifest(table, LANES[0]).add(part_name(0), kept)


def kept_rows(plan: Plan, table: str, rows: pa.Table) -> pa.Table:
    """The rows that stay."""
    return rows.filter(pa.array([not goes for goes in plan.goes(table, rows)], pa.bool_()))


def replace(path: Path, draft: Path) -> None:
    """Put a whole file in the place of another."""
    draft.replace(path)
    sync_folder(path.parent)


class _Sweep:
    def __init__(self, run: Run, plan: Plan, table: str) -> None:
        self.run, self.plan, self.table = run, plan, table
        self.model: type[Row] = TABLES[table]

    def part(self, lane: str, part: str) -> None:
        """Rewrite a part that holds what goes. The manifest is first to say what the part will be: cut off
        in between, the part is called damaged until the purge goes on and finds the rows again."""
        manifest, path = self.run.manifest(self.table, lane), self.run.part_path(self.table, lane, part)
        entry = manifest.entries()[part]
        hits = self._hits(path)
        if not hits or not self.plan.resumed:
            check_part(path, entry)
        if not hits and (lane, shard_of(part)) not in self._touched:
            return
        stays = kept_rows(self.plan, self.table, read_table(path, self.model))
        counts = self._counts(lane, part, entry.counts, stays)
        if not hits:
            if counts != entry.counts:
                manifest.add(part, entry.model_copy(update={"inputs": "", "counts": counts}))
            return
        draft = self.run.tmp / "purge" / path.name
        made = write_tables(draft, self.model, [stays] if len(stays) else [], self.run.tmp)
        # Without inputs a stage takes the part as owed, and makes it again from what is stored.
        promise = {"inputs": "", "counts": counts, "covers": entry.covers}
        manifest.add(part, made.model_copy(update=promise))
        replace(path, draft)
        self.plan.removed[self.table] += hits

    def journal(self, path: Path) -> None:
        """Keep the lines that stay; one that cannot be read is worth nothing and may hold anything."""
        lines = path.read_bytes().split(b"\n")
        stays = [line for line in lines if line and not self._line_goes(line)]
        if len(stays) < len([line for line in lines if line]):
            write_text(path, "".join(f"{line.decode()}\n" for line in stays))
            self.plan.removed[f"{self.table} in journals"] += len(lines) - 1 - len(stays)

    def orphan(self, path: Path) -> None:
        """As a part, but nobody promised it: one that cannot be read goes whole."""
        try:
            hits = self._hits(path)
        except (pa.ArrowInvalid, OSError):
            path.unlink()
            self.plan.removed["unreadable orphans"] += 1
            return
        if hits:
            stays = kept_rows(self.plan, self.table, read_some(path))
            draft = self.run.tmp / "purge" / path.name
            write_tables(draft, self.model, [stays] if len(stays) else [], self.run.tmp)
            replace(path, draft)
            self.plan.removed[f"{self.table} in orphans"] += hits

    def _hits(self, path: Path) -> int:
        names = key_columns(list(self.model.model_fields))
        return sum(self.plan.goes(self.table, read_some(path, names))) if names else 0

    @cached_property
    def _touched(self) -> set[tuple[str, int]]:
        """Shards whose tallies may change although no row of the part goes."""
        if self.table not in ("verdicts", "ratings"):
            return set()
        return {
            (lane, shard_of(part))
            for lane in LANES
            for table in ("questions", "answers")
            for part in self.run.parts(table, lane)
            if not self.plan.questions.isdisjoint(self._ids(table, lane, part))
        }

    def _ids(self, table: str, lane: str, part: str) -> list[str]:
        path = self.run.part_path(table, lane, part)
        rows = read_some(path, ["question_id"])
        return [str(each) for each in rows["question_id"].to_pylist()]

    def _counts(self, lane: str, part: str, before: dict[str, int], stays: pa.Table) -> dict[str, int]:
        """The tallies of a part, from what stays and never by subtraction: it may be done twice."""
        if self.table == "duplicates":
            found = Counter(stays["relation"].to_pylist())
            return {**before, **{name: found[name] for name in before if name != "withdrawn"}}
        if self.table == "ratings":
            rated = len(set(stays["question_id"].to_pylist()))
            return {**before, "questions": len(self._standing(lane, part)), "rated": rated}
        if self.table in ("verdicts", "rewrite_verdicts"):
            return {**before, **self._verdict_counts(lane, part, before, stays)}
        return before

    def _verdict_counts(
        self, lane: str, part: str, before: dict[str, int], stays: pa.Table
    ) -> dict[str, int]:
        pairs = zip(stays["unscored"].to_pylist(), stays["outcome"].to_pylist(), strict=True)
        said = Counter(unscored or outcome for unscored, outcome in pairs)
        missing = before.get("owed", 0) - sum(before.get(name, 0) for name in _OUTCOMES)
        counts = {name: said[name] for name in _OUTCOMES} | {"owed": len(stays) + missing}
        if self.table == "verdicts":
            standing = self._standing(lane, part)
            counts["answers"] = sum(each in standing for each in self._ids("answers", lane, part))
        return counts

    def _standing(self, lane: str, part: str) -> set[str]:
        """The questions of a part's shard that stay."""
        parts = self.run.parts("questions", lane, shard_of(part))
        return {each for name in parts for each in self._ids("questions", lane, name)} - self.plan.questions

    def _line_goes(self, line: bytes) -> bool:
        try:
            entry: Any = json.loads(line)
        except ValueError:
            return True
        if not isinstance(entry, dict) or entry.keys() <= {"crc", "token"}:
            return False
        row = next((entry[kind] for kind in ("answer", "failure", "label") if kind in entry), entry)
        answer = row.get("answer_id")
        lost = self.table == "rewrite_replies" and answer not in self.plan.rewrites
        return lost or answer in self.plan.answers or row.get("question_id") in self.plan.questions


def _read_counts(run: Run) -> dict[str, int]:
    """Rows read are rows taken, rows in quarantine, or purged."""
    read = run.counts("quarantine", LANES[0], "read")
    left = sum(run.rows(table, lane) for table in ("seeds", "quarantine") for lane in LANES)
    return {"purged": read - left} if read else {}
