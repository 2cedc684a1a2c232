"""When two questions are the same one: their text without what nobody means."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from schemas.ids import plain_id
from schemas.rows import Message, Question

_KIND = "same question"
_ODD = re.compile(r"[\n\t]|  ")
"""What there is to be done about in a text of plain letters."""
_INNER = re.compile(r"(?<=\S)[ \t\u00a0\u3000]+")


def normal(text: str) -> str:
    """Composed Unicode, single spaces inside lines, no trailing space, no blank lines.

    Indentation stays (it is program text), and so do compatibility characters: NFKC would make `2²` and
    `22` one.
    """
    if text.isascii() and not _ODD.search(text):
        return text.strip()
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    lines = (_INNER.sub(" ", line.rstrip()) for line in text.strip().split("\n") if line.strip())
    return "\n".join(lines)


def keys(question: Question) -> tuple[str, str]:
    """(loose, strict): the strict key, and one that is equal where only case differs as well."""
    strict = _texts(question.messages)
    loose = [(role, said.casefold(), why.casefold(), *more) for role, said, why, *more in strict]
    rest = question.system and normal(question.system), question.tools
    return plain_id(_KIND, loose, *rest), plain_id(_KIND, strict, *rest)


def strict_key(messages: Sequence[Message], system: str | None, tools: str | None) -> str:
    """Equal for questions that differ in nothing but white space and Unicode composition."""
    return plain_id(_KIND, _texts(messages), system and normal(system), tools)


def _texts(messages: Sequence[Message]) -> list[tuple[Any, ...]]:
    return [
        (m.role, normal(m.content), normal(m.thinking or ""), m.tool_call_id, m.tool_calls) for m in messages
    ]
