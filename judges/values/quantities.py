"""Numbers with what stands beside them: units that agree or convert, percent, rounding, sums of units."""

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from judges.values.dimensions import Measure, measure
from judges.values.expressions import read_tree
from judges.values.numbers import Number, read_number
from judges.values.units import unit_words, units_agree
from schemas.references import Comparison

_PART = re.compile(r"\s*(?:,|and\b)?\s*(\d[\d.,/ ]*?\s*[a-zA-Z]{1,12})(?=[\s,\d]|\Z)")
_FEET = re.compile(r"(\d+)\s*'\s*(\d+(?:\.\d+)?)\s*(?:\"|'')")
_HOURS = re.compile(r"(\d+)\s*h\s*(\d+)\s*m(?![a-z])")
_INCHES = re.compile(r"(?<=[\d\s])in\Z")
_UNIT = re.compile(
    r"(?P<head>.*?[\w})\]°|!π])\s+(?P<unit>(?:(?:square|cubic|sq|cu)\s+)?[a-zA-Z]{1,14}"
    r"(?:\s*\^\s*\{?\s*[2-9]\s*\}?)?(?:\s*(?:/|per)\s*[a-zA-Z]{1,14}(?:\s*\^\s*\{?\s*[2-9]\s*\}?)?)?)",
    re.DOTALL,
)
_NO_UNITS = frozenset(
    {"or", "and", "to", "pi", "sqrt", "sin", "cos", "tan", "ln", "log", "exp", "mod", "is", "if"}
)
_WORKED = re.compile(r"[\\!^*/+()]")
_MODES = (ROUND_HALF_EVEN, ROUND_HALF_UP)
_MOST_PARTS, _MOST_CHARS = 4, 200
Quantity = tuple[Fraction, frozenset[tuple[str, int]]]


def same_number(one: Number, other: Number, policy: Comparison) -> bool | None:
    """Equal values in agreeing units; percent as a fraction only where the policy says so.

    None for 5 and 5 million, or where the answer leaves out a percent sign: it depends on what was asked for.
    """
    if policy.percent:
        one, other = _as_fraction(one), _as_fraction(other)
    elif one.percent and not other.unit:
        return None if one.value == other.value else False
    elif other.percent and not one.unit and abs(one.value) < 1 and one.value:
        # 0.5% is no 0.5, but 70% answers how many percent it is.
        return None if one.value == other.value else False
    if one.unit and other.unit and one.unit != other.unit:
        measures = measure(one.unit), measure(other.unit)
        if measures[0] and measures[1]:
            return same_quantity(_measured(one, measures[0]), _measured(other, measures[1]))
    if not units_agree(one.unit, other.unit, policy.ignore_units):
        return False
    if 1 in (one.factor, other.factor) and one.factor != other.factor and not _equal(one, other, policy):
        return None if one.value / one.factor == other.value / other.factor else False
    return _equal(one, other, policy)


def read_quantity(text: str) -> Quantity | None:
    """`2 hours 30 minutes`, `3 ft 4 in` or a number with one unit, in base units; None for anything else."""
    if len(text) > _MOST_CHARS:
        return None
    whole = read_number(text)
    if whole and (unit := measure(whole.unit)):
        return _measured(whole, unit)
    # There m is no metre.
    text = _HOURS.sub(r"\1 hour \2 minute", _FEET.sub(r"\1 foot \2 inch", text))
    parts, units, at = list[Quantity](), list[Fraction](), 0
    while at < len(text) and len(parts) < _MOST_PARTS:
        found = _PART.match(text, at)
        # Elsewhere `in` says no more than `altogether` does.
        number = read_number(_INCHES.sub("inch", found[1])) if found else None
        told = measure(number.unit) if number else None
        if found is None or number is None or told is None:
            return None
        parts.append(_measured(number, told))
        units.append(told.factor)
        at = found.end()
    if at < len(text) or len({dimension for _, dimension in parts}) != 1:
        return None
    # 3 hours and 2 hours are two answers.
    if any(one <= next_ for one, next_ in pairwise(units)):
        return None
    return sum((value for value, _ in parts), Fraction(0)), parts[0][1]


def same_quantity(one: Quantity, other: Quantity) -> bool:
    """The same amount of the same thing."""
    return one == other


def bare_expressions(gold: str, answer: str, ignore_units: bool) -> tuple[str, str] | None:
    """Both expressions without their units, converted where these differ; None where the units disagree."""
    (one, mine), (other, theirs) = _bare(gold, answer), _bare(answer, gold)
    measures = measure(mine), measure(theirs)
    if mine != theirs and measures[0] and measures[1]:
        if measures[0].of != measures[1].of:
            return None
        return f"({one}) \\cdot ({measures[0].factor})", f"({other}) \\cdot ({measures[1].factor})"
    return (one, other) if mine == theirs or units_agree(mine, theirs, ignore_units) else None


def _bare(text: str, beside: str) -> tuple[str, tuple[str, ...]]:
    """The expression without its unit, and the unit.

    A lone letter is a unit only where the other side has no letters.
    """
    tree = read_tree(beside)
    number = read_number(text)
    # Percent and degrees are part of an expression.
    if number is not None and number.unit and number.unit[0] not in ("percent", "degree"):
        value = f"\\frac{{{number.value.numerator}}}{{{number.value.denominator}}}"
        unit = number.unit[0]
        return (value, number.unit) if len(unit) > 1 or (tree and tree.names <= {unit}) else (text, ())
    found = _UNIT.fullmatch(text) if len(text) <= _MOST_CHARS else None
    if found is None or found["unit"].casefold() in _NO_UNITS or not _WORKED.search(found["head"]):
        return text, ()
    words = unit_words(found["unit"], spaced=True) or ()
    known = measure(words) is not None if words else False
    letters = len(found["unit"]) < 4
    if (
        not words
        or (letters and not known)
        or (len(found["unit"]) == 1 and not (tree and tree.names <= {found["unit"]}))
    ):
        return text, ()
    return (found["head"], words) if read_tree(found["head"]) else (text, ())


def same_rounded(one: Fraction, other: Fraction, decimals: int) -> bool:
    """Equal after rounding both, half to even or half up."""
    rounded = [{_round(each, decimals, mode) for mode in _MODES} for each in (one, other)]
    return bool(rounded[0] & rounded[1])


def _equal(one: Number, other: Number, policy: Comparison) -> bool:
    if policy.decimals is None:
        return one.value == other.value
    return same_rounded(one.value, other.value, policy.decimals)


def _measured(number: Number, unit: Measure) -> Quantity:
    return number.value * unit.factor, unit.of


def _as_fraction(number: Number) -> Number:
    return Number(number.value / 100) if number.percent else number


def _round(value: Fraction, decimals: int, mode: str) -> Decimal:
    with localcontext() as context:
        context.prec = len(str(abs(value.numerator))) + decimals + 40
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal(1).scaleb(-decimals), rounding=mode)
