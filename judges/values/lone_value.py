"""The value that a plain sentence states: its last number, formula or ratio, where nothing changes it."""

import re

from judges.values.answers import same_answer
from judges.values.beside import with_unit
from judges.values.chains import check_near
from judges.values.counts import Unclear
from judges.values.numbers import read_number
from judges.values.quantities import read_quantity
from judges.values.readings import BOUND, CHANGING, FREE, SCALED, unmarked, value_in
from judges.values.remarks import with_rough
from judges.values.spelled import spells

CUE = re.compile(
    r"(?:[=:≈]|\b(?:is|are|was|were|be|equals?|makes?|made|gives?|gave|gets?|got|so|hence|therefore|thus"
    r"|has|have|had|leaves?|costs?|pays?|paid"
    r"|needs?|needed|earns?|earned|totals?|there|takes?|took|spends?|spent|saves?|saved|sells?|sold"
    r"|becomes?|reaches|ate|eats?|drinks?|walks?"
    r"|runs?|reads?|buys?|bought|uses?|used|receives?|owes?|makes up|then|only|just|finds?|obtain|yields?"
    r"|weighs?|measures?|holds?|contains?|worth|beträgt)"
    r"|\b(?:went|goes|gone|rises?|rose|falls?|fell|grew|grows?|dropped|drops|increased?s?|decreased?s?)"
    r"(?: up| down)? by)"
    r"[\s,]*(?:a total of|in total|about|approximately|exactly|only|just|equal to|left with|up with|still"
    r"|an? |the )*[\s$*€£¥(]*\Z",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(r"=|:|\b(?:so|hence|therefore|thus|is|are|equals|gives|makes|was)\b", re.IGNORECASE)
_WORKING = re.compile(
    r"\b(?:multipl\w+|subtract\w*|add(?:s|ed|ing)?|plug\w*|substitut\w+|by|version|volume)\b", re.IGNORECASE
)
_ASSIGNED_TWICE = re.compile(r"=(?P<between>[^=]*)=[^=]*\Z")
_AND = re.compile(r"\b(?:and|or)\b|[,;]")
_LEADS_ON = re.compile(r"\b(?:so|hence|thus|therefore|then|which|giving|gives|we get)\b", re.IGNORECASE)
_JOINED = re.compile(r"(?:\b(?:and|plus|or|&)|[,;])[\s$*]*\Z", re.IGNORECASE)
_ROUGHLY = re.compile(r"(?:\b(?:about|approximately|approx\.?|roughly|around)|≈)[\s$*]*\Z", re.IGNORECASE)
NUMBER = re.compile(r"\d{1,3}(?:\.\d{3}){1,9}+,\d\d?(?!\d)|\d{1,3}(?: \d{3})+(?![\d,.])|\d[\d,]*(?:\.\d+)?")
FORMULA = re.compile(r"(?<!\\)\$\$?([^$]{1,500})\$\$?|\\\((.{1,500}?)\\\)|\\\[(.{1,500}?)\\\]")
# Every sign is that of a sum of money, and none opens a formula.
_NO_MONEY = re.compile(r"\$(?!\d)")
_RATIO = re.compile(r"(?<![\d:.,])([1-9]\d*(?:\s?:\s?[1-9]\d*){1,7})\s*\Z")
_SPELLINGS = re.compile(r"(?<![\w.,/^)+*-])(?:-?\d[\d.,/]*\s?%?\s?=\s?){1,4}-?\d[\d.,/]*\s?%?\Z")
# Squares and cubes that are units: `48 cm^2`.
_POWER = re.compile(
    r"(?<=\d)(\s?\b(?:[kcdm]?m|in|ft|yd|mi|(?:centi|kilo)?met(?:er|re)s?|inch(?:es)?|feet|units?))\s?\^\s?\{?([23])\}?"
)
_ENDS_IN_VALUE = re.compile(r"\d[\s*$)}%°]*\Z")
_RUN = re.compile(r"(?<![\w.,:^])[\d.+*/() -]*\d[.\d]*\s*\Z")
_CALCULATED, _ARROW = re.compile(r"<<[^<>]{0,200}>>"), re.compile(r"[=-]>|[⇒→]|➡️?")
# One number in bold, and what it is for: `**$64** for the 16 glasses`.
_STRESSED = re.compile(
    r"(?P<before>[^*]*)\*\*(?P<value>[^*]*\d[^*]*)\*\*(?P<after>[^*\d.,;:]{0,20}\b(?:for|after|in|on|over|from)\b[^*]*)"
)
_MORE = re.compile(r"\b(?:and|then|each|every|per|apiece|more|so|while|whereas|which)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_MOST_RUN = 60


class Torn(Unclear):
    """The last number of a plain sentence is a part of something: it carries all of its numbers."""

    def __init__(self, sentence: str) -> None:
        """The sum or product that the sentence ends in, if it ends in one, and all its numbers."""
        run = _RUN.search(sentence[-_MOST_RUN:])
        self.run, self.numbers = run[0].strip() if run else "", NUMBER.findall(sentence)
        super().__init__(f"{self.numbers[-1] if self.numbers else sentence!r} is a part of something")


def sentence_value(sentence: str, gold: str, unfinished: bool) -> str:
    """Its value, which may have a rounding that agrees with it behind it.

    Raises Unclear where words change it or several values stand there, Torn where it is a part of something.
    """
    exact, near = with_rough(sentence)
    if near is None or not _ENDS_IN_VALUE.search(exact):
        return _exact(sentence, gold, unfinished)
    value = _exact(exact, gold, unfinished)
    check_near(value, near)
    if same_answer(gold, near):
        raise Unclear(f"a rounding of something: {sentence!r}")
    return value


def _exact(sentence: str, gold: str, unfinished: bool) -> str:
    if SCALED.search(sentence):
        raise Unclear(f"words that change a number: {sentence!r}")
    sentence = _POWER.sub(lambda found: found[1] + ("²" if found[2] == "2" else "³"), sentence)
    bare = _ARROW.sub("= ", _CALCULATED.sub("", unmarked(sentence))).lstrip("*_` \t").rstrip("*_` \t.")
    bare = bare.replace("\\$", "$").replace("\\times ", "× ").replace("\\cdot ", "· ")
    is_formal = "\\(" in bare or _NO_MONEY.search(bare)
    formulas = list(FORMULA.finditer(sentence)) if is_formal else []
    closes = bool(formulas) and not _DIGIT.search(sentence, formulas[-1].end())
    if unfinished and (closes or "\\" in bare):
        raise Unclear("unfinished")
    if closes:
        return _of_formula(sentence, formulas, gold)
    if "\\" in bare:
        return value_in(bare, gold)
    if "{" in bare:
        raise Unclear(f"not a sentence: {sentence!r}")
    if unfinished:
        raise Torn(bare)
    return _several_spelled(bare, gold) or _stressed(sentence, gold) or _of_number(bare)


def _of_formula(sentence: str, formulas: list[re.Match[str]], gold: str) -> str:
    last = next(filter(None, formulas[-1].groups()))
    before, behind = sentence[: formulas[-1].start()], sentence[formulas[-1].end() :]
    words = FORMULA.sub(" ", behind if CUE.search(before) else sentence)
    if BOUND.search(words) or CHANGING.search(words):
        raise Unclear(f"words that change a value: {sentence!r}")
    if len(formulas) > 1 and _JOINED.search(before):
        raise Unclear(f"several values in {sentence!r}")
    return with_unit(value_in(last, gold), sentence, formulas[-1].end(), gold)


def _several_spelled(bare: str, gold: str) -> str | None:
    """`1/8 = 12.5%` or the ratio `3:5` that a sentence ends in, where it is the gold answer."""
    ends = _SPELLINGS.search(bare), _RATIO.search(bare) if "ratio" in bare else None
    cued = [end[0] for end in ends if end and CUE.search(bare[: end.start()])]
    return next((each for each in cued if same_answer(gold, each)), None)


def _stressed(sentence: str, gold: str) -> str | None:
    found = _STRESSED.fullmatch(sentence)
    if found is None or not _DIGIT.search(found["after"]) or not CUE.search(found["before"]):
        return None
    changed = (
        CHANGING.search(found["before"]) or CHANGING.search(found["after"]) or _MORE.search(found["after"])
    )
    if changed or BOUND.search(found["before"]):
        return None
    value = value_in(found["value"], gold)
    told, wanted = read_number(value), read_number(gold)
    if told and told.factor != 1 and wanted and wanted.factor == 1:
        raise Unclear(f"counted in dozens or the like: {value!r}")
    return value


def _of_number(bare: str) -> str:
    free = list(FREE.finditer(bare))
    if not free or _DIGIT.search(bare, free[-1].end()):
        raise Torn(bare)
    # 2 hours 30 minutes are one value.
    first = next((each for each in free[:-1] if read_quantity(bare[each.start() :])), free[-1])
    _check_around(bare, first.start())
    tail = bare[first.start() :].strip("*_` ")
    return tail if first is not free[-1] or read_number(tail) is not None else first.group().strip()


def _check_around(bare: str, start: int) -> None:
    """Raises Unclear where the words or the other numbers of a sentence change the value that starts here."""
    before = bare[:start]
    several = bool(set(NUMBER.findall(before)) - set(NUMBER.findall(bare[start:])))
    if several and _ROUGHLY.search(before):
        raise Unclear(f"a rounding of something: {bare!r}")
    begin = max((found.end() for found in _CONCLUDES.finditer(bare)), default=0)
    if (
        (_WORKING.search(bare, begin) and not CUE.search(before))
        or CHANGING.search(bare[begin:])
        or BOUND.search(bare[begin:start])
        or (bare.count(" ", start) > 1 and spells(bare[start:]) and not CUE.search(before))
        or (several and (_JOINED.search(before) or not CUE.search(before)))
    ):
        raise Torn(bare)
    twice = _ASSIGNED_TWICE.search(before)
    if twice and _AND.search(twice["between"]) and not _LEADS_ON.search(twice["between"]):
        raise Torn(bare)
