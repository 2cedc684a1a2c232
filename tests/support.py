"""Tiny runs for tests: question rows, a model that counts what it is asked, checks ruled on in process."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from datapipe.backends.base import Completion, Request
from datapipe.backends.fake import Fake, Said
from datapipe.config import RunConfig
from datapipe.context import Context, Shard
from datapipe.ledger import Line
from datapipe.pipeline import drive, finish, run_stage
from datapipe.run import RunFolder
from datapipe.selfchecks import selfchecks
from datapipe.settings import parse_config
from datapipe.worker_frames import decode
from datapipe.workers import Job
from judges.base import Attempt, Check, Ruling
from judges.catalog import AnyCheck, catalog
from judges.pairs import pair_checks
from schemas.rows import LANES, Lane, Sample
from schemas.tables import TABLES

SUMS = [("What is 1 + 3?", "4"), ("Compute 2 + 0.", "2"), ("What is 74 + 58?", "132"), ("Add 2 and 2.", "4")]
WORDS = ["village, cold", "duck, bell", "crow, blanket", "river, lamp, cat"]


def verifiable(prompt: str, answer: str, **more: Any) -> dict[str, Any]:
    """A question row with a math reference."""
    row = {"lane": "verifiable", "domain": "arithmetic", "prompt": prompt, "source": "tests"}
    return {**row, "reference": {"type": "math", "answer": answer}, **more}


def writing(words: str, **more: Any) -> dict[str, Any]:
    """A question row of the non-verifiable lane."""
    prompt = f"Write a short text with these words: {words}."
    return {"lane": "non_verifiable", "domain": "writing", "prompt": prompt, "source": "tests", **more}


def both_lanes() -> list[dict[str, Any]]:
    return [*(verifiable(*each) for each in SUMS), *(writing(each) for each in WORDS)]


def write_jsonl(path: Path, rows: Iterable[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def settings(folder: Path, rows: Sequence[Any] | None = None, **changes: Any) -> RunConfig:
    """A configuration over `folder`; `rows` are its questions. Sections are merged key by key."""
    questions = folder / "questions.jsonl"
    if rows is not None or not questions.exists():
        write_jsonl(questions, both_lanes() if rows is None else rows)
    model = {"backend": "fake", "model": "m", "max_tokens": 512, "concurrency": 8, "attempts": 1}
    base: dict[str, Any] = {
        "name": "r",
        "store": str(folder / "store"),
        "shard_size": 3,
        "pause_s": 0,
        "input": {"questions": [str(questions)]},
        "generate": {**model, "n": 2, "backoff_s": 0},
        "judge": {**model, "backoff_s": 0},
        "keep": {"high": 1.0, "mass": 0.0},
    }
    for key, value in changes.items():
        base[key] = {**base.get(key, {}), **value} if isinstance(value, Mapping) else value
    return parse_config(base, "test")


@cache
def _checks() -> Mapping[str, AnyCheck]:
    return catalog((), {})


class Inline:
    """A worker pool without workers: checks are ruled on where they are submitted."""

    def __init__(self, checks: Mapping[str, AnyCheck]) -> None:
        made = {name: check for name, check in checks.items() if isinstance(check, Check)}
        self.checks, self.ruled = made | pair_checks(made) | selfchecks(made), list[tuple[str, str]]()
        self.lose: Callable[[str, Job], bool] = lambda name, job: False

    def submit(self, jobs: Sequence[Job]) -> "Future[list[list[Ruling]]]":
        done: Future[list[list[Ruling]]] = Future()
        done.set_result([[self._rule(name, job) for name in job.checks] for job in jobs])
        return done

    def run(self, jobs: Sequence[Job]) -> list[list[Ruling]]:
        return self.submit(jobs).result()

    def close(self) -> None:
        """Nothing is held."""

    def _rule(self, name: str, job: Job) -> Ruling:
        if self.lose(name, job):
            return Ruling.undecided("the worker was lost", "infra")
        attempt = job.attempt if isinstance(job.attempt, Attempt) else Attempt.from_json(decode(job.attempt))
        if attempt.turns and not name.endswith(".same"):  # answers alone; not questions, not pairs
            self.ruled.append((name, attempt.raw))
        return self.checks[name].judge(attempt)


@dataclass
class Model:
    """A Backend that remembers what it was asked; `respond` is a function, or None for the product's own."""

    respond: Callable[[Request], Said] | None = None
    asked: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._fake = Fake(self.respond)

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        return await self._fake.complete(request)

    async def close(self) -> None:
        """Nothing is held."""

    def ids(self, role: str) -> list[str]:
        return [request.id for request in self.asked if request.role == role]


@contextmanager
def opened(config: RunConfig, model: Model | None = None, **more: Any) -> Iterator[Context]:
    """A context with checks in this process."""
    model = model or Model()
    with Context(config, backend=lambda *_: model, **more) as ctx:
        ctx.__dict__["pool"] = Inline(ctx.checks)
        yield ctx


def in_turn(ctx: Context) -> Callable[[str, Shard | None], "Future[object]"]:
    """Stages done where they are submitted, in one order; an error escapes at once, as death would."""

    def submit(stage: str, shard: Shard | None) -> "Future[object]":
        done: Future[object] = Future()
        done.set_result(run_stage(ctx, stage, shard))
        return done

    return submit


@dataclass
class Ran:
    """One run that went through."""

    path: Path
    version: Path
    lines: list[Line]
    model: Model
    ctx: Context

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    def rows(self, table: str, lane: Lane | None = None) -> list[Any]:
        lanes = LANES if lane is None else (lane,)
        return [row for each in lanes for row in self.folder.read(table, TABLES[table], each)]

    def samples(self) -> list[dict[str, Any]]:
        return samples(self.version)


def ran(config: RunConfig, model: Model | None = None, **more: Any) -> Ran:
    """Take a run through all its stages, one after the other in this thread."""
    model = model or Model()
    with opened(config, model, **more) as ctx:
        drive(ctx, in_turn(ctx))
        version, lines = finish(ctx)
    return Ran(config.folder, version, lines, model, ctx)


def samples(version: Path) -> list[dict[str, Any]]:
    """The rows of a version, by sample_id."""
    found = [
        row
        for path in version.glob("samples/**/*.parquet")
        for row in pq.ParquetFile(path).read().to_pylist()
    ]
    return sorted(found, key=lambda row: str(row["sample_id"]))


def stored(path: Path) -> dict[str, list[str]]:
    """Every row of every table of a run as JSON, volatile columns and the order of parts aside."""
    folder = RunFolder(path)
    return {
        table: sorted(
            row.model_dump_json(exclude=set(model.volatile))
            for lane in LANES
            for row in folder.read(table, model, lane)
        )
        for table, model in TABLES.items()
        if table != "samples"
    }


def sample(**change: Any) -> Sample:
    """A published row, changed in these columns."""
    base: dict[str, Any] = {
        "sample_id": "s",
        "question_id": "q",
        "lane": "verifiable",
        "domain": "d",
        "messages": [{"role": "user", "content": "x", "train": False}],
        "format": "plain",
        "policy_id": "p",
        "model": "m",
        "tier": "easy",
        "rate_n": 1,
        "rate_low": 0.0,
        "rate_high": 1.0,
        "source": "s",
    }
    return Sample.model_validate({**base, **change})
