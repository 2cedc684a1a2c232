"""Ask for right answers where the target still lacks them; what is drawn for that enters no rate."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from datapipe.context import Context, Shard
from datapipe.decide import decision_part, digest
from datapipe.draws import COLUMNS
from datapipe.draws import draws as told_apart
from datapipe.gathered import rulings
from datapipe.harvesting import Candidate, allot
from datapipe.keep import steering_policy
from datapipe.ledger_requests import requests
from datapipe.owed import due_of
from datapipe.prior import base, mean
from datapipe.shards import remove, write_text
from datapipe.share import in_share
from datapipe.wanted import Wanted
from schemas.base import TIERS, Tier
from schemas.rows import Question, Rating, Round, Suspect

_SHARE = 2
"""Right answers that the share kept of all of them counts for, where a question has few of its own."""


def harvest(ctx: Context) -> list[Shard]:
    """Decide which questions are drawn from beyond their rate: the shards that are to be answered again.

    Taken when every draw that is owed came or was given up, so that it depends on stored rows alone.
    """
    spend = ctx.settings.spend
    if not (spend.harvest and spend.target) or ctx.settings.input.recorded or _open(ctx):
        return []
    found = [each for lane in ctx.lanes for shard in ctx.shards(lane) for each in _Stand(ctx, shard).all()]
    wanted = _wanted(ctx)
    lack = _lack(ctx, wanted)
    draws = allot(found, lack, ctx.budget.left)
    rows = [_row(ctx, each, draws[each.key], lack, wanted) for each in found if draws[each.key]]
    if rows:
        told = [(shard, row.model_dump(mode="json")) for shard, row in rows]
        write_text(_plan(ctx), json.dumps({"digest": digest(ctx), "rows": told}))
        ctx.progress.ask_more(sum(row.more or 0 for _, row in rows))
    return settle(ctx)


def settle(ctx: Context) -> list[Shard]:
    """Store the decisions that were taken together, also where a kill came in between, and the configuration
    has changed since: they are those of the one that took them."""
    path = _plan(ctx)
    if not path.exists():
        return []
    rows: dict[Shard, list[Round]] = defaultdict(list)
    plan = json.loads(path.read_text(encoding="utf-8"))
    for number, row in plan["rows"]:
        decision = Round.model_validate(row)
        rows[Shard(decision.lane, number)].append(decision)
    for shard, decided in rows.items():
        names = ("question_id", "policy_id", "purpose", "round")
        known = ctx.run.columns("rounds", shard.lane, shard.number, *names)
        first = decided[0]
        if (first.question_id, first.policy_id, "harvest", first.round) not in known:
            ctx.run.commit("rounds", shard.lane, decision_part(ctx, shard), decided, plan["digest"])
    remove(path)
    return list(rows)


def _plan(ctx: Context) -> Path:
    return ctx.run.path / "_harvest.json"


def _open(ctx: Context) -> bool:
    """Whether a draw is still owed."""
    counts = [requests(ctx.run, ctx.settings, lane) for lane in ctx.lanes]
    return any(count["owed"] > count["answered"] + count["failed"] for count in counts)


def _wanted(ctx: Context) -> dict[Tier, int]:
    """Samples wanted by tier of the questions that are asked, of a share of all its part, rounded up.

    A pilot that harvested for the whole target would draw from each of its questions what the whole run draws
    only from the best of many, and forecast that of all.
    """
    target, spend = ctx.settings.spend.target, ctx.settings.spend
    if spend.share >= 1:
        return target
    lanes = (ctx.run.columns("questions", lane, None, "question_id") for lane in ctx.settings.lanes)
    asked = [in_share(spend.share, ctx.settings.seed, question) for rows in lanes for (question,) in rows]
    return {tier: -(-count * sum(asked) // max(len(asked), 1)) for tier, count in target.items()}


def _lack(ctx: Context, target: Mapping[Tier, int]) -> dict[str, int]:
    """Samples by tier that are wanted and that the kept answers have not."""
    kept: Counter[str] = Counter()
    for lane in ctx.settings.lanes:
        steer = steering_policy(ctx, lane)
        rated = ctx.run.columns("ratings", lane, None, "question_id", "policy_id", "tier")
        tiers = {question: tier for question, policy, tier in rated if policy == steer}
        kept.update(
            tiers.get(question, "") for (question,) in ctx.run.columns("kept", lane, None, "question_id")
        )
    return {tier: max(target[tier] - kept[tier], 0) for tier in TIERS if tier in target}


class _Stand:
    """How the questions of a shard stand: what came of their draws, and what one more may bring."""

    def __init__(self, ctx: Context, shard: Shard) -> None:
        run, lane, number = ctx.run, shard.lane, shard.number
        self.ctx, self.shard = ctx, shard
        self.policy = ctx.current_policy(lane)
        self.questions = {q.question_id: q for q in run.read("questions", Question, lane, number)}
        steer = steering_policy(ctx, lane)
        ratings = (r for r in run.read("ratings", Rating, lane, number) if r.policy_id == steer)
        self.wanted = Wanted(ctx.settings, ratings, run.read("suspects", Suspect, lane, number))
        self.due = due_of(run, ctx.settings, self.policy, lane, number)
        self._kept = dict(run.columns("kept", lane, number, "answer_id", "question_id"))
        self.kept = Counter(self._kept.values())
        self.draws: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.mine: Counter[str] = Counter()
        """Right answers of this policy that are kept."""
        self.tokens: Counter[str] = Counter()
        self._count()

    def _count(self) -> None:
        run, lane, number = self.ctx.run, self.shard.lane, self.shard.number
        ruled = rulings(self.ctx, self.shard, self.questions)
        names = ("answer_id", "question_id", "policy_id", "completion_tokens")
        drawn = told_apart(run.columns("answers", lane, number, *COLUMNS))
        for answer, question, policy, tokens in run.columns("answers", lane, number, *names):
            if policy == self.policy and answer in ruled and drawn.no_draw(answer) is None:
                self.draws[question] += 1
                self.tokens[question] += tokens or 0
                if ruled[answer][0] == "pass":
                    self.right[question] += 1
                    self.mine[question] += answer in self._kept

    def _room(self, question: str) -> int:
        """Answers that would still be kept; 0 where none is wanted. One outside the share would be decided on
        again and again, and never asked."""
        if not self.due.asks(question) or not self.draws[question]:
            return 0
        most = self.ctx.settings.keep.answers
        return 0 if self.wanted.verdict(question) is not None else max(most - self.kept[question], 0)

    def all(self) -> Iterator[Candidate]:
        """Questions of which one more right answer would be kept.

        Where there is room, right answers that are not kept have a fault or the text of another, and so may
        the next one.
        """
        settings = self.ctx.settings
        rooms = {question: room for question in self.questions if (room := self._room(question))}
        share = (sum(self.mine[q] for q in rooms) + 1) / (sum(self.right[q] for q in rooms) + 1)
        usual = (self.tokens.total() + 1) / (self.draws.total() + 1)
        before = base(settings.rate)
        for question, room in rooms.items():
            asked = len(self.due.harvest(question))
            right, draws = self.right[question], self.draws[question]
            kept = (self.mine[question] + _SHARE * share) / (right + _SHARE)
            yield Candidate(
                key=(self.shard.lane, self.shard.number, question),
                tier=self.wanted.ratings[question].tier,
                chance=mean(right, draws - right, before) * min(kept, 1.0),
                tokens=(self.tokens[question] + usual) / (draws + 1),
                room=room,
                most=most_of_a_round(settings.spend.harvest - asked, settings.spend.step),
                right=right,
                draws=draws,
                asked=asked,
            )


def most_of_a_round(left: int, step: int) -> int:
    """Draws of one round: half of those that are left, so that the next may know better."""
    return max(min(max(step, (left + 1) // 2), left), 0)


def _row(
    ctx: Context, of: Candidate, more: int, lack: Mapping[str, int], target: Mapping[Tier, int]
) -> tuple[int, Round]:
    lane, shard, question = of.key
    policy = ctx.current_policy(lane)
    rows = due_of(ctx.run, ctx.settings, policy, lane, shard).harvested(question)
    wanted = f"{of.tier} lacks {lack[of.tier]} of {target[of.tier]} samples"
    return shard, Round(
        lane=lane,
        question_id=question,
        policy_id=policy,
        round=rows[-1].round + 1 if rows else 0,
        draws=of.asked,
        action="ask",
        reason=f"{wanted}; a draw of {of.tokens:.0f} tokens is kept with a chance of {of.chance:.2f}",
        purpose="harvest",
        more=more,
        passes=of.right,
        scored=of.draws,
        tier=of.tier,
    )
