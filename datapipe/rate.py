"""What the deciding verdicts say of every question and policy: pass rate, clusters, suspicion."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from datapipe import clusters
from datapipe.clusters import Said
from datapipe.context import Context, Shard
from datapipe.deciding import Ruled, combine, deciders, deciding_rubrics, reference_type
from datapipe.draws import COLUMNS, draws
from datapipe.owed import due_of
from datapipe.policies import models_by_policy
from datapipe.rating import Counts, counted, rating
from datapipe.run import part_name
from datapipe.same import Comparisons
from datapipe.screen import tried
from datapipe.suspects import suspects
from judges.versions import values_version
from schemas.ids import content_id
from schemas.references import load_reference
from schemas.rows import Question, Rating, Verdict

TABLES = ("clusters", "suspects", "ratings")
"""What the stage makes, the ratings last: they are what later stages read."""


_METHOD = 3
"""Counted up where other rows are made from the same inputs, so that stored ones are made anew."""
Key = tuple[str, str]
"""Question and policy."""


def rate(ctx: Context, shard: Shard) -> None:
    """Fill `ratings`, `clusters` and `suspects` for a shard. A question nobody answered has no rating.

    Where comparisons of answers were lost with their workers, the shard is made without them and stays owed,
    as often as lost verdicts do.
    """
    run, lane, part = ctx.run, shard.lane, part_name(shard.number)
    inputs = _inputs(ctx, shard)
    if _settled(ctx, shard, inputs):
        return
    questions = {q.question_id: q for q in run.read("questions", Question, lane, shard.number)}
    references = {key: load_reference(q.reference) for key, q in questions.items() if q.reference is not None}
    ruled, said, repeats = _gathered(ctx, shard, questions)
    counts = {key: counted(group, repeats[key]) for key, group in sorted(ruled.items())}
    compare = Comparisons(ctx)
    groups = clusters.group(compare, references, said)
    scored = {key: count.scored for key, count in counts.items() if key[0] in references}
    suspected = suspects(compare, questions, models_by_policy(run, lane), groups, scored)
    ratings = _ratings(ctx, questions, counts, groups)
    tally = {"questions": len(questions), "rated": len({r.question_id for r in ratings})}
    if compare.lost:
        tries = tried(run.manifest("ratings", lane).get(part), inputs) + 1
        tally |= {"lost": compare.lost, "tries": tries}
    run.commit("clusters", lane, part, clusters.rows(lane, groups), inputs)
    run.commit("suspects", lane, part, suspected, inputs)
    run.commit("ratings", lane, part, ratings, inputs, counts=tally)
    ctx.progress.owe("rate", len(questions))
    ctx.progress.step("rate", len(questions))


def _settled(ctx: Context, shard: Shard, inputs: str) -> bool:
    """Whether the shard is rated: nothing was lost, or too often to be tried again."""
    run, lane, part = ctx.run, shard.lane, part_name(shard.number)
    before = run.manifest("ratings", lane).get(part)
    lost = before is not None and before.counts.get("lost", 0) > 0
    tired = tried(before, inputs) >= ctx.settings.screen.give_up_after
    return all(run.done(table, lane, part, inputs) for table in TABLES) and (not lost or tired)


def _ratings(
    ctx: Context, questions: Mapping[str, Question], counts: Mapping[Key, Counts], groups: clusters.Groups
) -> list[Rating]:
    believed = ctx.settings.rate.false_pass
    false_passes = ctx.floors.false_passes(believed)
    return [
        rating(
            ctx.settings.rate,
            questions[question],
            policy,
            count,
            floor=ctx.floors.floor(questions[question]),
            false_pass=false_passes.get(reference_type(questions[question]) or "", believed),
            majority=groups[question].majority(policy) if question in groups else None,
        )
        for (question, policy), count in counts.items()
    ]


def _inputs(ctx: Context, shard: Shard) -> str:
    """A hash of everything the three tables are made from."""
    run, lane = ctx.run, shard.lane
    config = ctx.settings.digest("rate") + content_id("deciding", deciding_rubrics(ctx.settings, ctx.checks))
    owed = None if ctx.settings.input.recorded else (ctx.settings.generate.n, ctx.settings.seed)
    made_from = [run.fingerprint(table, lane, shard.number) for table in ("questions", "answers", "verdicts")]
    looser = values_version("loosely")  # of the other looks at an answer, the verdicts tell
    rates = sorted(ctx.floors.base_rates(lane).items())
    false_passes = sorted(ctx.floors.false_passes(ctx.settings.rate.false_pass).items())
    return content_id(
        "rate", _METHOD, *made_from, config, ctx.current_policy(lane), owed, rates, false_passes, looser
    )


def _gathered(
    ctx: Context, shard: Shard, questions: dict[str, Question]
) -> tuple[dict[Key, list[Ruled]], list[Said], Counter[Key]]:
    """By question and policy what the draws come to, what they said, and how many repeat another."""
    found = _verdicts(ctx, shard, questions)
    rubrics = deciding_rubrics(ctx.settings, ctx.checks)
    groups: dict[Key, list[Ruled]] = defaultdict(list)
    said: list[Said] = []
    answers = list(ctx.run.columns("answers", shard.lane, shard.number, *COLUMNS, "request_id"))
    answered = {row[-1] for row in answers}
    drawn = draws(row[:-1] for row in answers)
    repeats = Counter[Key]()
    for answer, question, policy, _, purpose, *_ in answers:
        if purpose == "rate" and answer in drawn.repeats:
            repeats[question, policy] += 1
        if question in questions and answer in drawn.rated:
            mine, names_of = found.get(answer, ()), deciders(questions[question], rubrics)
            groups[question, policy].append(combine(mine, names_of))
            if kind := reference_type(questions[question]):
                said += [Said(question, policy, v.outcome, v.extracted) for v in mine if v.check == kind]
    for question, policy in _unanswered(ctx, shard, questions.values(), answered):
        if (question, policy) in groups:
            groups[question, policy].append(("unscored", "infra"))
    return groups, said, repeats


def _unanswered(
    ctx: Context, shard: Shard, questions: Iterable[Question], answered: Container[str]
) -> Iterator[tuple[str, str]]:
    """(question, policy) of every request that brought no answer, or none yet.

    Long answers time out and hard questions have long answers: a rate over what came back flatters them.
    """
    policy = ctx.current_policy(shard.lane)
    due = due_of(ctx.run, ctx.settings, policy, shard.lane, shard.number)
    for request, (question, slot) in due.all(questions).items():
        if slot.purpose == "rate" and request not in answered:
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
