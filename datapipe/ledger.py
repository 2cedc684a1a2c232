"""In = out + dropped + failed + pending, for every stage, lane and unit, counted from the manifests."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from datapipe.config import RunConfig
from datapipe.errors import LedgerError
from datapipe.manifest import Manifest
from datapipe.policies import policy_of
from datapipe.run import RunFolder, shard_of
from datapipe.shards import write_text
from datapipe.versions import read_manifest
from schemas.arrow import arrow_schema
from schemas.rows import LANES, Answer, Failure, Lane, Question, Row


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
    made = sum(e.counts.get("owed", 0) for n, e in verdicts.entries().items() if shard_of(n) in live)
    judged = _tally(verdicts, live, "pass", "fail", "informative")
    yield Line("screen", lane, "verdict", made, judged, pending=_tally(verdicts, live, "infra"))
    ratings = run.manifest("ratings", lane)
    rated, asked = _tally(ratings, live, "rated"), _tally(ratings, live, "questions")
    yield Line("rate", lane, "question", questions, rated, pending=asked - rated)
    screened = _tally(verdicts, live, "answers")
    kept, dropped, pending = (run.rows(table, lane) for table in ("kept", "dropped", "pending"))
    yield Line("keep", lane, "answer", screened, kept, dropped=dropped, pending=pending)


def _answers(run: RunFolder, config: RunConfig, lane: Lane) -> Line:
    """Requests owed by today's configuration; recorded answers are owed by the file they stand in."""
    if config.input.recorded:
        laid = _count(run.manifest("unmatched", LANES[0]), f"answers.{lane}")
        return Line("answer", lane, "answer", laid, min(laid, run.rows("answers", lane)))
    owed, answered, failed = requests(run, config, lane)
    return Line("answer", lane, "request", owed, answered, failed=failed, pending=owed - answered - failed)


def requests(run: RunFolder, config: RunConfig, lane: Lane) -> tuple[int, int, int]:
    """(owed, answered, failed) of the configured policy, counted by key over the stored rows."""
    policy = policy_of(lane, config.generate).policy_id
    asked = _scan(run, "questions", lane, Question).select("question_id", "format")
    answers = _scan(run, "answers", lane, Answer).filter(
        (pl.col("policy_id") == policy) & (pl.col("index") < config.generate.n)
    )
    answered = answers.join(asked, on=["question_id", "format"], how="semi").select("request_id").unique()
    failures = _scan(run, "failures", lane, Failure).filter(pl.col("policy_id") == policy)
    failed = (
        failures.join(asked, on="question_id", how="semi")
        .join(answered, left_on="unit_id", right_on="request_id", how="anti")
        .select("unit_id")
        .unique()
    )
    owed = run.rows("questions", lane) * config.generate.n
    return owed, answered.collect().height, failed.collect().height


def _scan(run: RunFolder, table: str, lane: Lane, model: type[Row]) -> pl.LazyFrame:
    paths = run.paths(table, [lane])
    if not paths:
        empty = pl.from_arrow(arrow_schema(model).empty_table())
        return pl.LazyFrame(empty)
    return pl.scan_parquet(paths, hive_partitioning=False)


def _published(run: RunFolder, version: Path | None) -> Iterator[Line]:
    if version is None:
        return
    said = read_manifest(version)
    came = sum(run.rows(table, lane) for table in ("kept", "rewrites") for lane in LANES)
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
