"""In = out + dropped + failed + pending, for every stage, lane and unit, counted from the manifests."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from datapipe.budget import generated
from datapipe.config import RunConfig
from datapipe.errors import LedgerError
from datapipe.ledger_requests import requests
from datapipe.manifest import Manifest
from datapipe.run import RunFolder, shard_of
from datapipe.shards import write_text
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
    note: str = ""
    """Why something is pending, where that is not an outage."""

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
    asked, *decided = _answers(run, config, lane)
    yield asked
    yield _verdicts(run, lane, "screen", "verdicts", live)
    yield from decided
    ratings = run.manifest("ratings", lane)
    rated, seen = _tally(ratings, live, "rated"), _tally(ratings, live, "questions")
    yield Line("rate", lane, "question", questions, rated, pending=seen - rated)
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


def _answers(run: RunFolder, config: RunConfig, lane: Lane) -> Iterator[Line]:
    """Requests owed by today's configuration, and its questions' rounds; recorded answers are owed by their
    file."""
    if config.input.recorded:
        laid = _count(run.manifest("unmatched", LANES[0]), f"answers.{lane}")
        yield Line("answer", lane, "answer", laid, min(laid, run.rows("answers", lane)))
        return
    count = requests(run, config, lane)
    lacking = count["owed"] - count["answered"] - count["failed"]
    line = Line("answer", lane, "request", count["owed"], count["answered"], failed=count["failed"])
    spent = config.spend.budget is not None and generated(run) >= config.spend.budget
    if lacking > count["tried"] and spent:
        note = f"the budget of {config.spend.budget:,} tokens is spent"
        line = replace(line, pending=lacking, note=note)
    else:
        line = replace(line, pending=count["tried"])
    yield line
    if config.spend.rounds:
        asked = run.rows("questions", lane) - count["unasked"]
        waiting = asked - count["decided"] if spent else count["undecided"]
        yield Line("decide", lane, "question", asked, count["decided"], pending=waiting)


def unanswered(run: RunFolder, config: RunConfig, lane: Lane) -> int:
    """Requests of the configured policy with neither an answer, stored or in a journal, nor a failure."""
    count = requests(run, config, lane)
    return count["owed"] - count["answered"] - count["waiting"] - count["failed"]


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
