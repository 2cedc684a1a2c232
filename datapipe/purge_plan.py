"""What a purge takes away, found before anything is touched and kept in the run until it is done."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datapipe.errors import ConfigError, StoreError
from datapipe.journal import read_journal
from datapipe.normal import strict_key
from datapipe.recorded import RECORDED
from datapipe.run import Run
from datapipe.shards import write_text
from datapipe.tombstones import said_source
from schemas.rows import LANES, Message, Policy

_ID_CHARS = 32
OWN = ("seeds", "questions", "duplicates")
"""Tables whose rows each have a source of their own."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to go: everything of a source, or one question."""

    kind: Literal["source", "question_id"]
    value: str

    def __post_init__(self) -> None:
        hexadecimal = set(self.value) <= set("0123456789abcdef")
        if self.kind == "question_id" and not (len(self.value) == _ID_CHARS and hexadecimal):
            raise ConfigError(f"{self.value!r} is no question_id: give all {_ID_CHARS} digits of it")

    def __str__(self) -> str:
        return f"{self.kind.removesuffix('_id')} {self.value!r}"


@dataclass
class Plan:
    """The ids that go, and what a purge that was cut off needs in order to go on."""

    target: Target
    questions: set[str]
    prompts: list[str]
    """Keys of their messages, by which recorded answers find them."""
    laid: dict[str, int]
    """Recorded answers that stay, by lane."""
    balanced: bool
    """Whether the ledger balanced before."""
    unknown: int = 0
    """Answers whose question left the input before, so that its source is not known."""
    removed: Counter[str] = field(default_factory=Counter)
    started: str = field(default_factory=lambda: _now())
    finished: str | None = None
    resumed: bool = False
    answers: set[str] = field(default_factory=set)
    rewrites: set[str] = field(default_factory=set)
    """Every rewrite there is: a reply about any other was about one that is gone."""

    def goes(self, table: str, columns: pa.Table) -> list[bool]:
        """Whether each row of a table goes, from its `key_columns`."""
        if table in ("quarantine", "unmatched"):
            said = [said_source(None, str(raw)) for raw in columns["raw"].to_pylist()]
            return [self._by_source and source == self.target.value for source in said]
        if table in OWN and self._by_source:
            return [source == self.target.value for source in columns["source"].to_pylist()]
        if "question_id" in columns.column_names:
            found = [each in self.questions for each in columns["question_id"].to_pylist()]
            if table == "samples" and self._by_source:
                sources = columns["source"].to_pylist()
                return [go or source == self.target.value for go, source in zip(found, sources, strict=True)]
            return found
        answers = columns["answer_id"].to_pylist()
        lost = table == "rewrite_replies"
        return [each in self.answers or (lost and each not in self.rewrites) for each in answers]

    @property
    def _by_source(self) -> bool:
        return self.target.kind == "source"


def key_columns(names: list[str]) -> list[str]:
    """Which of a table's columns say whether a row goes."""
    return [name for name in ("question_id", "answer_id", "source", "raw") if name in names]


def read_some(path: Path, names: list[str] | None = None) -> pa.Table:
    """A part as it is, without a look at the manifest, which is ahead of it where a purge was cut off."""
    # Threads cost more than they bring where there is little to read, and most parts are small.
    return pq.ParquetFile(path).read(columns=names, use_threads=False)


def load_plan(run: Run, target: Target) -> Plan | None:
    """The plan of a purge of the same target that was cut off."""
    for record in _records(run.path):
        if record.get(target.kind) == target.value and record["finished"] is None:
            plan = Plan(
                target=target,
                questions=set(record["questions"]),
                prompts=record["prompts"],
                laid=record["laid"],
                balanced=record["balanced"],
                unknown=record["unknown"],
                removed=Counter(record["removed"]),
                started=record["started"],
                resumed=True,
            )
            _find_answers(run, plan)
            return plan
    return None


def make_plan(run: Run, target: Target, balanced: bool) -> Plan:
    """Look through the run for what goes."""
    plan = Plan(target=target, questions=_questions(run, target), prompts=[], laid={}, balanced=balanced)
    known: set[str] = set()
    for path in [path for table in OWN for path in run.paths(table, LANES)]:
        rows = read_some(path)
        known.update(map(str, rows["question_id"].to_pylist()))
        table = path.parts[-3]
        if table != "duplicates":
            gone = rows.filter(pa.array(plan.goes(table, rows), pa.bool_())).select(["messages"])
            plan.prompts += [_prompt_key(row["messages"]) for row in gone.to_pylist()]
    plan.prompts = sorted(set(plan.prompts))
    strangers = _find_answers(run, plan, known)
    plan.unknown = strangers if target.kind == "source" else 0
    plan.laid = _laid(run, plan)
    return plan


def save_plan(run: Run, plan: Plan) -> None:
    """Put the plan, or what became of it, into `purges.json` of the run."""
    record = {
        plan.target.kind: plan.target.value,
        "started": plan.started,
        "finished": plan.finished,
        "balanced": plan.balanced,
        "unknown": plan.unknown,
        "removed": dict(plan.removed),
        "laid": plan.laid,
        "prompts": plan.prompts,
        "questions": sorted(plan.questions),
    }
    others = [each for each in _records(run.path) if not _same(each, plan)]
    write_text(run.path / "purges.json", json.dumps([*others, record], indent=1, ensure_ascii=False) + "\n")


def finish_plan(run: Run, plan: Plan) -> None:
    """Mark the plan as carried out."""
    plan.finished = _now()
    save_plan(run, plan)


def _records(run: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads((run / "purges.json").read_text(encoding="utf-8"))
        return found
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise StoreError(f"{run}/purges.json: {error}") from error


def _same(record: dict[str, Any], plan: Plan) -> bool:
    """Whether a record is of this very purge."""
    return record.get(plan.target.kind) == plan.target.value and record["started"] == plan.started


def _questions(run: Run, target: Target) -> set[str]:
    """Ids of the questions that go. One that stands for another source as well stays."""
    if target.kind == "question_id":
        same = pc.field("representative") == target.value
        exact = same & (pc.field("relation") == "exact")
        found = (read_some(path).filter(exact) for path in run.paths("duplicates", LANES))
        return {target.value, *(str(each) for rows in found for each in rows["question_id"].to_pylist())}
    ours: set[str] = set()
    others: set[str] = set()
    versions = sorted(run.path.glob("versions/v*/samples/**/*.parquet"))
    tables = [*run.paths("questions", LANES), *run.paths("seeds", LANES), *versions]
    for path in tables:
        for question, source in _columns(path, "question_id", "source"):
            if source == target.value:
                ours.add(question)
            elif path.parts[-3] == "questions":
                others.add(question)
    return ours - others


def _find_answers(run: Run, plan: Plan, known: set[str] | None = None) -> int:
    """Fill in the ids of answers and rewrites; returns how many belong to no known question."""
    strangers = 0
    for table, question, answer in _pairs(run):
        if table == "rewrites":
            plan.rewrites.add(answer)
        if question in plan.questions:
            plan.answers.add(answer)
        elif known is not None and question not in known:
            strangers += 1
    return strangers


def _pairs(run: Run) -> Iterator[tuple[str, str, str]]:
    """(table, question_id, answer_id) of every answer: in parts, orphans and journals."""
    for table in ("answers", "rewrites"):
        orphans = sorted(run.path.glob(f"orphans/*/{table}/lane=*/*.parquet"))
        for path in [*run.paths(table, LANES), *orphans]:
            try:
                pairs = _columns(path, "question_id", "answer_id")
            except (pa.ArrowInvalid, OSError):
                if path in orphans:
                    continue  # it will be removed whole
                raise
            yield from ((table, question, answer) for question, answer in pairs)
    for journal in sorted(run.path.glob("_journal/answers/lane=*/*.jsonl")):
        for entry in read_journal(journal):
            if "answer" in entry:
                yield "answers", entry["answer"]["question_id"], entry["answer"]["answer_id"]


def _laid(run: Run, plan: Plan) -> dict[str, int]:
    """Recorded answers by lane once those that go are gone."""
    laid = {}
    for lane in LANES:
        recorded = {p.policy_id for p in run.read("policies", Policy, lane) if p.sampling == RECORDED}
        rows = run.columns("answers", lane, None, "answer_id", "policy_id")
        gone = {answer for answer, policy in rows if policy in recorded and answer in plan.answers}
        for journal in sorted(run.path.glob(f"_journal/answers/lane={lane}/*.jsonl")):
            made = [entry["answer"] for entry in read_journal(journal) if "answer" in entry]
            gone |= {a["answer_id"] for a in made if a["policy_id"] in recorded} & plan.answers
        count = run.counts("unmatched", LANES[0], f"answers.{lane}")
        if count:
            laid[f"answers.{lane}"] = max(count - len(gone), 0)
    return laid


def _columns(path: Path, *names: str) -> list[tuple[Any, ...]]:
    rows = read_some(path, list(names))
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def _prompt_key(messages: list[dict[str, Any]]) -> str:
    return strict_key([Message.model_validate(each) for each in messages], None, None)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
