"""Verdicts as plain tuples, since many are made for every answer; their columns are checked when stored."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from datapipe.run import Run
from judges.base import Ruling
from schemas.rows import Lane, Outcome, UnscoredClass, Verdict

Key = tuple[str, str, str, str | None]
"""answer_id, check, version, reference_id: what a verdict is owed by."""
_new = tuple.__new__
"""Takes half as long as the constructor of a named tuple."""


class VerdictRow(NamedTuple):
    """The columns of a `Verdict`, in their order."""

    lane: Lane
    answer_id: str
    check: str
    version: str
    reference_id: str | None
    outcome: Outcome
    unscored: UnscoredClass | None = None
    score: float | None = None
    reason: str | None = None
    evidence: str | None = None
    extracted: str | None = None

    @property
    def key(self) -> Key:
        return self[1:5]


def verdict_row(lane: Lane, key: Key, said: Ruling) -> VerdictRow:
    """The verdict that a ruling is."""
    found = said.outcome, said.unscored, said.score, said.reason, said.evidence, said.extracted
    return _new(VerdictRow, (lane, *key, *found))


def stored_verdicts(run: Run, table: str, lane: Lane, part: str) -> dict[Key, VerdictRow]:
    """What a part holds that is not to be tried again, by key; nothing where there is no part."""
    if run.manifest(table, lane).get(part) is None:
        return {}
    rows = (VerdictRow(**row.__dict__) for row in run.read_part(table, Verdict, lane, part))
    return {row.key: row for row in rows if row.unscored != "infra"}


def tally(verdicts: Iterable[VerdictRow]) -> dict[str, int]:
    """Verdicts by outcome, unscored ones by class."""
    found = Counter((verdict.outcome, verdict.unscored) for verdict in verdicts)
    counts = {"pass": 0, "fail": 0, "informative": 0, "infra": 0}
    for (outcome, unscored), count in found.items():
        counts[unscored or outcome] += count
    return counts


def lost(verdicts: Iterable[VerdictRow], asked: Mapping[str, str]) -> list[tuple[VerdictRow, str]]:
    """Verdicts that an outage took, each with the question_id of its answer."""
    return [(v, asked[v.answer_id]) for v in verdicts if v.unscored == "infra"]
