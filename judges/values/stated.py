"""The values that a response states as its final answer, for a verifier that knows the gold one."""

import re

from judges.values.again import told_once
from judges.values.answers import same_answer
from judges.values.beside import belongs, changed_after, changed_before, unit_beside
from judges.values.boxes import boxes, cut_off
from judges.values.counts import Unclear
from judges.values.final import Final
from judges.values.lists import read_list
from judges.values.lone import no_answer
from judges.values.lone_value import CUE, NUMBER, sentence_value
from judges.values.numbers import read_number
from judges.values.plain import WHOLE, plain
from judges.values.readings import BOUND, CHANGING, value_in
from judges.values.seen import hidden
from judges.values.several import BEGINS_AS_VALUE, VALUE, single, stated_before
from judges.values.spelled import spells
from judges.values.statements import BOLD, marked, said, tagged
from judges.values.supposed import box_not_meant, not_meant
from judges.values.withdrawn import alternative, asked, gave_up, otherwise, taken_back

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_JOINER = re.compile(
    r"(?:[\s$,;&*.\\()\[\]|-]|\\q?quad|\\text|\\left|\\right|[{}]|\b(?:or|and|oder|ou|y|und|et)\b"
    r"|[或和与、，；]|[a-zA-Z]?_?\{?\d?\}?\s*=)*"
)
_WAY = re.compile(
    r"[ \t>*_#]*(?:method|approach|way|route|interpretation|reading|option|possibility)"
    r"[ \t]+(?:\d|[a-e]|one|two)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"[ \t>*_#]*(?:part|question|answer|case|solution)?[ \t]*\(?(?P<label>\d{1,2}|[a-h]"
    r"|[ivx]{1,4})[).:][)*\s]",
    re.IGNORECASE,
)
_ENUMERATED = re.compile(r"^\W*answer[ \t]*\(?[\da-h]\)?[ \t]*:", re.IGNORECASE | re.MULTILINE)
_LAST_VALUE = re.compile(
    r"\n[ \t]*[*$#>\s]*(?:final|result)?:?[ \t*$]*(-?\d[\d,./]*)[*$\s.]*\Z", re.IGNORECASE
)
_NO_VALUE = re.compile(
    r"(?:\w+\s+){0,2}(?:correct|right|verified|reasonable|consistent|confirmed|rounded|positive"
    r"|an? integer|in\b|therefore|thus|complete"
    r"|clear|given|below|above|shown|boxed)",
    re.IGNORECASE,
)
_SO_ANOTHER = re.compile(r"[\s.;,*$)]*so(?= [$\d])", re.IGNORECASE)
# `The 6 workers finish on Monday`
_SPOKEN_OF = re.compile(
    r"(?:[^\W\d_][^\d$\\=:]{0,200} )?(?:the|these|those|his|her|their|its"
    r"|(?:rose|fell|grew|starts?|started|goes|went) from)"
    r" [$€£]?\d[\d,.]*[^\d=:]{0,200}\Z",
    re.IGNORECASE,
)
# A verb before a number, perhaps with whom it is about between them: `It takes Ann 5 minutes`.
_STATED = re.compile(
    rf"(?:{CUE.pattern})|\b(?:takes?|took|costs?|gives?|gave|leaves?|needs?)\s+(?:(?:the|his|her|their)\s+)?\w+\s+\$?\Z",
    re.IGNORECASE,
)
_MODULUS = re.compile(r"\s{0,9}\\pmod\s{0,9}\{?\s{0,9}(\d{1,9})\s{0,9}\}?(?!\d)")
_REMAINDER, _AROUND = re.compile(r"\bremainder\b|\blast (?:two|three|four) digits\b", re.IGNORECASE), 500
_SHARE = re.compile(r"[\s$}]*of\s+[$\\(]*\d")


def final_values(text: str, gold: str) -> list[str] | None:
    """The values of the last statements, each once; None where nothing is stated. Raises Unclear."""
    found = boxes(text)
    if found:
        return _one_of_many(_of_boxes(text, found, gold), found, gold)
    if cut_off(text, 0):
        raise Unclear("a box that is cut off")
    tags = tagged(text)
    if tags:
        return _of_tags(text, tags, gold)
    lines = marked(text)
    if lines and text.startswith("A:", lines[-1].start):  # no sentence states more
        return _of_words(text, lines, gold)
    stated = [*lines, *said(text, lines[-1].start + 1 if lines else 0)]
    return _one_of_many(_of_words(text, stated, gold), stated, gold) if stated else None


def _one_of_many(values: list[str], stated: list[Final], gold: str) -> list[str]:
    """Where the gold answer is a list, one of several statements may be one of its items."""
    if len(values) > 1 or len({each.text for each in stated}) < 2:
        return values
    wanted = read_list(plain(gold))
    if wanted and wanted.brackets in ("", "{}") and not read_list(plain(values[0])):
        raise Unclear(f"one of several statements: {values[0]!r}")
    return values


def _of_boxes(text: str, found: list[Final], gold: str) -> list[str]:
    if cut_off(text, found[-1].end):
        raise Unclear("a box that is cut off")
    values: list[str] = []
    group = _group(text, found)
    for box in group:
        value = _boxed(text, box, gold, is_one=len(group) == 1)
        if not any(same_answer(value, each) for each in values):
            values.append(value)
    last = group[-1]
    tail = text[last.end :]
    if tail.strip(" .$*\n)\\]`}"):
        _check_tail(tail, values[-1])
        values += _contradiction(text, last, values[-1])
    return values


def _boxed(text: str, box: Final, gold: str, is_one: bool) -> str:
    unit, end = unit_beside(text, box.end)
    if unit and _SHARE.match(text, end):
        raise Unclear(f"a part of something: {box.text!r}")
    if changed_before(text, box.start) or (changed_after(text, end) and not _is_remainder(text, box)):
        raise Unclear(f"what stands around the box changes it: {box.text!r}")
    if box_not_meant(text, box.start):
        raise Unclear(f"supposed, quoted or denied: {box.text!r}")
    if hidden(text, box.start):
        raise Unclear(f"crossed out: {box.text!r}")
    if asked(box.text, text[end:]) and not gold.endswith("?"):
        raise Unclear(f"a question: {box.text!r}")
    value = value_in(box.text, gold)
    other = alternative(text[end:]) if is_one else None
    if other is not None and not same_answer(value, _first(other)):
        raise Unclear(f"an alternative: {box.text!r}")
    if is_one and other is None and otherwise(text[end:]):
        raise Unclear(f"only under a condition: {box.text!r}")
    return value + unit if unit and belongs(unit, gold) else value


def _is_remainder(text: str, box: Final) -> bool:
    """Is it a number below the `\\pmod` behind it, where the remainder is what was asked for?"""
    modulus = _MODULUS.match(text, box.end)
    return (
        modulus is not None
        and WHOLE.fullmatch(box.text) is not None
        and 0 <= int(box.text) < int(modulus[1])
        and _REMAINDER.search(text, max(0, box.start - _AROUND), box.start) is not None
        and not changed_after(text, modulus.end())
    )


def _first(text: str) -> str:
    return re.split(r"[,;)]|\.\s|\.\Z", text.strip(" $*("), maxsplit=1)[0].strip(" $*")


def _group(text: str, found: list[Final]) -> list[Final]:
    """The last box, and those that are answers beside it: in its paragraph, joined to it, or listed."""
    breaks = [gap.end() for gap in _PARAGRAPH.finditer(text)] if len(found) > 1 else []
    start = max((gap for gap in breaks if gap <= found[-1].start), default=0)
    group = [found[-1]]
    for box in reversed(found[:-1]):
        between = text[box.end : group[0].start]
        if taken_back(between):
            break
        beside = (
            box.start >= start
            or (len(between) < 80 and _JOINER.fullmatch(between))
            or _listed(text, box, group[0])
        )
        if not beside:
            break
        group.insert(0, box)
    return list({box.text: box for box in group}.values())


def _listed(text: str, one: Final, other: Final) -> bool:
    """Do both boxes stand on lines with labels, as parts of a list of answers?"""
    lines = [text.rfind("\n", 0, box.start) + 1 for box in (one, other)]
    if all(_WAY.match(text, line) for line in lines):
        return True
    labels = [_LABEL.match(text, line) for line in lines]
    return all(
        label is not None and label.end() <= box.start
        for label, box in zip(labels, (one, other), strict=True)
    ) and (
        labels[0] is not None
        and labels[1] is not None
        and labels[0]["label"].isdigit() == labels[1]["label"].isdigit()
    )


def _contradiction(text: str, last: Final, value: str) -> list[str]:
    """What a later statement in words says, where that is another value."""
    later = [*tagged(text), *marked(text), *said(text, last.end)]
    found: list[str] = []
    for each in later:
        if each.start < last.end or not _is_meant(text, each):
            continue
        try:
            told = value_in(each.text, value)
        except Unclear:
            if BEGINS_AS_VALUE.match(each.text):
                raise
            continue
        if read_number(told) is not None or same_answer(value, told) is False:
            found += [] if same_answer(value, told) else [told]
    return found[-1:]


def _of_tags(text: str, tags: list[Final], gold: str) -> list[str]:
    breaks = [gap.end() for gap in _PARAGRAPH.finditer(text)]
    start = max((gap for gap in breaks if gap <= tags[-1].start), default=0)
    values: list[str] = []
    for tag in tags:
        if tag.start >= start and (changed_before(text, tag.start) or box_not_meant(text, tag.start)):
            raise Unclear(f"denied: {tag.text!r}")
        if tag.start >= start and not any(same_answer(value_in(tag.text, gold), each) for each in values):
            values.append(value_in(tag.text, gold))
    values += _contradiction(text, tags[-1], values[-1])
    _check_tail(text[tags[-1].end :], values[-1])
    return values


def _is_meant(text: str, each: Final) -> bool:
    return each.how != "said" or not not_meant(text, each.start)


def _of_words(text: str, stated: list[Final], gold: str) -> list[str]:
    if ("nswer 1" in text or "nswer (" in text) and len(_ENUMERATED.findall(text)) > 1:
        raise Unclear("several answers with numbers of their own")
    stated = single(text, stated) if len(stated) > 1 else stated
    meant = [each for each in stated if _is_meant(text, each)]
    if read_number(gold) is not None:
        valued = [each for each in meant if VALUE.search(each.text) or not _NO_VALUE.match(each.text)]
        meant = valued or meant
    if not meant:
        raise Unclear(f"supposed, quoted or denied: {stated[-1].text!r}")
    last = meant[-1]
    if any(last.start < each.start < last.end for each in stated):
        raise Unclear(f"another answer within: {last.text!r}")
    rest = (BOLD.sub("", last.line) if "*" in last.line else last.line)[len(last.text) :]
    if asked(last.text, rest):
        raise Unclear(f"a question: {last.text!r}")
    if otherwise(rest):
        raise Unclear(f"only under a condition: {last.text!r}")
    if hidden(text, last.start):
        raise Unclear(f"crossed out: {last.text!r}")
    if taken_back(last.line):
        raise Unclear(f"taken back: {last.text!r}")
    value = _worded(last, gold)
    values = [*stated_before(text, meant, value, gold), value]
    _check_tail(text[last.end :], value)
    return values


def _worded(stated: Final, gold: str) -> str:
    """Its value; of a whole sentence below a mark the one number, as of a last sentence."""
    if WHOLE.fullmatch(stated.text):
        return stated.text
    if read_number(gold) is not None and _SPOKEN_OF.match(stated.text):
        raise Unclear(f"its number is spoken of: {stated.text!r}")
    try:
        return value_in(stated.text, gold)
    except Unclear:
        text = told_once(stated.text, gold)
        numbers = list(NUMBER.finditer(text))
        if len(numbers) != 1 or not _STATED.search(text[: numbers[0].start()]):
            raise
        if no_answer(text) or CHANGING.search(text) or BOUND.search(text) or spells(text):
            raise
        return sentence_value(text, gold, unfinished=False)


def _check_tail(tail: str, value: str) -> None:
    if not tail.strip(" .$*\n)\\]`}"):
        return
    if taken_back(tail):
        raise Unclear(f"taken back: {value!r}")
    if gave_up(tail):
        raise Unclear(f"given up behind {value!r}")
    if otherwise(tail) or _SO_ANOTHER.match(tail):
        raise Unclear(f"an alternative: {value!r}")
    last = _LAST_VALUE.search(tail[-200:]) if "\n" in tail else None
    if last and not same_answer(value, last[1].rstrip(".,/")):
        raise Unclear(f"two final answers: {value!r} and {last[1]!r}")
