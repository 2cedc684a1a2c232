"""What the deciding verdicts say of every question and policy: pass rate, clusters, suspicion."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from datapipe import clusters
from datapipe.asking import all_requests
from datapipe.clusters import Said
from datapipe.context import Context, Shard
from datapipe.deciding import Ruled, combine, deciders, deciding_rubrics, reference_type
from datapipe.policies import models_by_policy
from datapipe.rating import counted, rating
from datapipe.run import part_name
from datapipe.suspects import suspects
from judges.versions import values_version
from schemas.ids import content_id
from schemas.rows import Lane, Question, Verdict

TABLES = ("clusters", "suspects", "ratings")
"""What the stage makes, the ratings last: they are what later stages read."""


def rate(ctx: Context, shard: Shard) -> None:
    """Fill `ratings`, `clusters` and `suspects` for a shard. A question nobody answered has no rating."""
    run, lane, number = ctx.run, shard.lane, shard.number
    inputs = _inputs(ctx, shard)
    if all(run.done(table, lane, part_name(number), inputs) for table in TABLES):
        return
    questions = {q.question_id: q for q in run.read("questions", Question, lane, number)}
    ruled, said = _gathered(ctx, shard, questions)
    kinds = {key: kind for key, q in questions.items() if (kind := reference_type(q))}
    groups = clusters.group(ctx, kinds, said)
    counts = {key: counted(group) for key, group in sorted(ruled.items())}
    models = models_by_policy(run, lane)
    scored = {key: count.scored for key, count in counts.items() if key[0] in kinds}
    believed = ctx.settings.rate.false_pass
    false_passes = ctx.floors.false_passes(believed)
    ratings = [
        rating(
            ctx.settings.rate,
            questions[question],
            policy,
            count,
            floor=ctx.floors.floor(questions[question]),
            false_pass=false_passes.get(kinds.get(question, ""), believed),
            majority=clusters.majority(groups.get(question, ()), policy, count.scored),
        )
        for (question, policy), count in counts.items()
    ]
    suspected = suspects(ctx, questions, models, groups, scored)
    tally = {"questions": len(questions), "rated": len({r.question_id for r in ratings})}
    run.commit("clusters", lane, part_name(number), clusters.rows(lane, groups), inputs)
    run.commit("suspects", lane, part_name(number), suspected, inputs)
    run.commit("ratings", lane, part_name(number), ratings, inputs, counts=tally)
    ctx.progress.owe("rate", len(questions))
    ctx.progress.step("rate", len(questions))


def _inputs(ctx: Context, shard: Shard) -> str:
    """A hash of everything the three tables are made from."""
    run, lane = ctx.run, shard.lane
    config = ctx.settings.digest("rate") + content_id("deciding", deciding_rubrics(ctx.settings, ctx.checks))
    owed = None if ctx.settings.input.recorded else (ctx.settings.generate.n, ctx.settings.seed)
    made_from = [run.fingerprint(table, lane, shard.number) for table in ("questions", "answers", "verdicts")]
    looser = values_version("loosely")  # of the other looks at an answer, the verdicts tell
    rates = sorted(ctx.floors.base_rates(lane).items())
    false_passes = sorted(ctx.floors.false_passes(ctx.settings.rate.false_pass).items())
    return content_id("rate", *made_from, config, ctx.current_policy(lane), owed, rates, false_passes, looser)


def _gathered(
    ctx: Context, shard: Shard, questions: dict[str, Question]
) -> tuple[dict[tuple[str, str], list[Ruled]], list[Said]]:
    """By question and policy what the answers come to, and what they said; those drawn for the rate alone."""
    found = _verdicts(ctx, shard, questions)
    rubrics = deciding_rubrics(ctx.settings, ctx.checks)
    groups: dict[tuple[str, str], list[Ruled]] = defaultdict(list)
    said: list[Said] = []
    names = ("answer_id", "question_id", "policy_id", "purpose", "request_id")
    answered = set()
    for answer, question, policy, purpose, request in ctx.run.columns(
        "answers", shard.lane, shard.number, *names
    ):
        answered.add(request)
        if question in questions and purpose == "rate":
            mine, names_of = found.get(answer, ()), deciders(questions[question], rubrics)
            groups[question, policy].append(combine(mine, names_of))
            if kind := reference_type(questions[question]):
                said += [Said(question, policy, v.outcome, v.extracted) for v in mine if v.check == kind]
    for question, policy in _unanswered(ctx, shard.lane, questions.values(), answered):
        if (question, policy) in groups:
            groups[question, policy].append(("unscored", "infra"))
    return groups, said


def _unanswered(
    ctx: Context, lane: Lane, questions: Iterable[Question], answered: Container[str]
) -> Iterator[tuple[str, str]]:
    """(question, policy) of every request that brought no answer, or none yet.

    Long answers time out and hard questions have long answers: a rate over what came back flatters them.
    """
    if ctx.settings.input.recorded:
        return
    policy = ctx.current_policy(lane)
    for request, (question, _) in all_requests(ctx.settings, policy, questions).items():
        if request not in answered:
            yield question.question_id, policy


def rulings(ctx: Context, shard: Shard, questions: dict[str, Question]) -> dict[str, Ruled]:
    """What the deciding verdicts come to, by answer_id. Only columns and checks that decide are looked at."""
    found = _verdicts(ctx, shard, questions)
    rubrics = deciding_rubrics(ctx.settings, ctx.checks)
    asked = ctx.run.columns("answers", shard.lane, shard.number, "answer_id", "question_id")
    return {
        answer: combine(found.get(answer, ()), deciders(questions[question], rubrics))
        for answer, question in asked
        if question in questions
    }


def _verdicts(ctx: Context, shard: Shard, questions: dict[str, Question]) -> dict[str, list[Verdict]]:
    """The verdicts of the checks that decide, by answer_id."""
    names = {reference_type(q) for q in questions.values()} | {*deciding_rubrics(ctx.settings, ctx.checks)}
    deciding = pc.field("check").isin(pa.array(sorted(name for name in names if name), pa.string()))
    found: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in ctx.run.read("verdicts", Verdict, shard.lane, shard.number, deciding):
        found[verdict.answer_id].append(verdict)
    return found
