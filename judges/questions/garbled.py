"""Refuse questions whose text was broken on the way: replacement and control characters."""

import re

from judges.base import Attempt, Finding, check

_BROKEN = re.compile(r"[\ufffd\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]")


@check(
    passes=[Attempt.asking("What is 2 + 2?\n\tShow it."), Attempt.asking("¿Cuánto es 2 × 2? 🙂")],
    fails={
        Attempt.asking("Caf\ufffd costs 3, caf\ufffd 4?"): "2 broken characters",
        Attempt.asking("\u001b[31mred"): "1 broken character",
    },
)
def garbled(attempt: Attempt, most: int = 0) -> Finding | None:
    """`most` broken characters are let pass."""
    texts = [message.content for message in attempt.messages]
    found = sum(len(_BROKEN.findall(text)) for text in texts)
    if found <= most:
        return None
    place = next(m for text in texts if (m := _BROKEN.search(text)))
    evidence = place.string[max(0, place.start() - 40) : place.end() + 40]
    return Finding(f"{found} broken character{'s' * (found > 1)}", evidence)
