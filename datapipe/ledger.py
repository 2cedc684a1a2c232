"""In = out + dropped + failed + pending, for every stage, lane and unit, counted from the manifests."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datapipe.config import RunConfig
from datapipe.errors import LedgerError
from datapipe.journal import read_journal
from datapipe.manifest import Manifest
from datapipe.owed import due_of
from datapipe.policies import policy_of
from datapipe.run import RunFolder, shard_of
from datapipe.shards import read_columns, write_text
from datapipe.versions import read_manifest
from schemas.rows import LANES, Lane


@dataclass(frozen=True, slots=True)
class Line:
    """One stage and lane of the ledger."""

    stage: str
    lane: str
    unit: str
    came: int
    out: int
    dropped: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def gap(self) -> int:
        """Units that went missing; below 0, units that came from nowhere."""
        return self.came - self.out - self.dropped - self.failed - self.pending


def ledger(run: RunFolder, config: RunConfig, version: Path | None = None) -> list[Line]:
    """The ledger of a run as it stands, with the line of a version that holds what is kept now."""
    lines = [line for lane in config.lanes for line in _lane_lines(run, config, lane)]
    return [_seeds(run), *lines, *_published(run, version)]


def balance(run: RunFolder, config: RunConfig, version: Path | None = None) -> list[Line]:
    """The ledger, written to the run's folder. Raises LedgerError that names every gap."""
    lines = ledger(run, config, version)
    rows = [{**asdict(line), "gap": line.gap} for line in lines]
    write_text(run.path / "ledger.json", json.dumps(rows, indent=1) + "\n")
    gaps = [f"{line.stage} ({line.lane}): {line.gap} {line.unit}" for line in lines if line.gap]
    if gaps:
        raise LedgerError(f"{run.path}: the ledger does not balance: {'; '.join(gaps)}. Nothing was deleted")
    return lines


def standing(run: RunFolder, config: RunConfig, version: Path | None = None) -> list[Line]:
    """The ledger between two runs: what no stage has come to yet is pending, and no gap.

    A request without an answer is owed whenever that is. Anything else is missing where nothing was
    written since the last balance, which is when a run went through.
    """
    through = _written(run) <= _changed(run.path / "ledger.json")
    return [
        replace(line, pending=line.pending + line.gap)
        if line.gap > 0 and (not through or line.unit == "request")
        else line
        for line in ledger(run, config, version)
        if through or line.stage != "publish" or line.gap >= 0  # a version of more than is kept by now
    ]


def _written(run: RunFolder) -> float:
    """When a manifest was last changed."""
    return max(map(_changed, (run.path / "_manifests").glob("*.json")), default=0.0)


def _changed(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _seeds(run: RunFolder) -> Line:
    quarantine = run.manifest("quarantine", LANES[0])
    taken, bad = _sum(run, "seeds"), _sum(run, "quarantine")
    read, purged = _count(quarantine, "read"), _count(quarantine, "purged")
    return Line("seeds", "all", "row", read, taken, dropped=purged, failed=bad)


def _lane_lines(run: RunFolder, config: RunConfig, lane: Lane) -> Iterator[Line]:
    live = {shard_of(part) for part in run.parts("questions", lane)}
    questions, verdicts = run.rows("questions", lane), run.manifest("verdicts", lane)
    yield Line(
        "dedup", lane, "question", run.rows("seeds", lane), questions, dropped=run.rows("duplicates", lane)
    )
    yield _answers(run, config, lane)
    yield _verdicts(run, lane, "screen", "verdicts", live)
    ratings = run.manifest("ratings", lane)
    rated, asked = _tally(ratings, live, "rated"), _tally(ratings, live, "questions")
    yield Line("rate", lane, "question", questions, rated, pending=asked - rated)
    screened = _tally(verdicts, live, "answers")
    kept, dropped, pending = (run.rows(table, lane) for table in ("kept", "dropped", "pending"))
    yield Line("keep", lane, "answer", screened, kept, dropped=dropped, pending=pending)
    yield _verdicts(run, lane, "diversify", "rewrite_verdicts", live)


def _verdicts(run: RunFolder, lane: Lane, stage: str, table: str, live: set[int]) -> Line:
    """Verdicts that answers or their rewrites owe; those given up stand in `screen_failures` by stage."""
    manifest = run.manifest(table, lane)
    failures = run.manifest("screen_failures", lane).entries()
    failed = sum(failures[part].rows for part in manifest.entries() if part in failures)
    owed, judged = _tally(manifest, live, "owed"), _tally(manifest, live, "pass", "fail", "informative")
    infra = _tally(manifest, live, "infra")
    return Line(stage, lane, "verdict", owed, judged, failed=failed, pending=infra - failed)


def _answers(run: RunFolder, config: RunConfig, lane: Lane) -> Line:
    """Requests owed by today's configuration; recorded answers are owed by the file they stand in."""
    if config.input.recorded:
        laid = _count(run.manifest("unmatched", LANES[0]), f"answers.{lane}")
        return Line("answer", lane, "answer", laid, min(laid, run.rows("answers", lane)))
    count = _requests(run, config, lane)
    return Line(
        "answer",
        lane,
        "request",
        count["owed"],
        count["answered"],
        failed=count["failed"],
        pending=count["tried"],
    )


def unanswered(run: RunFolder, config: RunConfig, lane: Lane) -> int:
    """Requests of the configured policy with neither an answer, stored or in a journal, nor a failure."""
    count = _requests(run, config, lane)
    return count["owed"] - count["answered"] - count["waiting"] - count["failed"]


def _requests(run: RunFolder, config: RunConfig, lane: Lane) -> Counter[str]:
    """By key, a shard in memory at a time; `tried` are those that an outage took and a resume asks again,
    `waiting` those whose answer is in a journal."""
    count: Counter[str] = Counter()
    policy = policy_of(lane, config.generate).policy_id
    for shard in sorted({shard_of(part) for part in run.parts("questions", lane)}):
        due = due_of(run, config, policy, lane, shard)
        owed = {
            key
            for row in _columns(run, "questions", lane, shard, "question_id", "format")
            for key, _ in due.requests(row["question_id"], row["format"])
        }
        answered = owed & {row["request_id"] for row in _columns(run, "answers", lane, shard, "request_id")}
        failed = (
            owed & {row["unit_id"] for row in _columns(run, "failures", lane, shard, "unit_id")} - answered
        )
        journal = list(read_journal(run.journal_path("answers", lane, shard)))
        lost = {entry["failure"]["unit_id"] for entry in journal if "failure" in entry}
        rows = [entry["answer"] for entry in journal if isinstance(entry.get("answer"), dict)]
        told = {row.get("request_id") for row in rows}
        count.update(
            owed=len(owed),
            answered=len(answered),
            failed=len(failed),
            tried=len(owed & lost - answered - failed),
            waiting=len(owed & told - answered - failed),
        )
    return count


def _columns(run: RunFolder, table: str, lane: Lane, shard: int, *names: str) -> Iterator[dict[str, Any]]:
    for part in run.parts(table, lane, shard):
        yield from read_columns(run.part_path(table, lane, part), list(names))


def _published(run: RunFolder, version: Path | None) -> Iterator[Line]:
    if version is None:
        return
    said = read_manifest(version)
    said_lanes = said["lanes"] if isinstance(said["lanes"], list) else []
    lanes = [lane for lane in LANES if lane in said_lanes]
    came = sum(run.rows(table, lane) for table in ("kept", "rewrites") for lane in lanes)
    dropped = int(str(said["held_back"])) + int(str(said["rewrites_refused"]))
    yield Line("publish", "all", "sample", came, int(str(said["rows"])), dropped=dropped)


def _sum(run: RunFolder, table: str) -> int:
    return sum(run.rows(table, lane) for lane in LANES)


def _count(manifest: Manifest, name: str) -> int:
    return sum(entry.counts.get(name, 0) for entry in manifest.entries().values())


def _tally(manifest: Manifest, live: set[int], *names: str) -> int:
    """Sum of tallies over the parts of shards that are in use."""
    entries = [entry for part, entry in manifest.entries().items() if shard_of(part) in live]
    return sum(entry.counts.get(name, 0) for entry in entries for name in names)
