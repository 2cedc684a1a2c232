"""Write some kept answers in another format; each rewrite is a new answer and owes every check again."""

from collections import defaultdict
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from datapipe.context import Context, Shard
from datapipe.deciding import combine, deciders, deciding_rubrics, reference_type
from datapipe.format import fitting, known_formats
from datapipe.run import part_name
from datapipe.screen import Asked, give_up, settled, tried
from datapipe.verdict_rows import lost, stored_verdicts, tally
from schemas.ids import content_id, draw
from schemas.rows import Answer, Question, Turn, Verdict


def diversify(ctx: Context, shard: Shard) -> None:
    """Fill `rewrites` and `rewrite_verdicts` for a shard."""
    run, lane, part = ctx.run, shard.lane, part_name(shard.number)
    questions = {q.question_id: q for q in run.read("questions", Question, lane, shard.number)}
    asked = Asked(ctx, shard, questions)
    made_from = [run.fingerprint(table, lane, shard.number) for table in ("kept", "verdicts", "questions")]
    inputs = content_id("diversify", *made_from, ctx.settings.digest("diversify", "seed"), asked.digest())
    before = run.manifest("rewrite_verdicts", lane).get(part)
    if settled(ctx, before, inputs) and run.done("rewrites", lane, part, inputs):
        return
    rewrites = sorted(_rewrites(ctx, shard, questions), key=lambda a: a.answer_id)
    known = stored_verdicts(run, "rewrite_verdicts", lane, part)
    verdicts = asked.verdicts(rewrites, known, "rewrite_replies")
    owed, tries = len(rewrites) * asked.per_answer(), tried(before, inputs) + asked.counts(verdicts, known)
    counts = tally(verdicts) | {"owed": owed, "tries": tries}
    give_up(
        ctx, shard, part, "diversify", lost(verdicts, {a.answer_id: a.question_id for a in rewrites}), tries
    )
    run.commit("rewrites", lane, part, rewrites, inputs)
    run.commit(
        "rewrite_verdicts", lane, part, verdicts, inputs, counts=counts, covers=[part, *asked.covers()]
    )


def accepted(ctx: Context, shard: Shard, questions: dict[str, Question]) -> Iterator[Answer]:
    """The rewrites of a shard that every check lets through."""
    rubrics = deciding_rubrics(ctx.settings, ctx.checks)
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in ctx.run.read("rewrite_verdicts", Verdict, shard.lane, shard.number):
        verdicts[verdict.answer_id].append(verdict)
    for answer in ctx.run.read("rewrites", Answer, shard.lane, shard.number):
        found = verdicts[answer.answer_id]
        outcome, _ = combine(found, deciders(questions[answer.question_id], rubrics))
        if outcome == "pass" and all(v.outcome != "fail" for v in found):
            yield answer


def _rewrites(ctx: Context, shard: Shard, questions: dict[str, Question]) -> Iterator[Answer]:
    run, lane, number = ctx.run, shard.lane, shard.number
    seed, share = ctx.settings.seed, ctx.settings.diversify.rewrites
    kept = (answer for (answer,) in run.columns("kept", lane, number, "answer_id"))
    drawn = pa.array([each for each in kept if draw("rewrite", seed, each) < share], pa.string())
    chosen = pc.field("answer_id").isin(drawn)
    verified = chosen & pc.field("reference_id").is_valid()
    found = run.read("verdicts", Verdict, lane, number, verified)
    finals = {v.answer_id: v.extracted for v in found if v.extracted}
    for answer in run.read("answers", Answer, lane, number, chosen):
        if len(answer.turns) == 1:
            made = _rewrite(answer, questions[answer.question_id], finals.get(answer.answer_id))
            if made is not None:
                yield made


def _rewrite(answer: Answer, question: Question, final: str | None) -> Answer | None:
    """The answer in the first other format, in an order by hash, that it can be written in."""
    turn = answer.turns[0]
    multi_turn = len(question.messages) > 1 or question.tools is not None
    names = [
        name for name in fitting(question.lane, reference_type(question), multi_turn) if name != answer.format
    ]
    for name in sorted(names, key=lambda each: draw("into", answer.answer_id, each)):
        text = known_formats()[name].rewrite(turn.content, final)
        if text and text != turn.content:
            return _rewritten(answer, turn, name, text)
    return None


def _rewritten(answer: Answer, turn: Turn, name: str, text: str) -> Answer:
    return answer.model_copy(
        update={
            "answer_id": content_id("rewrite", answer.answer_id, name, text),
            "request_id": content_id("rewrite request", answer.answer_id, name),
            "format": name,
            "purpose": "rewrite",
            "parent": answer.answer_id,
            "turns": [turn.model_copy(update={"content": text, "tokens": None})],
            "raw": text,
            "completion_tokens": None,
        }
    )
