"""Quantities written as a sum of falling units: `1 h 30 min`, `5 ft 10 in`, `2 hours and 5 minutes`."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from judges.values.pint_units import read_unit, registry

if TYPE_CHECKING:
    from pint import Unit

_LADDERS = [
    ["year", "month", "week", "day", "hour", "minute", "second", "millisecond"],
    ["mile", "yard", "foot", "inch"],
    ["ton", "pound", "ounce"],
    ["kilometer", "meter", "centimeter", "millimeter"],
    ["kilogram", "gram", "milligram"],
    ["degree", "arcminute", "arcsecond"],
]  # fmt: skip
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s?([A-Za-z]{1,12})\.?")
_BETWEEN = re.compile(r"\s?,?\s?(?:and\s)?")
_NAMES = {name: name for ladder in _LADDERS for name in ladder}
_NAMES |= {f"{name}s": name for name in _NAMES} | {"feet": "foot", "inches": "inch", "d": "day", "h": "hour"}
_NAMES |= {"hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "s": "second", "sec": "second"}
_NAMES |= {"secs": "second", "ms": "millisecond", "mi": "mile", "yd": "yard", "ft": "foot", "in": "inch"}
_NAMES |= {"lb": "pound", "lbs": "pound", "oz": "ounce", "km": "kilometer", "m": "meter", "cm": "centimeter"}
_NAMES |= {"mm": "millimeter", "kg": "kilogram", "g": "gram", "mg": "milligram", "yr": "year", "wk": "week"}


def added(text: str) -> "tuple[float, Unit] | None":
    """The value in its first unit; None where the whole text is no sum of parts, each less than one above."""
    parts = []
    at = 0
    while (found := _PART.match(text, at)) is not None:
        parts.append((found[1], _NAMES.get(found[2].lower())))
        at = found.end()
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
    names = [name for _, name in parts if name is not None]
    if len(parts) < 2 or len(names) < len(parts) or text[at:].strip(" .") or not _falling(names):
        return None
    return None if any("." in figure for figure, _ in parts[:-1]) else _sum(parts, names)


def _falling(names: list[str]) -> bool:
    ladder = next((each for each in _LADDERS if set(names) <= set(each)), None)
    return ladder is not None and all(ladder.index(one) < ladder.index(two) for one, two in pairwise(names))


def _sum(parts: list[tuple[str, str | None]], names: list[str]) -> "tuple[float, Unit] | None":
    units = [read_unit(name) for name in names]
    total = 0.0
    for at, (figure, _) in enumerate(parts):
        value = float(registry().Quantity(float(figure), units[at]).to(units[0]).magnitude)
        above = float(registry().Quantity(1, units[at - 1]).to(units[0]).magnitude) if at else None
        if above is not None and value >= above * (1 - 1e-9):
            return None
        total += value
    return total, units[0]
