"""What became of every request and every question's rounds, by the stored rows alone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from datapipe.config import RunConfig
from datapipe.journal import read_journal
from datapipe.owed import Due, due_of
from datapipe.policies import policy_of
from datapipe.run import RunFolder, shard_of
from datapipe.shards import read_columns
from schemas.rows import Lane


def requests(run: RunFolder, config: RunConfig, lane: Lane) -> Counter[str]:
    """By key, a shard in memory at a time: `owed`, `answered`, `failed`; `tried` are those that an outage
    took and a resume asks again, `waiting` those whose answer is in a journal.

    Of questions: `decided` are asked no more, `undecided` wait for what their shard lacks, `unasked` lie
    outside of the share that is asked.
    """
    count: Counter[str] = Counter()
    for shard in sorted({shard_of(part) for part in run.parts("questions", lane)}):
        count += _shard(run, config, lane, shard)
    return count


def _shard(run: RunFolder, config: RunConfig, lane: Lane, shard: int) -> Counter[str]:
    due = due_of(run, config, policy_of(lane, config.generate).policy_id, lane, shard)
    every = list(_columns(run, "questions", lane, shard, "question_id", "format"))
    questions = [row for row in every if due.asks(row["question_id"])]
    owed = {key for row in questions for key, _ in due.requests(row["question_id"], row["format"])}
    answered = owed & {row["request_id"] for row in _columns(run, "answers", lane, shard, "request_id")}
    gone = {row["unit_id"] for row in _columns(run, "failures", lane, shard, "unit_id")}
    failed = (owed & gone) - answered
    journal = list(read_journal(run.journal_path("answers", lane, shard)))
    lost = {entry["failure"]["unit_id"] for entry in journal if "failure" in entry}
    rows = [entry["answer"] for entry in journal if isinstance(entry.get("answer"), dict)]
    told = {row.get("request_id") for row in rows}
    decided = sum(_is_decided(due, row["question_id"]) for row in questions)
    lacking = len(owed) > len(answered) + len(failed) or _infra(run, lane, shard)
    return Counter(
        owed=len(owed),
        answered=len(answered),
        failed=len(failed),
        tried=len(owed & lost - answered - failed),
        waiting=len(owed & told - answered - failed),
        decided=decided,
        unasked=len(every) - len(questions),
        undecided=len(questions) - decided if lacking else 0,
    )


def _is_decided(due: Due, question: str) -> bool:
    rows = due.decided(question)
    return bool(rows) and rows[-1].action == "stop" and rows[-1].draws >= len(due.rate(question))


def _infra(run: RunFolder, lane: Lane, shard: int) -> bool:
    """Whether verdicts of a shard were lost."""
    entries = run.manifest("verdicts", lane).entries()
    return any(e.counts.get("infra") for part, e in entries.items() if shard_of(part) == shard)


def _columns(run: RunFolder, table: str, lane: Lane, shard: int, *names: str) -> Iterator[dict[str, Any]]:
    for part in run.parts(table, lane, shard):
        yield from read_columns(run.part_path(table, lane, part), list(names))
