"""Choose what becomes data: right answers of questions inside the band; everything else with its reason."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from datapipe.context import Context, Shard
from datapipe.deciding import Ruled, deciders, deciding_rubrics
from datapipe.draws import COLUMNS, draws
from datapipe.errors import ConfigError
from datapipe.gathered import rulings
from datapipe.policies import models_by_policy
from datapipe.run import part_name
from datapipe.wanted import Wanted
from schemas.ids import content_id, draw
from schemas.rows import Lane, Question, Rating, Suspect, Verdict


def keep(ctx: Context) -> None:
    """Fill `kept`, `dropped` and `pending`: every answer stands in exactly one of the three."""
    for lane in ctx.lanes:
        shards = ctx.shards(lane)
        steer = steering_policy(ctx, lane) if shards else None
        for shard in shards:
            _keep_shard(ctx, shard, steer)
        for table in ("kept", "dropped", "pending", "rewrites", "rewrite_verdicts"):
            live = {part_name(shard.number) for shard in shards}
            ctx.run.retire(table, lane, set(ctx.run.parts(table, lane)) - live)


def steering_policy(ctx: Context, lane: Lane) -> str | None:
    """The policy whose ratings select. Raises ConfigError where several answered and none is named."""
    rated = {policy for (policy,) in ctx.run.columns("ratings", lane, None, "policy_id")}
    models = {policy: model for policy, model in models_by_policy(ctx.run, lane).items() if policy in rated}
    wanted = ctx.settings.rate.steer
    if wanted is None and len(models) > 1 and not ctx.settings.input.recorded:
        wanted = ctx.settings.generate.model
    found = sorted(policy for policy, model in models.items() if wanted in (None, model))
    if len(found) > 1:
        # Of several policies of one model, such as two temperatures, the configured one steers.
        found = [p for p in found if p == ctx.current_policy(lane)] or found
    if len(found) > 1 or (models and not found):
        names = ", ".join(sorted(set(models.values())))
        raise ConfigError(
            f"answers of several policies are stored ({names}): name the model whose pass rate steers "
            f"selection, as in --set rate.steer=NAME; nothing stored is lost"
        )
    return found[0] if found else None


def _keep_shard(ctx: Context, shard: Shard, steer: str | None) -> None:
    run, lane, part = ctx.run, shard.lane, part_name(shard.number)
    tables = ("questions", "answers", "verdicts", "ratings", "suspects")
    made_from = [run.fingerprint(table, lane, shard.number) for table in tables]
    inputs = content_id("keep", *made_from, ctx.settings.digest("keep", "rate", "screen", "seed"), steer)
    if all(run.done(table, lane, part, inputs) for table in ("kept", "dropped", "pending")):
        return
    chosen = sorted(_Choosing(ctx, shard, steer).decisions(), key=lambda d: d.answer_id)
    for action, table in (("keep", "kept"), ("drop", "dropped"), ("pending", "pending")):
        run.commit(table, lane, part, [d for d in chosen if d.action == action], inputs)
    for decision in chosen:
        if decision.action == "drop":
            ctx.progress.drop(decision.check or "selection")


class _Answer(NamedTuple):
    """What choosing has to know of an answer, besides its verdicts and its text."""

    answer_id: str
    question_id: str
    policy_id: str


class _Chosen(NamedTuple):
    """The columns of a `Decision`, in their order: they are checked when they are stored."""

    lane: Lane
    question_id: str
    answer_id: str
    policy_id: str
    action: str
    check: str | None
    reason: str
    evidence: str | None
    rank: int | None


class _Choosing:
    """The decisions of one shard, in two steps: each answer by itself, then the right ones of a question."""

    def __init__(self, ctx: Context, shard: Shard, steer: str | None) -> None:
        run, lane, number = ctx.run, shard.lane, shard.number
        self.ctx, self.lane, self.number = ctx, lane, number
        self.rubrics = deciding_rubrics(ctx.settings, ctx.checks)
        self.questions = {q.question_id: q for q in run.read("questions", Question, lane, number)}
        self.ruled = rulings(ctx, shard, self.questions)
        told = run.columns("answers", lane, number, "answer_id", "question_id", "policy_id")
        self.answers = [a for a in map(_Answer._make, told) if a.question_id in self.questions]
        self.draws = draws(run.columns("answers", lane, number, *COLUMNS))
        ratings = (r for r in run.read("ratings", Rating, lane, number) if r.policy_id == steer)
        self.wanted = Wanted(ctx.settings, ratings, run.read("suspects", Suspect, lane, number))
        self.against: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in run.read("verdicts", Verdict, lane, number, pc.field("outcome") != "pass"):
            self.against[verdict.answer_id].append(verdict)

    def decisions(self) -> Iterator[_Chosen]:
        right: dict[str, list[_Answer]] = defaultdict(list)
        for answer in self.answers:
            decision = self._no_draw(answer) or self._alone(answer, self.ruled[answer.answer_id])
            if decision is None:
                right[answer.question_id].append(answer)
            else:
                yield decision
        wanted = {question: self.wanted.verdict(question) for question in right}
        texts = self._texts({a.answer_id for q, each in right.items() if wanted[q] is None for a in each})
        for question, answers in right.items():
            yield from self._together(answers, wanted[question], texts)

    def _texts(self, answers: Container[str]) -> dict[str, str]:
        """What answers say, as a hash; how many tokens it was makes no other text of it."""
        turns = self.ctx.run.columns("answers", self.lane, self.number, "answer_id", "turns")
        return {
            answer: content_id("text", [{k: v for k, v in turn.items() if k != "tokens"} for turn in said])
            for answer, said in turns
            if answer in answers
        }

    def _no_draw(self, answer: _Answer) -> _Chosen | None:
        """What is said once already: it would be learned from twice."""
        why = self.draws.no_draw(answer.answer_id)
        return None if why is None else self._decision(answer, "drop", why)

    def _alone(self, answer: _Answer, ruled: Ruled) -> _Chosen | None:
        """What the verdicts say; None where nothing speaks against the answer."""
        outcome, missing = ruled
        names = deciders(self.questions[answer.question_id], self.rubrics)
        against = self.against[answer.answer_id]
        fails = [v for v in against if v.outcome == "fail"]
        if outcome == "fail":
            return self._dropped(answer, next(v for v in fails if v.check in names))
        if faults := [v for v in fails if v.check not in names]:
            return self._dropped(answer, faults[0])
        if outcome == "unscored":
            why = next((v.reason for v in against if v.check in names), "no deciding verdict")
            return self._decision(answer, "pending", f"{missing}: {why}")
        return None

    def _together(
        self, answers: list[_Answer], verdict: tuple[str, str] | None, said: Mapping[str, str]
    ) -> Iterator[_Chosen]:
        """Right answers of one question: suspicion and the band first, then as many as are wanted, in an
        order by hash."""
        if verdict is not None:
            yield from (self._decision(a, *verdict) for a in answers)
            return
        most, seed = self.ctx.settings.keep.answers, self.ctx.settings.seed
        order = sorted(answers, key=lambda a: (draw("keep", seed, a.answer_id), a.answer_id))
        texts: dict[str, str] = {}
        rank = 0
        for answer in order:
            text = said[answer.answer_id]
            if text in texts:
                yield self._decision(answer, "drop", f"the same text as answer {texts[text]}")
            elif rank >= most:
                yield self._decision(answer, "drop", f"{most} answers of the question are kept already")
            else:
                texts[text] = answer.answer_id
                yield self._decision(answer, "keep", "right, and the question is in the band", rank)
                rank += 1

    def _dropped(self, answer: _Answer, verdict: Verdict) -> _Chosen:
        reason = verdict.reason or "failed"
        return self._decision(answer, "drop", reason, check=verdict.check, evidence=verdict.evidence)

    def _decision(
        self,
        answer: _Answer,
        action: str,
        reason: str,
        rank: int | None = None,
        check: str | None = None,
        evidence: str | None = None,
    ) -> _Chosen:
        name, question, policy = answer
        return _Chosen(self.lane, question, name, policy, action, check, reason, evidence, rank)
