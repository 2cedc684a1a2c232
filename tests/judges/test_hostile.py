"""Texts made to break a reader are ruled on, never raised at."""

from typing import Any

import pytest

from judges.attempt import Attempt
from judges.base import Check
from judges.catalog import catalog

REFERENCES: dict[str, list[dict[str, Any]]] = {
    "math": [{"type": "math", "answer": answer} for answer in ("42", "\\sqrt{2}", "(1,2)", "x=1", "no")],
    "choice": [{"type": "choice", "answer": "B", "options": ["a cat", "a dog"]}],
    "text": [{"type": "text", "answer": "Paris"}],
}
PIECES = [
    "(", "{", "}", "\\boxed{", "\\frac{1}{", "1", "1,", "1 ", "$", "**", "\n", "a ", "A: ", "A:\n",
    "answer is ", "9^", "1/", "/0", "-", "²", "½", "\u200b", "\\text{", "]", "|", "_", "`",
    "<think>", "Answer: \\boxed{1} ", "or ", "#### ", "，", "=", "x=", "e9", "0.", "١", "\x00", "ﷺ",
    "I'm sorry, ", "很抱歉", "\ud800", "\x1b[2J", "%", "!",
]  # fmt: skip
CHECKS = [check for check in catalog().values() if isinstance(check, Check)]


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("shape", ["{}", "\\boxed{{{}}}", "Answer: {}", "<think>{}</think>{}"])
def test_no_check_raises(check: Check, shape: str) -> None:
    for piece in PIECES:
        for times in (1, 3, 500):
            for reference in REFERENCES.get(check.name, [{"type": "text", "answer": "?"}]):
                said = check.judge(Attempt.of(shape.format(*[piece * times] * 2), reference))
                assert not (said.reason or "").startswith("raised"), (piece, times, reference, said)
