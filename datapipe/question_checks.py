"""Hold questions against the question checks before a token is spent on them."""

from collections.abc import Sequence

from datapipe.context import Context
from datapipe.format import as_sent
from datapipe.workers import Job
from judges.base import Attempt, Check, Ruling
from schemas.ids import content_id
from schemas.rows import Question

JOBS = 64
"""Questions handed to a verifier process at a time."""


class QuestionChecks:
    """The question checks of a run; what they refuse goes to quarantine with check and reason."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        checks = [c for c in ctx.checks.values() if isinstance(c, Check) and c.kind == "question"]
        self.names = tuple(check.name for check in checks)
        self.digest = content_id("question checks", [(check.name, check.version) for check in checks])

    def ask(
        self, questions: Sequence[Question], besides: Sequence[tuple[str, ...]]
    ) -> list[tuple[str | None, list[Ruling]]]:
        """Why each question is refused, or None, and what the checks `besides` say of it, in their order.

        A check that cannot tell refuses nothing.
        """
        jobs = [
            Job((*self.names, *more), Attempt.from_question(q, as_sent(q, q.format)))
            for q, more in zip(questions, besides, strict=True)
            if self.names or more
        ]
        batches = [jobs[start : start + JOBS] for start in range(0, len(jobs), JOBS)]
        futures = [self.ctx.pool.submit(batch) for batch in batches]
        told = iter([rulings for future in futures for rulings in future.result()])
        found = [next(told) if self.names or more else [] for more in besides]
        return [(self._refusal(rulings), rulings[len(self.names) :]) for rulings in found]

    def _refusal(self, rulings: Sequence[Ruling]) -> str | None:
        told = zip(self.names, rulings, strict=False)
        faults = [f"{name}: {ruling.reason}" for name, ruling in told if ruling.outcome == "fail"]
        return "; ".join(faults) or None
