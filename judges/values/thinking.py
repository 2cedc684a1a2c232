"""Tell the thinking of one assistant turn from its response, whatever parser the server ran."""

import re
from bisect import bisect_left
from dataclasses import dataclass

from schemas.rows import Layout

_TAG = re.compile(r"</?think>")
_FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~)", re.MULTILINE)
_BLANK_LINES = re.compile(r"\A\s*\n")


@dataclass(frozen=True, slots=True)
class Split:
    """One assistant turn taken apart. `thinking` is None where there was none at all."""

    thinking: str | None
    response: str
    layout: Layout


def split(
    content: str | None, field: str | None = None, finish_reason: str = "stop", opened: bool = False
) -> Split:
    """Thinking, response and where the thinking stood.

    `field` is the server's own thinking field. `opened` says that the chat template had already written
    the opening tag. Tags quoted in code are text. Linear in the length of the content.
    """
    if field is not None and field.strip():
        return _with_field(content or "", field, finish_reason)
    return _tagged(content or "", opened)


def _with_field(content: str, field: str, finish_reason: str) -> Split:
    inner = field.strip().removeprefix("<think>").removesuffix("</think>")
    thinking = _trim(inner)
    if _tags(inner):
        return Split(thinking, _tagged(content, False).response, "malformed")
    rest = _tagged(content, False)
    if rest.thinking is None:
        cut = finish_reason == "length" and not rest.response.strip()
        return Split(thinking, rest.response, "unclosed" if cut else "field")
    # A server may leave the thinking in the content as well, or only the closing tag of it.
    if rest.layout in ("tags", "close_only") and rest.thinking in ("", thinking):
        return Split(thinking, rest.response, "field")
    return Split(_trim(f"{thinking}\n{rest.thinking}"), rest.response, "malformed")


def _tagged(content: str, opened: bool) -> Split:
    tags = _tags(content)
    if not tags:
        return Split(_trim(content), "", "unclosed") if opened else Split(None, _trim(content), "none")
    kinds = [tag.group() for tag in tags]
    first, last = tags[0], tags[-1]
    before, after = content[: first.start()], content[last.end() :]
    if kinds == ["</think>"]:
        return Split(_trim(before), _trim(after), "close_only")
    if kinds == ["<think>"]:
        return Split(_trim(after), _trim(before), "unclosed")
    if kinds == ["<think>", "</think>"] and not before.strip():
        return Split(_trim(content[first.end() : last.start()]), _trim(after), "tags")
    if kinds[-1] == "<think>":
        return Split(_trim(content), "", "malformed")
    return Split(_trim(content[: last.start()]), _trim(after), "malformed")


def _tags(content: str) -> list[re.Match[str]]:
    found = list(_TAG.finditer(content))
    if not found or ("`" not in content and "~~~" not in content):
        return found
    fences = [match.start() for match in _FENCE.finditer(content)]
    ticks = [at for at, char in enumerate(content) if char == "`"]
    lines = [at for at, char in enumerate(content) if char == "\n"]
    return [tag for tag in found if not _quoted(tag.start(), fences, ticks, lines, len(content))]


def _quoted(at: int, fences: list[int], ticks: list[int], lines: list[int], end: int) -> bool:
    """Inside a fence, or between backticks of its line: an odd number of marks on either side.

    Both sides count, so that a fence that the thinking left open does not hide the closing tag.
    """
    before = bisect_left(fences, at)
    if before % 2 and (len(fences) - before) % 2:
        return True
    line = bisect_left(lines, at)
    start, stop = (lines[line - 1] if line else 0), (lines[line] if line < len(lines) else end)
    left = bisect_left(ticks, at) - bisect_left(ticks, start)
    right = bisect_left(ticks, stop) - bisect_left(ticks, at)
    return bool(left % 2 and right % 2)


def _trim(text: str) -> str:
    """Without blank lines around; the first line keeps its indentation, which code needs."""
    return _BLANK_LINES.sub("", text).rstrip()
