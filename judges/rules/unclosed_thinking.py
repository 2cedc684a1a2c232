"""Drop answers whose thinking is never closed, or whose thinking tags are nested, repeated or crossed."""

from judges.base import Attempt, check
from judges.values.thinking import split

_LAYOUTS = {
    "unclosed": "thinking is opened and never closed",
    "malformed": "thinking tags are nested, repeated or crossed",
}


@check(
    passes=["<think>2 + 2</think>4", "2 + 2</think>4", "4", "Close it with `</think>`, like this."],
    fails={
        "<think>2 + 2": "thinking is opened and never closed",
        "<think>a<think>b</think>4": "thinking tags are nested, repeated or crossed",
        "<think>a</think>b</think>4": "thinking tags are nested, repeated or crossed",
        "</think>a<think>4": "thinking tags are nested, repeated or crossed",
    },
)
def unclosed_thinking(attempt: Attempt) -> str | None:
    """The rule holds for every assistant turn."""
    if attempt.layout in _LAYOUTS:
        return _LAYOUTS[attempt.layout]
    spoken = (turn.content for turn in attempt.turns if turn.role == "assistant")
    left = any("think>" in content and split(content).layout != "none" for content in spoken)
    return "a thinking tag is left in the response" if left else None
