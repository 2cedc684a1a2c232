"""The way of the data as one plan: which stages there are, over what, and how they are handed out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from datapipe.answer import answer
from datapipe.context import Context, Shard
from datapipe.decide import before, decide
from datapipe.dedup import dedup
from datapipe.diversify import diversify
from datapipe.harvest import harvest, settle
from datapipe.keep import keep
from datapipe.ledger import Line, balance
from datapipe.policies import add_policies, policy_of
from datapipe.publish import publish
from datapipe.question_checks import QuestionChecks
from datapipe.rate import rate
from datapipe.recorded import import_recorded
from datapipe.same import same_answer
from datapipe.screen import screen
from datapipe.seeds import seeds
from datapipe.selftest import SelfTest
from datapipe.sliding import Sliding, Submit, nothing, shards_in
from judges.base import Check
from schemas.rows import Question

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Phase:
    """Stages that run one after the other, over the whole run or over each shard by itself."""

    scope: Literal["run", "shard"]
    stages: tuple[str, ...]


PLAN = (
    Phase("run", ("seeds", "dedup")),
    Phase("shard", ("answer", "screen", "decide", "rate")),
    Phase("run", ("keep", "harvest")),
    Phase("shard", ("diversify",)),
)
"""What both lanes go through. Publishing comes after the lanes, over both."""


def run_stage(ctx: Context, stage: str, shard: Shard | None = None) -> list[Shard]:
    """Do one stage, or find that it is done: the shards that are to be answered again.

    Any thread; raises what the stage raises.
    """
    again: list[Shard] = []
    if shard is not None and stage == "decide":
        again = [shard] if decide(ctx, shard) else []
    elif shard is not None:
        {"answer": answer, "screen": screen, "rate": rate, "diversify": diversify}[stage](ctx, shard)
    elif stage == "seeds":
        _seeds(ctx)
    elif stage == "dedup":
        _dedup(ctx)
        settle(ctx)
    elif stage == "harvest":
        again = harvest(ctx)
    else:
        keep(ctx)
    ctx.note_usage()
    return again


def drive(ctx: Context, submit: Submit) -> None:
    """Take the lanes of a context through the plan; shards that are asked for more go back to be answered."""
    answering = next(place for place, phase in enumerate(PLAN) if "answer" in phase.stages)
    place, again = 0, list[Shard]()
    while place < len(PLAN):
        phase = PLAN[place]
        if phase.scope == "run":
            again = [shard for stage in phase.stages for shard in shards_in(submit(stage, None).result())]
        else:
            every = [shard for lane in ctx.lanes for shard in ctx.shards(lane)]
            needs = partial(before, ctx) if ctx.settings.spend.rounds else nothing
            Sliding(phase.stages, ctx.settings.window, submit, needs, abort=ctx.abort).take(again or every)
            again = []
        place = answering if again else place + 1


def finish(ctx: Context) -> tuple[Path, list[Line]]:
    """Publish what is kept and balance the ledger: (the version's folder, the ledger)."""
    version = publish(ctx)
    return version, balance(ctx.run, ctx.settings, version)


def run_pipeline(ctx: Context) -> tuple[Path, list[Line]]:
    """The whole way in this process, on a pool of as many threads as shards may be in flight."""
    return _in_threads(ctx, finish)


def run_unpublished(ctx: Context) -> list[Line]:
    """As far as publishing: the balanced ledger. No version is made."""
    return _in_threads(ctx, lambda ctx: balance(ctx.run, ctx.settings))


def _in_threads(ctx: Context, end: Callable[[Context], T]) -> T:
    pool = ThreadPoolExecutor(ctx.settings.window, thread_name_prefix="datapipe-stage")
    try:
        drive(ctx, lambda stage, shard: pool.submit(run_stage, ctx, stage, shard))
        return end(ctx)
    except (KeyboardInterrupt, SystemExit):
        # Threads that wait for a model would hold the process for as long as the slowest answer.
        ctx.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _seeds(ctx: Context) -> None:
    checks, gate = QuestionChecks(ctx), SelfTest(ctx)

    def refusals(questions: list[Question]) -> list[str | None]:
        """A question that is garbled is not held against its reference as well."""
        said = checks.ask(questions, gate.golds(questions))
        told = {
            q.reference or "": gold for q, (_, golds) in zip(questions, said, strict=True) for gold in golds
        }
        left = [q for q, (why, _) in zip(questions, said, strict=True) if why is None]
        unasked = iter(gate.refusals(left, told))
        return [next(unasked) if why is None else why for why, _ in said]

    def tally() -> dict[str, int]:
        gate.settle()
        return gate.tally()

    counts = seeds(ctx.run, refusals, f"{checks.digest}{gate.digest}", tally)
    for name in ("quarantined", "purged"):
        if counts[name]:
            ctx.progress.drop(name, counts[name])
    ctx.progress.owe("seeds", counts["read"])
    ctx.progress.step("seeds", counts["read"])


def _dedup(ctx: Context) -> None:
    verifiers = [c for c in ctx.checks.values() if isinstance(c, Check) and c.kind == "verifier"]
    counts = dedup(ctx.run, same_answer(ctx), [f"{check.name}@{check.version}" for check in verifiers])
    for name in ("exact", "gold_conflict"):
        if counts[name]:
            ctx.progress.drop(f"duplicate: {name}", counts[name])
    ctx.progress.owe("dedup", counts["questions"])
    ctx.progress.step("dedup", counts["questions"])
    roles = () if ctx.settings.input.recorded else (ctx.settings.generate,)
    for lane in ctx.lanes:
        add_policies(ctx.run, lane, [policy_of(lane, model) for model in (*roles, ctx.settings.judge)])
    if ctx.settings.input.recorded:
        counts = import_recorded(ctx)
        if counts["refused"]:
            ctx.progress.drop("recorded: row refused", counts["refused"])
            ctx.progress.note(f"{counts['refused']} rows of recorded answers were refused, see `unmatched`")
