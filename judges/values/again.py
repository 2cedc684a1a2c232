"""A value told again right behind itself: `2.5 hours (2 hours 30 minutes)`, `3/10, or 0.3`, `0.46 (46 %)`."""

import re

from judges.values.answers import same_answer
from judges.values.counts import Unclear
from judges.values.numbers import read_number
from judges.values.plain import plain
from judges.values.quantities import read_quantity
from judges.values.restated import rounds
from schemas.references import Comparison

_MOST_CHARS = 300
_LEAD = (
    r"(?:that['’]s|that is|which is|i\.e\.,?|or|=|about|approximately|≈|equivalently,?|in other words,?)\s+"
)
_BRACKET = re.compile(rf"(?<=[\w*$%}}])\s{{0,3}}\((?P<lead>(?:{_LEAD}){{0,2}})(?P<again>[^()\n]{{1,60}})\)")
_OR = re.compile(
    r"(?<=[\w*$%}]),?\s+or\s+(?:equivalently,?\s+)?(?P<again>[^\s(),;][^(),;\n]{0,40}?)"
    r"(?=,?\s+or\b|\s+as an? (?:\w+ )?(?:number|fraction|decimal|percentage)\b|[\s.*$]*\Z)"
)
_ROUGHLY = re.compile(r"about|approximately|≈")
_FORM = re.compile(r"\s+as an? (?:\w+ )?(?:number|fraction|decimal|percentage)(?=[\s.*]*\Z)")
# `6 pieces (with 10 cm left over)`, `Tom is 14 (and his sister is 28)`
_BESIDES = re.compile(
    r"\s{0,3}\((?:(?:with|and|leaving)\s[^()\n]{1,60}?\b(?:left(?:[ -]?over)?|to spare|remaining"
    r"|unused)\b[^()\d\n]{0,30}"
    r"|(?:and|while|whereas)\s(?![^()\n]*\b(?:all|altogether|answer|both|final|hence|result|so|sum|therefore|thus"
    r"|together|total)\b)[^()\n]{1,40}\b(?:is|are|was|were|has|have|had|gets?|got|weighs?|costs?|takes?|needs?"
    r"|earns?|pays?)\b[^()\n]{1,40})\)",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\$([^$\s](?:[^$\n]{0,78}[^$\s])?)\$(?!\d)")
_BEGIN = re.compile(r"(?<![\w.,/^\\{$])[$€£]?[-−]?\d|(?<![\w}])\\(?:frac|sqrt)")
_PIECES = re.compile(r",?\s+or\s+|\s*=\s*")


def told_once(text: str, gold: str) -> str:
    """The text with one spelling of a value that it tells twice. Raises Unclear where `that is` differs.

    It is the first one, unless only the other one is the gold answer: 46% beside 0.46.
    """
    if len(text) > _MOST_CHARS or not ("(" in text or " or " in text):
        return text
    besides = _BESIDES.search(text)
    if besides and _BEGIN.search(text, 0, besides.start()):
        text = text[: besides.start()] + text[besides.end() :]
    for pattern in (_BRACKET, _OR):
        for found in reversed(list(pattern.finditer(text))):
            text = _merged(text, found, gold)
    return text


def _merged(text: str, found: re.Match[str], gold: str) -> str:
    """The text without what was found, where that says again what stands before it."""
    before, behind = _FORMULA.sub(r"\1", text[: found.start()]).replace("**", ""), text[found.end() :]
    told = [
        each.strip(" $.") for each in _PIECES.split(found["again"].replace("**", "").replace(" and ", " "))
    ]
    starts = [each.start() for each in _BEGIN.finditer(before)][-3:]
    for start in reversed(starts):
        value = before[start:].strip(" $,")
        if all(_same(value, each) for each in told):
            fits = [each for each in told if same_answer(gold, each)] if not same_answer(gold, value) else []
            return (before[:start] + fits[0] if fits else text[: found.start()]) + _FORM.sub("", behind)
    value = before[starts[-1] :].strip(" $,") if starts else ""
    if (
        found.re is _BRACKET
        and found["lead"]
        and not _ROUGHLY.search(found["lead"])
        and _differs(value, told)
    ):
        raise Unclear(f"told again as something else: {text!r}")
    return text


def _is_value(text: str) -> bool:
    return read_number(text) is not None or read_quantity(plain(text)) is not None


def _differs(value: str, told: list[str]) -> bool:
    """Is it a value, and is one of the others neither the same nor a rounding of it?"""
    others = [each for each in told if _is_value(each) and not _same(value, each)]
    return _is_value(value) and not all(rounds(value, each) for each in others)


def _same(one: str, other: str) -> bool:
    """Are both values, and the same one whichever is asked for?"""
    if not (_is_value(one) and _is_value(other)):
        return False
    policy = Comparison(percent=True)
    return same_answer(one, other, policy) is True and same_answer(other, one, policy) is True
