"""Drop answers stuck in a loop: one line or phrase repeated again and again, in thinking or response."""

from judges.base import Attempt, Finding, check
from judges.values.loops import line_loop, phrase_loop


@check(
    passes=[
        "a\nb\nc",
        "Wait, let me check. Wait, is that so? Wait, it is. Wait, then 4. Wait, no, 5. Wait, yes.",
        "2 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2 = 24",
        "if a {\n  if b {\n    if c {\n      x\n      }\n    }\n  }\n}\n}\n}\n}\n}",
        "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
    ],
    fails={
        "wait\n" * 9: "line 'wait' 9 times",
        "<think>" + "wait\n\n" * 9 + "</think>4": "line 'wait' 9 times in the thinking",
        "The sum is 4. " + "So I add it once more. " * 12: "phrase 'so i add it once more' 12 times",
        "我们再想一想这个问题吧。" * 12: "phrase '我 们 再 想 一 想 这 个 问 题 吧' 12 times",
        "ha" * 300: "phrase 'h a' 300 times",
    },
)
def no_loop(attempt: Attempt, most: int = 5, words: int = 40) -> Finding | None:
    """`most` repetitions are allowed; shorter stretches than `words` words are no loop."""
    for text, where in ((attempt.response, ""), (attempt.thinking or "", " in the thinking")):
        loop = line_loop(text, most) or phrase_loop(text, most, words)
        if loop is not None:
            shown = loop.text if len(loop.text) <= 60 else f"{loop.text[:59]}…"
            return Finding(f"{loop.kind} {shown!r} {loop.times} times{where}", evidence=loop.text)
    return None
