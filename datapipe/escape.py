"""Text of a model as a terminal or a page may show it: nothing in it acts, everything in it is seen."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what is not drawn but acts: controls, direction marks, halves of characters."""
_MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{mark: f"\\{mark}" for mark in "\\|`*_[]!~#$"}}
)


def printable(text: str, keep: str = "") -> str:
    r"""The text with acting characters as escapes such as `\x1b`; those in `keep` stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(each) if _acts(each) and each not in keep else each for each in text)


def one_line(value: object, most: int | None = None) -> str:
    """A value as one line of at most `most` characters; None is empty."""
    text = "" if value is None else value if isinstance(value, str) else _plain(value)
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    return printable(text)


def block(text: str | None) -> str:
    """A text that keeps its lines and tabs."""
    return printable(text or "", keep="\n\t")


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table with the keys of the first row as its head; `(none)` without rows.

    Cells are text and never markup, since a page renders them.
    """
    if not rows:
        return "(none)"
    names = list(rows[0])
    lines = [[_cell(name) for name in names], ["---"] * len(names)]
    lines += [[_cell(row.get(name)) for name in names] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    # A bare address would become a link of its own.
    return one_line(value).translate(_MARKDOWN).replace("://", "&#58;//").replace("www.", "www&#46;")


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _ACTING


def _shown(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
