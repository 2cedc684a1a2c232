"""Boxes of a response: whole ones, bare ones, and a last one that is cut off."""

import re

from judges.values.final import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s*")
# What a box without braces holds: the next number, letter or command with its arguments.
_BARE = re.compile(
    r"-?\d{1,40}(?:[.,]\d{1,40}){0,9}|\\[dt]?frac\s*(?:\d\s*\d|\{[^{}]{1,50}\}\s*\{[^{}]{1,50}\})"
    r"|\\(?:text|textbf|mathrm|mathbf|sqrt)\s*\{[^{}]{1,50}\}|\\pi(?![a-zA-Z])|[a-zA-Z](?![a-zA-Z])"
)
# Where a box is spoken of and nothing is in it.
_SPOKEN_OF = _set("answer result number text your the final numerical here dots ldots cdots")
_MOST_BOXES, _MOST_CHARS, _PLACEHOLDER_CHARS = 50, 5000, 60


def boxes(response: str) -> list[Final]:
    """The last boxes that hold something, in their order."""
    if "box" not in response:
        return []
    found: list[Final] = []
    for box in list(_BOX.finditer(response))[-_MOST_BOXES:]:
        end = _end(response, box.end())
        if end is not None:
            braced = response[box.end()] == "{"
            text = response[box.end() + braced : end - braced]
            if not _is_placeholder(text):
                if found and end <= found[-1].end:
                    found.pop()  # what is boxed twice is read inside
                found.append(Final(text, "boxed", box.start(), end=end))
    return found


def cut_off(response: str, after: int) -> bool:
    """Is the last box one that opens at or after this place and has no end?"""
    at = max(response.rfind("\\boxed", after), response.rfind("\\fbox", after))
    box = _BOX.match(response, at) if at >= 0 else None
    return box is not None and _end(response, box.end()) is None


def _is_placeholder(text: str) -> bool:
    bare = text.strip(" .?_…{}\\$\n\t")
    if len(bare) > _PLACEHOLDER_CHARS:
        return False
    return not bare or set(re.split(r"[\s{}\\]+", bare.lower())) <= _SPOKEN_OF


def _end(response: str, start: int) -> int | None:
    """Where the content that starts here ends, braces included; None where it is cut off or unreadable."""
    if response[start : start + 1] != "{":
        bare = _BARE.match(response, start)
        return bare.end() if bare else None
    depth = 0
    for at in range(start, min(len(response), start + _MOST_CHARS)):
        if response[at] in "{}" and response[at - 1] != "\\":
            depth += 1 if response[at] == "{" else -1
            if depth == 0:
                return at + 1
    return None
