"""When texts are one question: the quick ways say what the slow one always said."""

import re
import unicodedata
from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from datapipe.normal import keys, normal, strict_key
from schemas.base import Message, ToolCall
from schemas.ids import content_id
from schemas.rows import Question

PIECES = st.sampled_from(
    ["a", "B", " ", "  ", "\t", "\n", "\r\n", "\r", "\x0b", "\x1f", "\u00a0", "\u3000", "e\u0301", "İ"]
)


def slowly(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    lines = (
        re.sub(r"(?<=\S)[ \t\u00a0\u3000]+", " ", line.rstrip())
        for line in text.strip().split("\n")
        if line.strip()
    )
    return "\n".join(lines)


@given(st.lists(PIECES).map("".join))
@example("a  b")
@example(" a\r")
def test_plain_texts_are_made_normal_as_all_others(text: str) -> None:
    assert normal(text) == slowly(text)


def test_keys_are_those_that_they_always_were() -> None:
    """Runs that were made before find their questions by them: recorded answers, and tombstones."""
    call = ToolCall(id="1", name="F", arguments="{}")
    messages = [
        Message(role="user", content="Was  IST\n\nGrößer?"),
        Message(role="assistant", content="Ok", thinking="Hm", tool_calls=[call]),
        Message(role="tool", content="1", tool_call_id="1"),
    ]
    question = Question(
        question_id="q", lane="verifiable", domain="d", messages=messages, system="Be  KIND", tools="[T]",
        format="plain", source="s", file="f", line=1,
    )  # fmt: skip

    def key(fold: Callable[[str], str]) -> str:
        texts = []
        for m in messages:
            calls = [each.model_dump() for each in m.tool_calls]
            said = fold(slowly(m.content)), fold(slowly(m.thinking or ""))
            texts.append([m.role, *said, m.tool_call_id, calls])
        return content_id("same question", texts, "Be KIND", "[T]")

    assert keys(question) == (key(str.casefold), key(str))
    assert strict_key(messages, "Be  KIND", "[T]") == key(str)
