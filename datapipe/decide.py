"""Decide between rounds whether a question is asked again; what is decided is stored, and never anew."""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import chain

from datapipe.context import Context, Shard
from datapipe.gathered import Draw, gather, given_up
from datapipe.grounds import Grounds, to_prior
from datapipe.owed import Due
from datapipe.priors import Kind, Priors, cells_of, kind_of
from datapipe.run import part_name, shard_of
from datapipe.shards import read_table
from schemas.base import TIERS, Tier
from schemas.ids import content_id
from schemas.rows import Answer, Lane, Question, Round

Counts = tuple[int, int, int]
"""Passes, scored draws, draws."""


def decide(ctx: Context, shard: Shard) -> bool:
    """Fill `rounds` for a shard; whether more is to be asked of it."""
    if ctx.settings.spend.rounds and not ctx.settings.input.recorded:
        # What a spent budget left unsent, here or in a shard before, would be missing from the decision.
        return ctx.budget.left != 0 and _Deciding(ctx, shard).decide()
    run, lane, number = ctx.run, shard.lane, shard.number
    for part in sorted(set(run.parts("answers", lane, number)) - set(run.parts("rounds", lane, number))):
        run.commit("rounds", lane, part, _fixed(ctx, lane, part))
    return False


def before(ctx: Context, shard: Shard) -> list[Shard]:
    """The shards that must be through before this one decides, in order.

    What it learns from them does not depend on which thread was quicker. They are twice the window behind,
    so that a shard hardly ever waits.
    """
    parts = [(lane, part) for lane in ctx.settings.lanes for part in ctx.run.parts("questions", lane)]
    order = [Shard(lane, shard_of(part)) for lane, part in parts]
    return order[: max(order.index(shard) - 2 * ctx.settings.window + 1, 0)]


def decision_part(ctx: Context, shard: Shard) -> str:
    """The name of the next part of decisions; `part-00003-d01` is the second of shard 3."""
    found = [part for part in ctx.run.parts("rounds", shard.lane, shard.number) if "-d" in part]
    return f"{part_name(shard.number)}-d{int(found[-1].rpartition('-d')[2]) + 1 if found else 0:04d}"


def full_tiers(ctx: Context, shards: list[Shard]) -> list[Tier]:
    """The tiers that have all samples wanted of them, counting these shards alone."""
    target = ctx.settings.spend.target
    entries = {lane: ctx.run.manifest("ratings", lane).entries() for lane in {s.lane for s in shards}}
    rated = [entry for s in shards if (entry := entries[s.lane].get(part_name(s.number)))]
    return [
        tier
        for tier in TIERS
        if tier in target and sum(e.counts.get(f"kept {tier}", 0) for e in rated) >= target[tier]
    ]


class _Deciding:
    """The decisions that are due in one shard."""

    def __init__(self, ctx: Context, shard: Shard) -> None:
        run, lane, number = ctx.run, shard.lane, shard.number
        self.ctx, self.shard = ctx, shard
        self.policy = ctx.current_policy(lane)
        self.questions = {q.question_id: q for q in run.read("questions", Question, lane, number)}
        rows = {part: list(run.read_part("rounds", Round, lane, part)) for part in self._parts()}
        self.due = Due(ctx.settings, self.policy, chain.from_iterable(rows.values()))
        self.inputs = f"{digest(ctx)}.{_basis(ctx, shard)}"
        self.reopened = self._knobs() not in (None, digest(ctx))
        self._same = [
            row
            for part, of in rows.items()
            if run.done("rounds", lane, part, self.inputs)
            for row in of
            if row.policy_id == self.policy and row.question_id in self.questions
        ]
        """What was decided in this shard of the same data by the same configuration."""
        self._grounds: dict[Kind, Grounds] = {}
        self._drawn = self._gather()
        self.ready = {
            q.question_id: of
            for q in self.questions.values()
            if self.due.asks(q.question_id) and (of := self._ready(q)) is not None
        }

    def decide(self) -> bool:
        """Store the decisions that can be taken; whether any asks for more."""
        rows = [self._row(question, self._next(question), counts) for question, counts in self.ready.items()]
        rows = [row for row in rows if row.more or not self._stopped(row.question_id, row.draws)]
        self._commit(
            [row for question in self.questions for row in self._lost(question)], f"{self._knobs()}."
        )
        self._commit(rows, self.inputs)
        more = sum(row.more or 0 for row in rows)
        self.ctx.progress.ask_more(more)
        return more > 0

    def _commit(self, rows: list[Round], inputs: str) -> None:
        if rows:
            self.ctx.run.commit("rounds", self.shard.lane, decision_part(self.ctx, self.shard), rows, inputs)

    def _parts(self) -> list[str]:
        return [
            part for part in self.ctx.run.parts("rounds", self.shard.lane, self.shard.number) if "-d" in part
        ]

    def _knobs(self) -> str | None:
        """The digest that the latest decisions of the shard were taken under; None where there are none."""
        entries = self.ctx.run.manifest("rounds", self.shard.lane).entries()
        parts = self._parts()
        return entries[parts[-1]].inputs.partition(".")[0] if parts else None

    def _gather(self) -> dict[str, Draw]:
        """The draws by the request that is owed."""
        found = gather(self.ctx, self.shard, self.questions)
        gone = self.ctx.run.columns("failures", self.shard.lane, self.shard.number, "unit_id")
        self._closed = found.answered.union(*gone)
        self._given_up = given_up(self.ctx, self.shard)
        return {draw.request: draw for draw in found.draws}

    def _ready(self, question: Question) -> Counts | None:
        """What a round that is complete came to.

        What an outage took is waited for until it is given up; a draw that no check can rule on is a draw.
        """
        slots = self.due.requests(question.question_id, question.format)
        asked = [key for key, slot in slots if slot.purpose == "rate"]
        if self._stopped(question.question_id, len(asked)) and not self.reopened:
            return None
        mine = [self._drawn[key] for key in asked if key in self._drawn]
        infra = any(draw.ruled[1] == "infra" and draw.answer_id not in self._given_up for draw in mine)
        return None if infra or not self._closed.issuperset(asked) else _counts(mine, len(asked))

    def _lost(self, question: str) -> Iterator[Round]:
        """Decisions whose file is gone, on the draws that they were taken on, as the one that came next."""
        rows = self.due.decided(question)
        there = {row.round for row in rows}
        for number in range(max(there, default=0)):
            mine = [draw for draw in self._drawn.values() if draw.key == (question, self.policy)]
            if number not in there and (later := [draw.index for draw in mine if draw.round > number]):
                asked, after = min(later), next(row for row in rows if row.round > number)
                prior = (
                    to_prior(after.prior)
                    if after.prior
                    else self._priors.of(kind_of(self.questions[question]))
                )
                grounds = Grounds(self.ctx.settings, self.shard.lane, prior, after.full or ())
                counts = _counts([draw for draw in mine if draw.index < asked], asked)
                yield grounds.row(self.questions[question], self.policy, number, counts)

    def _next(self, question: str) -> int:
        rows = self.due.decided(question)
        return rows[-1].round + 1 if rows else 0

    def _stopped(self, question: str, asked: int) -> bool:
        """Whether no more is asked, and every draw that is owed was looked at."""
        rows = self.due.decided(question)
        return bool(rows) and rows[-1].action == "stop" and rows[-1].draws >= asked

    def _row(self, question_id: str, number: int, counts: Counts) -> Round:
        question = self.questions[question_id]
        kind = kind_of(question)
        if kind not in self._grounds:
            # What is stored is gone by: only the first decisions of a kind take in what is there by now, and
            # those after a pilot all that it and the shards before have brought.
            prior = to_prior(self._stored[kind]) if kind in self._stored else self._priors.of(kind)
            self._grounds[kind] = Grounds(self.ctx.settings, question.lane, prior, self._full)
        return self._grounds[kind].row(question, self.policy, number, counts)

    @cached_property
    def _stored(self) -> dict[Kind, list[float]]:
        """The priors that these decisions were taken under."""
        return {kind_of(self.questions[row.question_id]): row.prior for row in self._same if row.prior}

    @cached_property
    def _priors(self) -> Priors:
        """From the first rounds of the shards that are through, and of this one."""
        lane, first_rounds = self.shard.lane, self.ctx.first_rounds
        made_from = self.ctx.run.fingerprints("rounds", lane)  # once: there may be thousands of shards
        numbers = [shard.number for shard in before(self.ctx, self.shard) if shard.lane == lane]
        stored = [
            first_rounds.cells(lane, number, self.policy, made_from.get(number, []))
            for number in (*numbers, self.shard.number)
        ]
        first = ((q, counts) for q, counts in self.ready.items() if not self.due.decided(q))
        fresh = cells_of((kind_of(self.questions[q]), counts[:2]) for q, counts in first)
        return Priors([*stored, fresh], self.ctx.settings.rate)

    @cached_property
    def _full(self) -> list[Tier]:
        known = [row.full for row in self._same if row.full is not None]
        if known:
            return [tier for tier in TIERS if any(tier in full for full in known)]
        return full_tiers(self.ctx, before(self.ctx, self.shard))


def _counts(draws: list[Draw], asked: int) -> Counts:
    outcomes = Counter(draw.ruled[0] for draw in draws)
    return outcomes["pass"], outcomes["pass"] + outcomes["fail"], asked


def digest(ctx: Context) -> str:
    """Where this changes, questions that were left are looked at again. Those of a pilot are not: what was
    decided of them stands."""
    apart = {"share", "harvest", "budget", "price_in", "price_out", "currency", "gpus"}
    spend = ctx.settings.spend.model_dump(exclude=apart)
    return content_id("decide", spend, ctx.settings.rate.tiers.model_dump(), ctx.settings.keep.answers)


def _basis(ctx: Context, shard: Shard) -> str:
    """Where this changes, other questions are asked, and the next decisions are on all that is known then."""
    questions = ctx.run.fingerprint("questions", shard.lane, shard.number)
    return content_id("basis", ctx.settings.spend.share, ctx.settings.rate.unsolved_prior, questions)


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
