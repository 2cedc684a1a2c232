"""Fenced code blocks of a Markdown text, also those inside list items."""

import re
import textwrap
from collections.abc import Iterator

# A fence may be the first thing in a list item, and stands then, or on the next lines, as deep as the item.
_OPENS = re.compile(
    r"(?P<before>[ \t]*(?:(?:[-*+•]|\d{1,9}[.)])[ \t]+)*)(?P<mark>`{3,}|~{3,})[ \t]*"
    r"\{?\.?(?P<name>[^\s`{},]*)[^`]*\Z"
)
_CLOSES = re.compile(r"(?P<before>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*\Z")
_DEEPER = 3


def fenced_lines(text: str) -> Iterator[tuple[str, str | None, bool]]:
    """Every line, the name at the fence of the block it stands in or fences, else None, and is it a fence.

    A block that nothing closes goes on to the end, as in CommonMark.
    """
    mark, name, deep = "", "", 0
    for line in text.split("\n"):
        if mark:
            closes = _CLOSES.match(line)
            ends = closes is not None and closes["mark"].startswith(mark) and _width(closes) <= deep + _DEEPER
            yield line, name, ends
            mark = "" if ends else mark
        elif opens := _OPENS.match(line):
            mark, name, deep = opens["mark"], opens["name"], _width(opens)
            yield line, name, True
        else:
            yield line, None, False


def _width(found: re.Match[str]) -> int:
    return len(found["before"].expandtabs(4))


def fenced_blocks(text: str) -> list[tuple[str, str]]:
    """What each block holds, with the name at its fence in lower case."""
    blocks: list[tuple[str, list[str]]] = []
    inside = False
    for line, name, fence in fenced_lines(text):
        if name is not None and fence and not inside:
            blocks.append((name.lower(), []))
            inside = True
        elif fence:
            inside = False
        elif name is not None:
            blocks[-1][1].append(line)
    return [(name, _joined(lines)) for name, lines in blocks]


def _joined(lines: list[str]) -> str:
    text = textwrap.dedent("\n".join(lines))
    return text if text.endswith("\n") or not text else f"{text}\n"
