"""What the deciding verdicts say of every question and policy: pass rate, clusters, suspicion."""

from collections import Counter
from collections.abc import Mapping

from datapipe import clusters
from datapipe.context import Context, Shard
from datapipe.deciding import deciding_rubrics, reference_type
from datapipe.gathered import Gathered, Key, gather
from datapipe.policies import models_by_policy
from datapipe.rating import rating
from datapipe.run import part_name
from datapipe.same import Comparisons
from datapipe.screen import tried
from datapipe.suspects import suspects
from datapipe.walks import Walk, Walks
from datapipe.wanted import Wanted
from judges.versions import values_version
from schemas.ids import content_id
from schemas.references import load_reference
from schemas.rows import Question, Rating

TABLES = ("clusters", "suspects", "ratings")
"""What the stage makes, the ratings last: they are what later stages read."""


_METHOD = 5
"""Counted up where other rows are made from the same inputs, so that stored ones are made anew."""


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
    found = gather(ctx, shard, questions)
    walks = Walks(ctx, shard, questions, found).all()
    compare = Comparisons(ctx)
    groups = clusters.group(compare, references, found.said)
    scored = {key: walk.counts.scored for key, walk in walks.items() if key[0] in references}
    suspected = suspects(compare, questions, models_by_policy(run, lane), groups, scored)
    ratings = _ratings(ctx, questions, walks, groups)
    mine = [row for row in ratings if row.policy_id == ctx.current_policy(lane)]
    tally = {"questions": len(questions), "rated": len({r.question_id for r in ratings})}
    if ctx.settings.spend.target:
        tally |= _filled(ctx, shard, Wanted(ctx.settings, mine, suspected), found)
    if compare.lost:
        tries = tried(run.manifest("ratings", lane).get(part), inputs) + 1
        tally |= {"lost": compare.lost, "tries": tries}
    run.commit("clusters", lane, part, clusters.rows(lane, groups), inputs)
    run.commit("suspects", lane, part, suspected, inputs)
    run.commit("ratings", lane, part, ratings, inputs, counts=tally)
    ctx.progress.owe("rate", len(questions))
    ctx.progress.step("rate", len(questions))


def _filled(ctx: Context, shard: Shard, wanted: Wanted, found: Gathered) -> dict[str, int]:
    """How many answers drawn for the rate are likely to be kept, by tier: texts are not compared."""
    outcomes = ctx.run.columns("verdicts", shard.lane, shard.number, "answer_id", "outcome")
    faulty = {answer for answer, outcome in outcomes if outcome == "fail"}
    clean = Counter(d.question_id for d in found.draws if d.ruled[0] == "pass" and d.answer_id not in faulty)
    filled: Counter[str] = Counter()
    for question, answers in clean.items():
        if wanted.verdict(question) is None:
            filled[f"kept {wanted.ratings[question].tier}"] += min(answers, ctx.settings.keep.answers)
    return dict(filled)


def _settled(ctx: Context, shard: Shard, inputs: str) -> bool:
    """Whether the shard is rated: nothing was lost, or too often to be tried again."""
    run, lane, part = ctx.run, shard.lane, part_name(shard.number)
    before = run.manifest("ratings", lane).get(part)
    lost = before is not None and before.counts.get("lost", 0) > 0
    tired = tried(before, inputs) >= ctx.settings.screen.give_up_after
    return all(run.done(table, lane, part, inputs) for table in TABLES) and (not lost or tired)


def _ratings(
    ctx: Context, questions: Mapping[str, Question], walks: Mapping[Key, Walk], groups: clusters.Groups
) -> list[Rating]:
    believed = ctx.settings.rate.false_pass
    false_passes = ctx.floors.false_passes(believed)
    floors = ctx.floors.floors(questions)
    return [
        rating(
            ctx.settings.rate,
            questions[question],
            policy,
            walk.counts,
            floor=floors[question],
            false_pass=false_passes.get(reference_type(questions[question]) or "", believed),
            majority=groups[question].majority(policy) if question in groups else None,
            path=walk.path,
        )
        for (question, policy), walk in walks.items()
        if walk.counts.n
    ]


def _inputs(ctx: Context, shard: Shard) -> str:
    """A hash of everything the three tables are made from."""
    run, lane = ctx.run, shard.lane
    config = ctx.settings.digest("rate") + content_id("deciding", deciding_rubrics(ctx.settings, ctx.checks))
    owed = None if ctx.settings.input.recorded else (ctx.settings.generate.n, ctx.settings.seed)
    tables = ["questions", "answers", "verdicts"]
    if ctx.settings.spend.rounds:
        tables.append("rounds")
    spend = ctx.settings.spend
    config += content_id("spend", spend.first, spend.target) if spend.rounds or spend.target else ""
    config += ctx.settings.digest("keep") if spend.target else ""
    made_from = [run.fingerprint(table, lane, shard.number) for table in tables]
    looser = values_version("loosely")  # of the other looks at an answer, the verdicts tell
    rates = sorted(ctx.floors.base_rates(lane).items())
    false_passes = sorted(ctx.floors.false_passes(ctx.settings.rate.false_pass).items())
    return content_id(
        "rate", _METHOD, *made_from, config, ctx.current_policy(lane), owed, rates, false_passes, looser
    )
