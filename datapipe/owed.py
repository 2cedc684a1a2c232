"""Which draws every question is owed: `n` of each, or what the decisions stored so far ask for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from datapipe.config import RunConfig
from datapipe.run import RunFolder
from datapipe.share import in_share
from schemas.ids import request_id
from schemas.rows import Lane, Question, Round

HARVEST = 2**20
"""The first index of draws that are harvested. None for the rate comes near it."""
Purpose = Literal["rate", "harvest"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One draw of a question."""

    index: int
    purpose: Purpose = "rate"
    round: int = 0


Owed = dict[str, tuple[Question, Slot]]
"""Question and draw by request_id."""


class Due:
    """The draws that a configuration and its stored decisions owe the questions of one policy."""

    def __init__(self, config: RunConfig, policy_id: str, rounds: Iterable[Round] = ()) -> None:
        """`rounds` are the decisions on these questions; those on other policies are passed over."""
        self._config, self._policy = config, policy_id
        self._rate: dict[str, list[Round]] = defaultdict(list)
        self._harvest: dict[str, list[Round]] = defaultdict(list)
        for row in sorted(rounds, key=lambda row: row.round):
            if row.policy_id == policy_id and row.scored is not None:
                table = self._harvest if row.purpose == "harvest" else self._rate
                table[row.question_id].append(row)

    def asks(self, question: str) -> bool:
        """Whether a question is asked at all: where answers are not made elsewhere, and inside the share."""
        spend, seed = self._config.spend, self._config.seed
        return not self._config.input.recorded and in_share(spend.share, seed, question)

    def of(self, question: str) -> list[Slot]:
        """Every draw of a question, those for the rate first; none where it is not asked."""
        if not self.asks(question):
            return []
        return [*self.rate(question), *self.harvest(question)]

    def rate(self, question: str) -> list[Slot]:
        """The draws that decide the tier. Where a round was asked for, it is one however much `first` is."""
        spend = self._config.spend
        if not spend.rounds:
            return [Slot(index) for index in range(self._config.generate.n)]
        rows = self.decided(question)
        slots = [Slot(index) for index in range(rows[0].draws if rows else 0)]
        for row in rows:
            slots += [Slot(index, round=row.round + 1) for index in range(len(slots), _end(row))]
        last = rows[-1].round + 1 if rows else 0
        return slots + [Slot(index, round=last) for index in range(len(slots), spend.first)]

    def harvest(self, question: str) -> list[Slot]:
        """The draws beyond the rate."""
        slots = list[Slot]()
        for row in self.harvested(question):
            start = HARVEST + len(slots)
            slots += [Slot(start + more, "harvest", row.round + 1) for more in range(row.more or 0)]
        return slots

    def decided(self, question: str) -> list[Round]:
        """The decisions about its rate, in order."""
        return self._rate.get(question, [])

    def harvested(self, question: str) -> list[Round]:
        """The decisions to harvest it, in order."""
        return self._harvest.get(question, [])

    def requests(self, question: str, form: str) -> Iterator[tuple[str, Slot]]:
        """Each draw of a question in its format, by request_id."""
        for slot in self.of(question):
            yield request_id(question, self._policy, form, self._config.seed, slot.index), slot

    def rated(self, question: str, form: str) -> set[str]:
        """The draws that its rate is over by request_id, also of one that the share holds no longer."""
        if self._config.input.recorded:
            return set()
        seed = self._config.seed
        return {request_id(question, self._policy, form, seed, slot.index) for slot in self.rate(question)}

    def all(self, questions: Iterable[Question]) -> Owed:
        """Everything that these questions are owed."""
        return {key: (q, slot) for q in questions for key, slot in self.requests(q.question_id, q.format)}


def _end(row: Round) -> int:
    return row.draws + (row.more or 0)


def due_of(run: RunFolder, config: RunConfig, policy_id: str, lane: Lane, shard: int) -> Due:
    """What the questions of a shard are owed, by the decisions that are stored."""
    plain = config.input.recorded or not (config.spend.rounds or config.spend.harvest)
    return Due(config, policy_id, () if plain else run.read("rounds", Round, lane, shard))
