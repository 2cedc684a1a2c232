"""One value stated more than once: `\\frac68 = \\frac34`, `2\\sqrt3 \\approx 3.46`, `1/2 (or 0.5)`."""

import re
from dataclasses import dataclass
from fractions import Fraction

from judges.values.bundles import Same
from judges.values.equality import constant
from judges.values.evaluate import as_fraction, is_real
from judges.values.numbers import TooLarge, read_number

_SIGN = re.compile(r"(?<![<>!:=])(=)(?![=<>])|\\(approx)(?![a-zA-Z])")
_ABOUT = r"(?:\\approx|about|approximately|approx\.?|roughly|≈)"
_ASIDES = [
    (re.compile(rf"\s*\(\s*(?:or |i\.e\.,? |which is )?{_ABOUT}\s*([^()]+)\)\s*\Z"), r" \\approx \1"),
    (re.compile(rf"\s*,?\s*(?:or|which is|i\.e\.,?)\s+{_ABOUT}\s*(.+)\Z"), r" \\approx \1"),
    (re.compile(r"\s*\(\s*(?:or|i\.e\.,?|that is,?|=)\s*([^()]+)\)\s*\Z"), r" = \1"),
]
_EQUIVALENTLY = re.compile(r"\s*,?\s*(?:or,?\s+)?equivalently,?\s+(.+)\Z")
_DECIMALS = re.compile(r"[+-]?\s*[\d,]*\.?(\d*)")
_MOST_PARTS, _MOST_CHARS = 6, 300
_ROUGHLY = Fraction(1, 20)


@dataclass(frozen=True, slots=True)
class Chain:
    """Spellings of one value, and roundings of it."""

    exact: tuple[str, ...]
    rounded: tuple[str, ...] = ()


def read_chain(text: str, same: Same) -> Chain | None:
    """None where the text states one thing only, or where its parts are not equal. Raises TooLarge."""
    if len(text) > _MOST_CHARS or not any(
        sign in text for sign in ("=", "\\approx", "about", "pprox", "(", "or", "equiv")
    ):
        return None
    if "equiv" in text:
        text = _EQUIVALENTLY.sub(r" = \1", text)
    for pattern, by in _ASIDES:
        text = pattern.sub(by, text)
    if "=" not in text and "\\approx" not in text:
        return None
    signs, parts = _split(text)
    if not 2 <= len(parts) <= _MOST_PARTS or not all(parts):
        return None
    exact = [parts[0], *(part for sign, part in zip(signs, parts[1:], strict=True) if sign == "=")]
    rounded = [part for sign, part in zip(signs, parts[1:], strict=True) if sign != "="]
    if not all(same(exact[0], part) for part in exact[1:]) or not all(
        rounds(exact[0], part) for part in rounded
    ):
        return None
    # What has a unit is the statement: 3·4 = 12 cm is no 12 m.
    measured = [
        part for part in exact if (number := read_number(part)) and number.unit and not number.percent
    ]
    return Chain(tuple(measured or exact), tuple(rounded))


def _split(text: str) -> tuple[list[str], list[str]]:
    """The signs between the parts, of those outside of brackets, and the parts."""
    depth, start, signs, parts = 0, 0, list[str](), list[str]()
    found = {each.start(): each for each in _SIGN.finditer(text)}
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and at in found:
            signs.append(found[at][1] or found[at][2])
            parts.append(text[start:at].strip())
            start = found[at].end()
    return signs, [*parts, text[start:].strip()]


def rounds(exact: str, rounded: str) -> bool:
    """Is the decimal the value to as many places as it has, rounded or cut off?"""
    try:
        number, own = read_number(rounded), read_number(exact)
        told = constant(exact) if own is None else own.value
    except TooLarge:
        return False
    if number is None or told is None or not is_real(told):
        return False
    value = as_fraction(told)
    gap = abs(value - number.value)
    if "^" in rounded or "e" in rounded.casefold():
        return bool(gap <= abs(value) * _ROUGHLY)
    places = _DECIMALS.match(rounded)
    last = Fraction(1, 10 ** len(places[1] if places else ""))
    return bool(gap <= last / 2 or (gap < last and abs(number.value) < abs(value)))
