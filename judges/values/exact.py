r"""Numbers with roots and π before a unit, `\pi/6 rad`, and values whose error stands in brackets."""

import re

from judges.values.equality import constant
from judges.values.evaluate import as_fraction, is_real
from judges.values.numbers import TooLarge, read_number

_MOST_CHARS, _MOST_UNSURE = 120, 0.1
_IRRATIONAL = re.compile(r"\\(?:pi|sqrt)(?![a-zA-Z])")
_RUN = re.compile(r"(?:\s|[\d.+*/^(){}-]|\\(?:pi|sqrt|frac|cdot|times)(?![a-zA-Z]))*+")
_NUMBER = r"\d[\d.]{0,20}"
_UNSURE = re.compile(
    rf"\(\s?([+-]?{_NUMBER})\s?(?:\\pm|±)\s?({_NUMBER})\s?\)(?=\s?(?:\\times|\\cdot|[*x])\s?10|\s?[^\W\d_\\])"
)


def exact_value(text: str) -> tuple[float, str] | None:
    """The value of the roots and multiples of π that a text begins with, and the rest; None without them."""
    found = _RUN.match(text) if len(text) <= _MOST_CHARS else None
    if found is None or not _IRRATIONAL.search(found.group()):
        return None
    try:
        value = constant(found.group().strip())
    except TooLarge:
        return None
    if value is None or not is_real(value):
        return None
    return float(as_fraction(value)), text[found.end() :]


def without_error(text: str) -> str:
    r"""`(2.00 \pm 0.01) \times 10^{-3} T` without its error, unless that is too wide."""
    return _UNSURE.sub(_sure, text) if "(" in text else text


def _sure(found: re.Match[str]) -> str:
    value, error = read_number(found[1]), read_number(found[2])
    if value is None or error is None or error.value > abs(value.value) * _MOST_UNSURE:
        return found[0]
    return found[1]


def worked(text: str) -> float | None:
    r"""The value of a reckoning in figures alone, `6 \times 7`; None of anything else, one number too."""
    run = _RUN.fullmatch(text) if len(text) <= _MOST_CHARS else None
    if run is None or read_number(text) is not None:
        return None
    try:
        value = constant(text.strip())
    except TooLarge:
        return None
    return float(as_fraction(value)) if value is not None and is_real(value) else None
