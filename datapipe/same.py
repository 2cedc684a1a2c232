"""Whether two references ask for the same answer, told by the verifier of their type."""

from datapipe.context import Context
from datapipe.dedup import Same
from datapipe.format import FINAL_TYPES
from datapipe.workers import Job
from judges.base import Attempt, Check
from schemas.references import load_reference


def same_answer(ctx: Context) -> Same:
    """A comparison of canonical reference texts; it runs in the verifier processes, since data is hostile."""

    def same(one: str, other: str) -> bool:
        if one == other:
            return True
        left, right = load_reference(one), load_reference(other)
        check = ctx.checks.get(right.type)
        if left.type != right.type or right.type not in FINAL_TYPES or not isinstance(check, Check):
            return False
        answer = str(getattr(left, "answer", ""))
        attempt = Attempt.of(f"The answer is {answer}.", right)
        [[ruling]] = ctx.pool.run([Job((right.type,), attempt)])
        return ruling.outcome == "pass"

    return same
