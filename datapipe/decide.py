"""Decide between rounds whether a question is asked again; what is decided is stored, and never anew."""

from collections import Counter

from datapipe.context import Context, Shard
from datapipe.shards import read_table
from schemas.rows import Answer, Lane, Round


def decide(ctx: Context, shard: Shard) -> bool:
    """Fill `rounds` for a shard; whether more is to be asked of it."""
    run, lane, number = ctx.run, shard.lane, shard.number
    for part in sorted(set(run.parts("answers", lane, number)) - set(run.parts("rounds", lane, number))):
        run.commit("rounds", lane, part, _fixed(ctx, lane, part))
    return False


def _fixed(ctx: Context, lane: Lane, part: str) -> list[Round]:
    """Why no more is asked: one round with n fixed, in the shape that more rounds fit."""
    entry = ctx.run.manifest("answers", lane).get(part)
    names = ["question_id", "policy_id", "round", "purpose", "continues"]
    rows = read_table(ctx.run.part_path("answers", lane, part), Answer, entry).select(names)
    draws = Counter(
        (question, policy, number)
        for question, policy, number, purpose, continues in zip(*rows.to_pydict().values(), strict=True)
        if purpose == "rate" and continues is None
    )
    return [
        Round(
            lane=lane,
            question_id=question,
            policy_id=policy,
            round=number,
            draws=count,
            action="stop",
            reason="n is fixed",
        )
        for (question, policy, number), count in sorted(draws.items())
    ]
