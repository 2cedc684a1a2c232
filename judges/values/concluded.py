"""Marked conclusions that pick an option: `Conclusion: B. Insulin`, `Final: C`, `3·4 = 12 → B`."""

import re

from judges.values.wording import folded

_LABEL = re.compile(
    r"(?:^[ \t>*_#-]{0,9}|(?<=[.!?…][ \n])[*_]{0,2})"
    r"(?:(?:my|the|our|overall|in)[ \t]+){0,2}(?:(?:final|best|correct|right)[ \t]+)?"
    r"(?:conclusion|verdict|final|choice|pick|selection|decision|(?:selected|chosen)[ \t]+(?:option|answer))"
    r"[ \t]*(?:\*\*|__)?[ \t]*[:\uff1a][ \t*_]*(?P<x>[^\n]{1,300})$",
    re.IGNORECASE | re.MULTILINE,
)
# What points at a letter closes the line with it; another arrow, or a letter before it, makes it a path or
# a formula.
_ARROW = re.compile(
    r"(?P<head>[^\n→⇒⟹➔➡]{2,400}?)[ \t$]*(?:→|⇒|⟹|➔|➡|=>|->|-->|\\(?:to|[Rr]ightarrow|implies)(?![a-zA-Z]))"
    r"[ \t$]*(?:[Oo]ption[ \t]+)?(?P<x>\*{0,2}\(?[A-Z]\)?\*{0,2})[.!$ \t]*"
)
_PATH = re.compile(
    r"(?:^|[^\w'’°])[^\W\d_](?:[_^]?\{?\d\}?)?[\s$)]*\Z|->|=>|\\(?:to|[Rr]ightarrow)|\+\s*\d*[A-Z]|(?i:\b(?:from|if|not?|never"
    r"|wrong|incorrect|false|unless|maybe|perhaps|rul\w+|eliminat\w*|exclud\w*|says?|people|students?|many|some"
    r"|map\w*|moves?|goes|react\w*|decay\w*|either|guess)\b)|n['’]t\b|[?≠]"
)
_ENDS_WELL = re.compile(r"(?:\d|\)|%|°[CF]|(?<![^\W_])[a-z]{2,}|[^\W\d_]{4,})[\s.,;:$*]*\Z")
_TABLE = re.compile(r"(?:→|⇒|⟹|➔|➡|=>|->)[ \t$]*\(?[A-Z]\)?[ \t.]*$", re.MULTILINE)
_MOST_CHARS, _FEWEST_WORDS = 20_000, 3


def concluded(response: str, options: list[str]) -> list[str]:
    """What stands after each label that announces a choice, and after an arrow that ends the last line.

    An option that the words before the arrow end in is concluded as well, so the letter has to be its own.
    """
    text = response[-_MOST_CHARS:].strip()
    found = [each["x"].strip() for each in _LABEL.finditer(text)]
    above, _, last = text.rpartition("\n")
    arrow = None if _TABLE.search(above) else _ARROW.fullmatch(last.strip())
    if (
        arrow
        and len(arrow["head"].split()) >= _FEWEST_WORDS
        and _ENDS_WELL.search(arrow["head"])
        and not _PATH.search(arrow["head"])
    ):
        head = folded(arrow["head"])
        found += [arrow["x"], *(each for each in options if f" {head}".endswith(f" {folded(each)}"))]
    return [each for each in found if not each.rstrip("*_ ").endswith(("?", "\uff1f"))]
