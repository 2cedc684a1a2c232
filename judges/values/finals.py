"""Where a response states its final answer: a box, a marked line, a sentence, or its last number."""

import re
from collections import deque

from judges.values.boxes import boxes
from judges.values.final import Final, How
from judges.values.statements import marked, said, tagged

__all__ = ["Final", "How", "final_answers", "last_number", "later_statement", "numbers_in"]

_NUMBER = re.compile(
    r"(?<![\w.)\]}])-?[$€£¥]?-?(?:\d{1,3}(?:,\d{3}){1,40}+(?![\d,])|\d+)(?:\.\d+)?(?:/\d+)?%?|(?<!\w)\.\d+"
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def final_answers(response: str) -> list[Final]:
    """The last final statement of the strongest kind there is; several where one paragraph states several.

    Kinds, strongest first: boxed, in answer tags, marked line, sentence. Empty where there is none.
    """
    for kind in (boxes, tagged, marked, said):
        if found := kind(response):
            return together(found, response)
    return []


def later_statement(response: str, after: Final) -> Final | None:
    """Answer tags, a marked line or a sentence that come after, which may contradict it."""
    for kind in (tagged, marked, said):
        found = [each for each in kind(response) if each.start > after.start]
        if found:
            return found[-1]
    return None


def last_number(response: str) -> Final | None:
    """The last number of the response."""
    found = deque(_NUMBER.finditer(response), maxlen=1)
    return Final(found[0].group(), "number", found[0].start()) if found else None


def numbers_in(text: str) -> list[str]:
    """Every number of a short text, as it is written."""
    return [found.group() for found in _NUMBER.finditer(text)]


def together(found: list[Final], response: str) -> list[Final]:
    """The last one, and different ones before it in the same paragraph."""
    breaks = [gap.end() for gap in _PARAGRAPH.finditer(response)]
    start = max((gap for gap in breaks if gap <= found[-1].start), default=0)
    last = {each.text: each for each in found if each.start >= start}
    return list(last.values()) if found[-1].how in ("boxed", "tagged") else [found[-1]]
