"""What pass rates of questions are taken to be like, fitted by source and domain to first rounds."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from datapipe.config import Rate
from datapipe.prior import Cell, Prior, base, fit
from datapipe.run import RunFolder
from schemas.rows import Lane, Question, Round

Kind = tuple[str, str]
"""Source and domain."""
Cells = Mapping[Kind, Counter[Cell]]


class FirstRounds:
    """How the first rounds of a run's shards came out, read once each. Threads may share it."""

    def __init__(self, run: RunFolder) -> None:
        self._run, self._lock = run, threading.Lock()
        self._known: dict[tuple[Lane, int, str], tuple[list[str], Cells]] = {}

    def cells(self, lane: Lane, shard: int, policy: str, made_from: list[str]) -> Cells:
        """(passes, scored) of each question's first decision, counted by kind; `made_from` is the shard's
        fingerprint of `rounds`."""
        with self._lock:
            known = self._known.get((lane, shard, policy))
            if known is None or known[0] != made_from:
                known = made_from, self._read(lane, shard, policy)
                self._known[lane, shard, policy] = known
            return known[1]

    def _read(self, lane: Lane, shard: int, policy: str) -> Cells:
        names = ("question_id", "source", "domain")
        kinds = {q: (s, d) for q, s, d in self._run.columns("questions", lane, shard, *names)}
        first: dict[str, Round] = {}
        for row in self._run.read("rounds", Round, lane, shard):
            if row.policy_id == policy and row.scored is not None and row.purpose != "harvest":
                known = first.get(row.question_id)
                if known is None or row.round < known.round:
                    first[row.question_id] = row
        cells = ((q, (row.passes or 0, row.scored or 0)) for q, row in first.items())
        return cells_of((kinds[q], cell) for q, cell in cells if q in kinds)


def cells_of(counts: Iterable[tuple[Kind, Cell]]) -> Cells:
    """Questions by kind, and of those how many came out how."""
    found: dict[Kind, Counter[Cell]] = defaultdict(Counter)
    for kind, cell in counts:
        found[kind][cell] += 1
    return found


class Priors:
    """The prior of each kind, shrunk to that of all kinds together, which is shrunk to the configured one."""

    def __init__(self, cells: Iterable[Cells], rate: Rate) -> None:
        self._cells: dict[Kind, Counter[Cell]] = defaultdict(Counter)
        for each in cells:
            for kind, count in each.items():
                self._cells[kind] += count
        self._base = fit(_each(sum(self._cells.values(), Counter[Cell]())), base(rate))
        self._known: dict[Kind, Prior] = {}

    def of(self, kind: Kind) -> Prior:
        if kind not in self._known:
            self._known[kind] = fit(_each(self._cells.get(kind, Counter())), self._base)
        return self._known[kind]


def kind_of(question: Question) -> Kind:
    return question.source, question.domain


def _each(count: Counter[Cell]) -> list[Cell]:
    return sorted(count.elements())
