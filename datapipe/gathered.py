"""What the answers of a shard came to, draw by draw, by the verdicts that decide."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from datapipe.clusters import Said
from datapipe.context import Context, Shard
from datapipe.deciding import Ruled, combine, deciders, deciding_rubrics, reference_type
from datapipe.draws import COLUMNS, draws
from schemas.rows import Question, Verdict

Key = tuple[str, str]
"""Question and policy."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One answer that a rate may count."""

    answer_id: str
    question_id: str
    policy_id: str
    index: int
    round: int
    request: str
    """The request that is owed: of an answer that goes on from others, the first one's."""
    ruled: Ruled

    @property
    def key(self) -> Key:
        return self.question_id, self.policy_id


@dataclass(frozen=True, slots=True)
class Gathered:
    """What stands of a shard's answers."""

    draws: list[Draw]
    said: list[Said]
    repeats: Counter[Key]
    """Draws that are not counted, since they repeat the thinking of another."""
    answered: set[str]
    """Requests that brought an answer."""


def gather(ctx: Context, shard: Shard, questions: Mapping[str, Question]) -> Gathered:
    """The draws of a shard's questions, harvested ones left out."""
    found = _verdicts(ctx, shard, questions)
    rubrics = deciding_rubrics(ctx.settings, ctx.checks)
    rows = list(ctx.run.columns("answers", shard.lane, shard.number, *COLUMNS, "round", "request_id"))
    drawn = draws(row[:-2] for row in rows)
    first = _first_requests(rows)
    made = Gathered([], [], Counter(), set(first.values()))
    for answer, question, policy, index, purpose, *_, number, _request in rows:
        if purpose == "rate" and answer in drawn.repeats:
            made.repeats[question, policy] += 1
        if question in questions and answer in drawn.rated:
            mine = found.get(answer, [])
            ruled = combine(mine, deciders(questions[question], rubrics))
            made.draws.append(Draw(answer, question, policy, index, number, first[answer], ruled))
            if kind := reference_type(questions[question]):
                made.said.extend(_said(question, policy, kind, mine))
    return made


def rulings(ctx: Context, shard: Shard, questions: Mapping[str, Question]) -> dict[str, Ruled]:
    """What the deciding verdicts come to, by answer_id. Only columns and checks that decide are looked at."""
    found = _verdicts(ctx, shard, questions)
    rubrics = deciding_rubrics(ctx.settings, ctx.checks)
    asked = ctx.run.columns("answers", shard.lane, shard.number, "answer_id", "question_id")
    return {
        answer: combine(found.get(answer, ()), deciders(questions[question], rubrics))
        for answer, question in asked
        if question in questions
    }


def given_up(ctx: Context, shard: Shard) -> set[str]:
    """Answers with a verdict that is tried no more."""
    return {each for (each,) in ctx.run.columns("screen_failures", shard.lane, shard.number, "answer_id")}


def _said(question: str, policy: str, kind: str, verdicts: list[Verdict]) -> Iterator[Said]:
    return (Said(question, policy, v.outcome, v.extracted) for v in verdicts if v.check == kind)


def _first_requests(rows: list[tuple[str, ...]]) -> dict[str, str]:
    """By answer_id the request that began it."""
    requests = {row[0]: row[-1] for row in rows}
    before = {row[0]: row[COLUMNS.index("continues")] for row in rows}

    def begun(answer: str) -> str:
        while (earlier := before[answer]) in before:
            answer = earlier
        return requests[answer]

    return {answer: begun(answer) for answer in requests}


def _verdicts(ctx: Context, shard: Shard, questions: Mapping[str, Question]) -> dict[str, list[Verdict]]:
    """The verdicts of the checks that decide, by answer_id."""
    names = {reference_type(q) for q in questions.values()} | {*deciding_rubrics(ctx.settings, ctx.checks)}
    deciding = pc.field("check").isin(pa.array(sorted(name for name in names if name), pa.string()))
    found: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in ctx.run.read("verdicts", Verdict, shard.lane, shard.number, deciding):
        found[verdict.answer_id].append(verdict)
    return found
