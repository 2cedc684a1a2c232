"""Units that measure the same thing, by pint: exact factors, so that 5 km are 5000 m."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pint import UnitRegistry

_MONEY = {"dollar": Fraction(100), "cent": Fraction(1)}
_NAME = re.compile(r"[a-zA-Zµ]{1,20}")
# Their scales do not start at the same zero, or they count and measure nothing.
_NO_MEASURE = frozenset(
    {"percent", "count", "dozen", "degc", "degf", "cat", "point", "cent", "c", "f", "e", "k"}
)
_NAMES = {"minute": "minute", "hr": "hour", "l": "liter", "ml": "milliliter", "litre": "liter"}
_EXPONENT = re.compile(r"\^\s*\{?\s*(\d)\}?")


class Measure(NamedTuple):
    """How many base units it is, and of which base units: metre per second is ((meter, 1), (second, -1))."""

    factor: Fraction
    of: frozenset[tuple[str, int]]


@lru_cache(maxsize=1_024)
def measure(words: tuple[str, ...]) -> Measure | None:
    """The measure of a unit in words, as `read_number` tells them; None where one of them is no unit."""
    factor, dimension, side, power = Fraction(1), dict[str, int](), 1, 1
    for at, word in enumerate(words):
        if word == "/":
            side = -1
        elif word in ("square", "cubic"):
            power = 2 if word == "square" else 3
        elif not word.startswith("^"):
            read = _single(word)
            raised = _EXPONENT.fullmatch(words[at + 1]) if at + 1 < len(words) else None
            times = side * (int(raised[1]) if raised else power)
            if read is None or not -9 < times < 9:
                return None
            factor *= read.factor**times
            for name, exponent in read.of:
                dimension[name] = dimension.get(name, 0) + exponent * times
            power = 1
    return Measure(factor, frozenset(dimension.items())) if words else None


@lru_cache(maxsize=1_024)
def _single(word: str) -> Measure | None:
    if word in _MONEY:
        return Measure(_MONEY[word], frozenset({("money", 1)}))
    name = _NAMES.get(word.casefold(), word)
    if not _NAME.fullmatch(name) or name.casefold() in _NO_MEASURE or name not in _registry():
        return None
    unit = _registry().parse_units(name)
    factor, base = _registry().get_base_units(unit)
    powers = [(str(each), Fraction(str(exponent))) for each, exponent in base._units.items()]
    if any(exponent.denominator > 1 for _, exponent in powers) or not powers:
        return None
    return Measure(Fraction(str(factor)), frozenset((each, int(exponent)) for each, exponent in powers))


@lru_cache(maxsize=1)
def _registry() -> "UnitRegistry[Fraction]":
    from pint import UnitRegistry  # noqa: PLC0415 - as in `pint_units`

    return UnitRegistry(non_int_type=Fraction, on_redefinition="ignore")
