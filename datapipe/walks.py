"""How the draws of a question came about: those that a rate counts, the first of them, the looks between."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datapipe.context import Context, Shard
from datapipe.deciding import Ruled
from datapipe.estimate import interval, unbiased
from datapipe.gathered import Draw, Gathered, Key
from datapipe.grounds import to_prior
from datapipe.owed import Due
from datapipe.prior import masses
from datapipe.rating import Counts, Path, counted
from datapipe.stopping import Look
from schemas.rows import Question, Round

LOST: Ruled = ("unscored", "infra")


@dataclass(frozen=True, slots=True)
class Walk:
    """What the draws of one question and policy come to."""

    counts: Counts
    path: Path | None
    """None where the number of draws was fixed."""


class Walks:
    """The walks of a shard."""

    def __init__(
        self, ctx: Context, shard: Shard, questions: Mapping[str, Question], found: Gathered
    ) -> None:
        self._ctx, self._found = ctx, found
        self._policy = ctx.current_policy(shard.lane)
        rows = list(ctx.run.read("rounds", Round, shard.lane, shard.number))
        due = Due(ctx.settings, self._policy, rows)
        self._owed = {q.question_id: due.rated(q.question_id, q.format) for q in questions.values()}
        self._rows: dict[Key, list[Round]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.round):
            if row.scored is not None and row.purpose != "harvest":
                self._rows[row.question_id, row.policy_id].append(row)

    def all(self) -> dict[Key, Walk]:
        """Of every question and policy with a draw.

        Requests that brought nothing count as lost to an outage: long answers time out and hard questions
        have long answers, so a rate over what came back flatters them.
        """
        groups: dict[Key, list[Draw]] = defaultdict(list)
        for draw in self._found.draws:
            groups[draw.key].append(draw)
        return {key: self._walk(key, draws) for key, draws in sorted(groups.items())}

    def _walk(self, key: Key, draws: list[Draw]) -> Walk:
        rows, current = self._rows.get(key, []), key[1] == self._policy
        owed = self._owed[key[0]] if current else set[str]()
        rounds = self._ctx.settings.spend.rounds if current else bool(rows)
        if current and (rows or rounds):
            # What another configuration asked for besides came by other rules.
            draws = [draw for draw in draws if draw.request in owed]
        missing = [LOST for request in owed if request not in self._found.answered]
        counts = counted([*(draw.ruled for draw in draws), *missing], self._found.repeats[key])
        if not rounds or not counts.n:
            return Walk(counts, None)
        first = max(rows[0].draws if rows else 0, self._ctx.settings.spend.first if current else 0)
        asked = len(owed) if current else rows[-1].draws
        early = counted(draw.ruled for draw in draws if draw.index < first)
        return Walk(counts, self._path(rows, asked, counts, early, first))

    def _path(self, rows: list[Round], asked: int, counts: Counts, early: Counts, first: int) -> Path:
        last = rows[-1] if rows else None
        stopped = last is not None and last.draws >= asked
        passes, scored = counts.passes, counts.scored
        estimate = early.passes / early.scored if early.scored else None
        low_high = None
        if last is None or not stopped or last.scored == scored:  # else verdicts have changed since
            # A look before `first` was taken when that was lower, and holds nobody back any more.
            held = [row for row in rows if row.draws >= first]
            gone = looks([row for row in held if not stopped or row.draws < asked])
            found = unbiased(passes, scored, gone)
            estimate = estimate if found is None else found
            low_high = interval(passes, scored, gone)
        return Path(
            estimate=estimate,
            interval=low_high,
            masses=self._masses(last, counts) if last else None,
            early=early,
            first=min(first, asked),
            rounds=len({row.draws for row in rows}) + (not stopped),
            stopped=last.reason if last and stopped else None,
        )

    def _masses(self, row: Round, counts: Counts) -> Sequence[float] | None:
        tiers = self._ctx.settings.rate.tiers
        return masses(counts.passes, counts.fails, to_prior(row.prior), tiers) if row.prior else None


def looks(rows: list[Round]) -> list[Look]:
    """One of each round, in order; where one was taken again, it went on at what either asked for."""
    found: dict[int, tuple[int, set[int]]] = {}
    for row in rows:
        _, asks = found.get(row.draws, (0, set[int]()))
        found[row.draws] = (row.scored or 0, asks | set(row.asks or ()))
    return [Look(scored, tuple(sorted(asks))) for _, (scored, asks) in sorted(found.items())]
