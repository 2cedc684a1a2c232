"""Numbers as people write them, read exactly: a rational and what stands beside it."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from judges.values.plain import WHOLE, plain
from judges.values.units import factor_words, unit_words

# A group behind a zero is none: 0,125 is a decimal or a pair.
_DIGITS = r"[1-9]\d{0,2}(?:,\d{3})+(?!\d)|\d{1,3}(?: \d{3})+(?!\d)|\d{1,3}(?:['’]\d{3})+(?!\d)|\d+"
_DECIMAL = rf"(?:(?:{_DIGITS})(?:\.\d*)?|\.\d+)"
_MARKS = str.maketrans("", "", ", '’")
_CURRENCY = "$€£¥₹"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<money>US\$|[{_CURRENCY}])?\s*(?P<inner>[+-]?)"
    rf"(?:(?P<whole>\d+)\s*(?:\s(?=\d)|(?=\\frac))(?:(?P<mn>\d+)\s*/\s*(?P<md>\d+)|\\frac\{{(?P<ln>\d+)\}}\{{(?P<ld>\d+)\}})"
    rf"|(?P<whole2>\d*)\s*(?P<vulgar>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])"
    rf"|\\frac\s*\{{\s*(?P<fn>[+-]?{_DECIMAL})\s*\}}\s*\{{\s*(?P<fd>[+-]?{_DECIMAL})\s*\}}"
    rf"|(?P<n>{_DECIMAL})(?:\s*/\s*(?P<d>{_DECIMAL})"
    rf"|\s*(?:\\times|\\cdot|\*|x)\s*10\s*\^\s*\{{?\s*(?P<exp>[+-]?\d+)\s*\}}?|[eE](?P<e>[+-]?\d+)(?![\w]))?)"
)
_UNIT = re.compile(r"\s*(?P<unit>(?:[^\W\d_]|[°%¢$€£¥₹])(?:[\w°%/^. {}()-]){0,60})?\Z")
_VULGAR = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5"}
_VULGAR |= {"⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
MOST_DIGITS, MOST_EXPONENT = 4000, 1000
_REMEMBERED_CHARS = 200


class TooLarge(ValueError):
    """A number beyond MOST_DIGITS digits or an exponent beyond MOST_EXPONENT."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact value, not divided by a hundred where its unit is percent, and its unit in singular words."""

    value: Fraction
    unit: tuple[str, ...] = ()
    factor: int = 1
    """What words beside the figures made of them: a million of 5 million; the value is multiplied already."""

    @property
    def percent(self) -> bool:
        """Written with a percent sign or word."""
        return self.unit == ("percent",)


def read_number(text: str) -> Number | None:
    """The number that the whole text is; None where it is anything else. Raises TooLarge."""
    if WHOLE.fullmatch(text):
        return Number(Fraction(int(text)))
    return _read(text) if len(text) > _REMEMBERED_CHARS else _remembered(text)


def _read(text: str) -> Number | None:
    source = plain(text)
    found = _NUMBER.match(source)
    if found is None:
        return None
    tail = _UNIT.match(source, found.end())
    unit = (
        None
        if tail is None
        else unit_words(tail["unit"] or "", spaced=source[found.end() : found.end() + 1] == " ")
    )
    if unit is None:
        return None
    value = _value(found)
    if value is None:
        return None
    factor, rest = factor_words(unit)
    return Number(value * factor, rest or unit_words(found["money"] or "", spaced=True) or (), factor)


_remembered = lru_cache(maxsize=2_048)(_read)


def _value(found: re.Match[str]) -> Fraction | None:
    group = found.groupdict(default="")
    if len(found.group()) > MOST_DIGITS:
        raise TooLarge(f"a number of {len(found.group())} digits")
    exponent = int(group["exp"] or group["e"] or 0)
    if abs(exponent) > MOST_EXPONENT:
        raise TooLarge(f"an exponent of {exponent}")
    try:
        size = _magnitude(group) * Fraction(10) ** exponent
    except ZeroDivisionError:
        return None
    return -size if (group["sign"] == "-") != (group["inner"] == "-") else size


def _magnitude(group: dict[str, str]) -> Fraction:
    if group["vulgar"]:
        return Fraction(int(group["whole2"] or 0)) + Fraction(_VULGAR[group["vulgar"]])
    if group["whole"]:
        top, bottom = group["mn"] or group["ln"], group["md"] or group["ld"]
        return int(group["whole"]) + Fraction(int(top), int(bottom))
    if group["fn"]:
        return _decimal(group["fn"]) / _decimal(group["fd"])
    return _decimal(group["n"]) / (_decimal(group["d"]) if group["d"] else 1)


def _decimal(text: str) -> Fraction:
    return Fraction(text.translate(_MARKS))
