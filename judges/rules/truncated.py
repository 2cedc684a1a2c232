"""Drop answers that were cut at max_tokens: they are not wrong, but nothing should learn from them."""

from judges.base import Attempt, check


@check(
    passes=["4", Attempt.of("4", finish_reason="tool_calls")],
    fails={Attempt.of("so we have", finish_reason="length"): "cut at max_tokens"},
)
def truncated(attempt: Attempt) -> str | None:
    """By the server's word alone."""
    return "cut at max_tokens" if attempt.truncated else None
