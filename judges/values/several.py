"""Several statements in words beside one another: which is a step to the next, and which contradicts it."""

import re

from judges.values.answers import same_answer
from judges.values.counts import Unclear
from judges.values.final import Final
from judges.values.readings import value_in
from judges.values.withdrawn import taken_back

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_GOES_ON = re.compile(
    r"\b(?:so|therefore|thus|hence|total|then|now|final(?:ly)?|overall|altogether|next)\b|所以|因此",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"[ \t>*_-]*(?:####|[ \t>*_#-]*(?!result)([^\W\d_]+(?:[ \t][^\W\d_]+){0,2})[ \t*_]*(?:[:：]|$))",
    re.IGNORECASE | re.MULTILINE,
)
VALUE = re.compile(r"[\d\\½-¾]")
BEGINS_AS_VALUE = re.compile(r"[\s$*(\\-]*\d")


def single(text: str, stated: list[Final]) -> list[Final]:
    """Without marked lines whose text is itself a sentence that states an answer."""
    sentences = [each for each in stated if each.how == "said"]
    kept = [
        each
        for each in stated
        if each.how == "said"
        or not any(
            each.start <= sentence.start < each.end
            and not re.search(r"\d", text[each.start : sentence.start])
            for sentence in sentences
        )
    ]
    return sorted(kept, key=lambda each: each.start)


def stated_before(text: str, meant: list[Final], value: str, gold: str) -> list[str]:
    """Another value stated just before in the same paragraph, with no word that leads on from it."""
    if len(meant) < 2:
        return []
    last, before = meant[-1], meant[-2]
    between = text[before.end : last.start]
    goes_on = _PARAGRAPH.search(between) or _GOES_ON.search(between)
    if (
        text.startswith("A:", last.start)
        or (goes_on and not _both_final(text, before, last))
        or taken_back(between)
    ):
        return []
    try:
        told = value_in(before.text, gold)
    except Unclear:  # such as "is not 6", before the one that is
        return []
    return [] if not VALUE.search(told) or same_answer(told, value) else [told]


def _both_final(text: str, one: Final, other: Final) -> bool:
    """Is none of them a step's: lines with two marks, or `Final answer:` twice, words under `####`?"""
    marks = [_MARK.match(text, text.rfind("\n", 0, each.start) + 1) for each in (one, other)]
    if marks[0] and marks[0][0].strip().startswith("####"):
        return BEGINS_AS_VALUE.match(one.text) is not None
    names = {(mark[1] or "").casefold() for mark in marks if mark}
    return all(marks) and (len(names) == 2 or "final" in names.pop())
