"""Compare the final answer with the reference or an alias as text, however it is cased and spaced."""

import re
import unicodedata
from typing import Annotated

from pydantic import Field

from judges.base import Attempt, Finding, Unscored, check
from judges.values.answer_object import answer_told
from judges.values.claimed import one_sentence, stated_answers
from judges.values.counts import Unclear
from judges.values.finals import Final
from judges.values.opened import opened
from judges.values.seen import seen, struck
from judges.values.signs import formal, tight
from judges.values.told import NUMBERED, belongs_elsewhere, relates, told, undated
from judges.values.word_numbers import figures
from judges.values.wording import folded, holds
from schemas.references import Reference, TextReference

# `1,200`, but not `1,200,3`.
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_AND = re.compile(r"(?<=\w)\s{0,3}\\?&(?:amp;)?\s{0,3}(?=\w)")
# `, the capital of France`, `– capital of France`, `(France's capital)`, `(the City of Light)`.
_REMARK = re.compile(
    rf"\*{{0,2}}(?:,\s+(?!{NUMBERED})"
    r"(?:the|its|his|her|their|\w{1,30}['’]s)|\s+[–—]\s+(?:\w{1,30}\s){0,2}?(?:of|the|its))\s(?=[^,;()\n]*\Z)",
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    r"\s+\((?:(?:the|its|also|i\.e\.|that is|aka|called)\s|\w{1,30}['’]s\s)[^()\n]*\)\Z", re.IGNORECASE
)
_INSTEAD = re.compile(
    r"\s*(?:,|,?\s(?:and|but))\s+not\s(?!always|necessarily|exactly|quite|only|really|entirely|every|sure)"
    r"|,?\s(?:because|since)\s|\s+(?:rather than|instead of)\s",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not?|non|never|neither|nor|none|wrong|or|anti|un)\b|n['’]t\b|[≠¬\n]|,.*,", re.IGNORECASE
)
_NOT_THAT = re.compile(r",\s(?:and\s|but\s)?not\s[^,.;:()\n]{1,80}[.!]?\Z", re.IGNORECASE)
_LISTED = re.compile(r"(?:[^\S\n]*[^\s]{1,40}(?:[^\S\n][^\s]{1,40}){0,2}[^\S\n]*(?:\n+|\Z)){2,}")
_ITEM = re.compile(r"\A(?:>|[-*•]|\d\.)\s+(?=[^\W\d_])")
# What is only announced.
_LABEL = re.compile(r"\w[*_]{0,3}[:\uff1a][*_\s]*\Z")
_LAST_LETTER = re.compile(r"[^\W_]([\W_]*)\Z")
_TAGS = re.compile(r"</?(?:b|i|em|strong|u|code|p|tt)>", re.IGNORECASE)
_MOST_CHARS, _MOST_REST = 2_000, 2
_PARIS = {"type": "text", "answer": "Paris", "aliases": ["City of Light"]}


@check(
    passes=[
        Attempt.of("paris.", _PARIS),
        Attempt.of("It lies on the Seine.\nThe answer is **Paris**.", _PARIS),
        Attempt.of("The French capital is **Paris**.", _PARIS),
        Attempt.of("Answer: Paris, the capital of France", _PARIS),
        Attempt.of("Answer: the city of\u00a0light", _PARIS),
        Attempt.of("\\boxed{\\text{ＰＡＲＩＳ}}", _PARIS),
        Attempt.of("Answer: twenty-one", {"type": "text", "answer": "21"}),
        Attempt.of("Answer: 1,200 men", {"type": "text", "answer": "one thousand two hundred men"}),
        Attempt.of("答案：北京。", {"type": "text", "answer": "北京"}),
        Attempt.of("The answer is Gone with the Wind.", {"type": "text", "answer": "Gone with the Wind"}),
    ],
    fails={
        Attempt.of("The answer is Rome.", _PARIS): "'Rome' is not 'Paris'",
        Attempt.of("The answer is not Paris.", _PARIS): "'not Paris' is not 'Paris'",
        Attempt.of("Answer: twenty-two", {"type": "text", "answer": "21"}): "'twenty-two' is not '21'",
        Attempt.of("Answer: C", {"type": "text", "answer": "C#"}): "'C' is not 'C#'",
    },
    unscored={
        Attempt.of("Many say Paris, others say Rome. " * 9, _PARIS): "no final answer",
        Attempt.of("\\boxed{Paris} or \\boxed{Rome}", _PARIS): "taken back: 'Paris or \\\\boxed{Rome}'",
        Attempt.of("Answer: Paris. Actually, Rome.", _PARIS): "taken back: 'Paris. Actually, Rome.'",
        Attempt.of("Paris, Texas", _PARIS): "'Paris, Texas' may mean 'Paris'",
        Attempt.of("Answer: 5", {"type": "text", "answer": "5!"}): "'5' differs from '5!' in its signs",
    },
)
def text(attempt: Attempt, most_words: Annotated[int, Field(ge=1)] = 20) -> Finding:
    """A response of at most `most_words` words that states nothing as final is taken whole.

    Unscored is what only holds the answer, or differs from it by signs alone, such as `5!` from `5`.
    """
    reference = attempt.expected(TextReference)
    golds = [reference.answer, *(reference.aliases or ())]
    response = answer_told(seen(attempt.response, *golds))
    readings = _readings(response, attempt.question, most_words, any(_ends_asking(gold) for gold in golds))
    pairs = [(reading, gold) for reading in readings for gold in golds]
    shown = readings[0]
    if any(_alike(reading, gold) for reading, gold in pairs):
        return Finding(extracted=shown)
    if any(_unmarked(reading) == _unmarked(gold) for reading, gold in pairs):
        raise Unscored(f"{shown!r} differs from {reference.answer!r} in its signs", shown)
    if any(_may_mean(reading, gold) for reading, gold in pairs):
        raise Unscored(f"{shown!r} may mean {reference.answer!r}", shown)
    if shown == _unfenced(response) and any(_mentions(shown, gold) for gold in golds):
        raise Unscored(f"{shown!r} mentions {reference.answer!r}", shown)
    return Finding(f"{shown!r} is not {reference.answer!r}", extracted=shown)


def same(a: str, b: str) -> bool:
    """Are two final answers the same text?"""
    return _alike(a, b)


def near_misses(reference: Reference) -> list[str]:
    """The answer denied, said twice, and without its last letter or figure, where that is no right one."""
    if not isinstance(reference, TextReference):
        return []
    answer = reference.answer
    golds = [answer, *(reference.aliases or ())]
    made = [f"not {answer}", f"{answer} {answer}", _LAST_LETTER.sub(r"\1", answer)]
    return [each for each in made if _key(each) and not any(_alike(each, gold) for gold in golds)]


def equivalents(reference: Reference) -> list[str]:
    """The answer and its aliases in capitals, and with a full stop."""
    if not isinstance(reference, TextReference):
        return []
    every = [reference.answer, *(reference.aliases or ())]
    return [shown for each in every for shown in (each.upper(), f"{each}.")]


def _key(text: str) -> str:
    """How texts are compared: folded, numbers in figures."""
    return figures(folded(_AND.sub(" and ", _THOUSANDS.sub("", _TAGS.sub("", text)))))


def _alike(one: str, other: str) -> bool:
    """The same words, and the same signs where either is rather a formula or code."""
    if formal(one) or formal(other):
        return tight(one) == tight(other)
    return _key(one) == _key(other)


def _unmarked(text: str) -> str:
    """Folded, and without accents."""
    parts = unicodedata.normalize("NFD", _key(text))
    return "".join(char for char in parts if not unicodedata.combining(char))


def _may_mean(reading: str, gold: str) -> bool:
    """Does a reading hold the answer as a whole phrase, beside what neither denies it nor names another?"""
    key = _key(gold)
    if not key or formal(gold) or _DENIED.search(reading.strip()):
        return False
    said = _key(reading)
    return holds(said, key) and not holds(said.replace(key, "", 1), key)


def _mentions(response: str, gold: str) -> bool:
    """Does a short response hold the answer but in a denial, `…, not Paris`, or in a list of several?"""
    if _LISTED.fullmatch(response):
        return False
    key, said = _key(gold), _key(_NOT_THAT.sub("", response[-_MOST_CHARS:]))
    return bool(key) and not formal(gold) and holds(said, key) and said not in (f"not {key}", f"no {key}")


def _readings(response: str, question: str, most_words: int, may_ask: bool) -> list[str]:
    """Every way to read the one final answer, the plainest first."""
    try:
        stated = stated_answers(response, may_ask)
    except Unclear as doubt:
        raise Unscored(str(doubt)) from doubt
    if not stated:
        return _short_response(response, question, most_words, may_ask)
    distinct = {_key(final.text): final.text for final in stated}
    if len(distinct) > 1:
        first, second, *_ = (text.strip("*_ ") for text in distinct.values())
        raise Unscored(f"two final answers: {first!r} and {second!r}")
    whole = [final.text for final in stated if not _goes_on(final)]
    shown = [*whole, *(final.line for final in stated[-1:] if final.line)]
    plain = [text.strip("*_ ") for text in shown]
    more = one_sentence(plain[0])
    return list(dict.fromkeys([plain[0], *shown, *plain, *_cut(plain[0]), *([] if more is None else [more])]))


def _goes_on(final: Final) -> bool:
    """Is the rest of its line as brief as another answer, `Paris; Rome`?"""
    rest = final.line.replace("*", "").removeprefix(final.text.replace("*", ""))
    return 0 < len(re.findall(r"\w+", rest)) <= _MOST_REST


def _short_response(response: str, question: str, most_words: int, may_ask: bool) -> list[str]:
    text = _unfenced(response)
    begins = None if struck(text) else opened(text)
    too_long = len(text) > _MOST_CHARS or len(text.split()) > most_words
    if (begins is None and too_long) or _LABEL.search(text):
        raise Unscored("no final answer")
    if struck(text) or (text.endswith("?") and not may_ask):
        raise Unscored(f"not stated as the answer: {text[:100]!r}")
    more = [] if relates(text, question) else [*_last(text), *told(text)]
    return [text, *more, *_cut(text), *([] if begins is None else [begins])]


def _last(text: str) -> list[str]:
    """What one plain sentence ends in, unless a clause on something else does."""
    end = one_sentence(text)
    shown = text.replace("*", "")
    return [] if end is None or belongs_elsewhere(shown[: shown.rfind(end)]) else [end, *_cut(end)]


def _unfenced(response: str) -> str:
    text = response.strip()
    return text.strip("`~").strip() if text.startswith(("```", "~~~")) else text


def _cut(text: str) -> list[str]:
    """Without the mark of a list, `, not Venus`, `because …` or a remark: `, the capital of France`."""
    ways = (_INSTEAD, _REMARK, _BRACKETED)
    text = _ITEM.sub("", text)
    parts = [way.split(text, maxsplit=1) for way in ways]
    # `Paris, not Paris` says nothing.
    heads = [each[0].strip("*_ ") for each in parts if len(each) > 1 and _key(each[0]) not in _key(each[1])]
    return [text, undated(text), *(head or text for head in heads)]


def _ends_asking(gold: str) -> bool:
    return "?" in gold
