"""Compare a number and its unit with the reference: dimensions first, then the value within a tolerance."""

import re

from judges.base import Attempt, Finding, Unscored, check
from judges.values.answer_object import answer_told
from judges.values.claimed import after, stated_answers
from judges.values.counted import told_count
from judges.values.counts import Unclear
from judges.values.finals import Final
from judges.values.measured import Quantity, read_quantity
from judges.values.pint_units import converted, read_unit, registry
from judges.values.seen import seen, struck
from judges.values.supposed import not_meant
from schemas.references import Comparison, QuantityReference, Reference

_G = {"type": "quantity", "answer": "9.81", "unit": "m/s^2"}
_KM = {"type": "quantity", "answer": "5", "unit": "km"}
_WARM = {"type": "quantity", "answer": "25", "unit": "°C"}
_STRICT = _KM | {"comparison": {"ignore_units": False}}
_EDGE = re.compile(r"\A(?:\s|\$|\\[)\],;! ]|\*)+")
_ANOTHER = re.compile(r"[ \t*$\\)\]}.,;]{0,12}(?:(?:and|or|to)\s+)?[+-]?\$?\d(?![^\n]{0,3}[.)]\s)")
_FIGURE = re.compile(r"\d")
_UNIT_END = re.compile(r"[.,;:\n]|\s(?:and|is|are|as|for|in|of)\s")
# Metres per second without a space; a product below a stroke; coulombs or degrees.
_TWO_WAYS = re.compile(
    r"(?<![a-zA-Z])ms\s*\}?\s*(?:\^\s*\{?\s*)?[-⁻]|/[^/()]*(?:[·⋅*]|\\cdot)|(?<![a-zA-Z])C(?![a-zA-Z])"
)
_DEFAULT_REL_TOL, _SLACK, _MOST_WORDS = 0.005, 1e-9, 20


@check(
    passes=[
        Attempt.of("It falls.\nThe answer is 9.8 m/s².", _G),
        Attempt.of("\\boxed{981\\text{ cm/s}^2}", _G),
        Attempt.of("Answer: 9.81 meters per second squared", _G),
        Attempt.of("**5,000 m**", _KM),
        Attempt.of("Answer: 5", _KM),
        Attempt.of("\\boxed{298.15\\ \\mathrm{K}}", _WARM),
    ],
    fails={
        Attempt.of("Answer: 5 m", _KM): "'5 m' is not 5 km",
        Attempt.of("Answer: 5 kg", _KM): "'5 kg' is [mass], 5 km is [length]",
        Attempt.of("Answer: 6 km", _KM): "'6 km' is not 5 km",
        Attempt.of("Answer: 5", _STRICT): "'5' has no unit, km is needed",
        Attempt.of("Answer: 25 K", _WARM): "'25 K' is not 25 °C",
    },
    unscored={
        Attempt.of("Answer: 5 km or 6 km", _KM): "no unit we know in '5 km or 6 km'",
        Attempt.of("\\boxed{5 km} \\boxed{6 km}", _KM): "two final answers: '5 km' and '6 km'",
        Attempt.of("Answer: 5 blorps", _KM): "no unit we know in '5 blorps'",
        Attempt.of("Answer: less than 5 km", _KM): "a bound or a denial: 'less than 5 km'",
        Attempt.of("I do not know.", _KM): "no number in 'I do not know.'",
    },
    libraries=("pint",),
)
def quantity(attempt: Attempt) -> Finding:
    """Within `rel_tol` of the reference, in its unit; by default 0.5 %, and 0 for whole numbers in one unit.

    A number without a unit is taken in the reference's, unless `comparison.ignore_units` is false. A
    percentage is its value: 25% passes for a bare 0.25, and 0.25% does not.
    """
    reference = attempt.expected(QuantityReference)
    try:
        gold = _gold(reference)
        texts = _stated(answer_told(seen(attempt.response)))
        found = [read_quantity((gold.unit is None and told_count(text)) or text) for text in texts]
        wrong = [_wrong(text, each, gold, reference) for text, each in zip(texts, found, strict=True)]
    except Unclear as error:
        raise Unscored(str(error)) from error
    values = {(each.value, each.unit) for each in found}
    if len({told is None for told in wrong}) > 1 or len(values) > len({each.unit for each in found}):
        raise Unscored(f"two final answers: {texts[0]!r} and {texts[1]!r}")
    return Finding(wrong[0], extracted=texts[0])


def same(a: str, b: str, reference: Reference | None = None) -> bool:
    """Are two final answers the same quantity, within the reference's tolerance or else the default one?"""
    bare = QuantityReference(type="quantity", answer="0")
    try:
        one, other = read_quantity(a), read_quantity(b)
        return _wrong(a, one, other, reference if isinstance(reference, QuantityReference) else bare) is None
    except Unclear:
        return a.strip() == b.strip()


def near_misses(reference: Reference) -> list[str]:
    """Twice, a tenth and the negative of it; the same number of another dimension."""
    gold, unit = _parts(reference)
    if gold is None or not gold.value:
        return []
    other = "kg" if "mass" not in str(registry().Unit(gold.unit or "").dimensionality) else "m"
    values = (gold.value * 2, gold.value / 10, -gold.value)
    told = [f"{value:.10g} {unit}".strip() for value in values]
    return told if gold.unit is None else [*told, f"{gold.value:.10g} {other}^5"]


def equivalents(reference: Reference) -> list[str]:
    """The same value with its unit spelled out, and in base units."""
    gold, unit = _parts(reference)
    if gold is None:
        return []
    if gold.unit is None or gold.unit.dimensionless:
        return [f"{gold.value:.12g} {unit}".strip()]
    base = registry().Quantity(gold.value, gold.unit).to_base_units()
    return [f"{gold.value:.12g} {unit}", f"{base.magnitude:.12g} {base.units:D}".replace("**", "^")]


def _parts(reference: Reference) -> tuple[Quantity | None, str]:
    try:
        gold = _gold(reference) if isinstance(reference, QuantityReference) else None
    except Unclear:
        return None, ""
    return gold, f"{gold.unit:D}".replace("**", "^") if gold and gold.unit is not None else ""


def _gold(reference: QuantityReference) -> Quantity:
    """Raises Unclear for a reference that is no quantity."""
    gold = read_quantity(reference.answer)
    if reference.unit is None:
        return gold
    unit = read_unit(reference.unit)
    if gold.unit is not None and gold.unit != unit:
        raise Unclear(f"the reference has two units: {reference.answer!r} and {reference.unit!r}")
    return Quantity(gold.value, unit, gold.whole)


def _stated(response: str) -> list[str]:
    """What is stated as final, once each, or a short response."""
    stated = stated_answers(response)
    for each in stated:
        if _ANOTHER.match(after(each, response)):
            raise Unclear(f"a second number after {each.text!r}")
    texts = list(dict.fromkeys(_with_unit(each, response) for each in stated))
    if not texts and len(response.split()) > _MOST_WORDS:
        raise Unclear("no final answer")
    figure = _FIGURE.search(response)
    heard = figure is not None and not_meant(response, figure.start())
    if not texts and (heard or struck(response) or "?" in response):
        raise Unclear(f"not stated as the answer: {response.strip()[:100]!r}")
    return texts or [response.strip()]


def _with_unit(final: Final, response: str) -> str:
    """A number in a box with the unit that stands after it, `\\boxed{5}\\ \\text{km}`."""
    text = final.text.strip("*_ ")
    rest = _UNIT_END.split(_EDGE.sub("", after(final, response)), maxsplit=1)[0].strip(" $")
    if final.how != "boxed" or not rest or read_quantity(text).unit is not None:
        return text
    try:
        read_quantity(f"{text} {rest}")
    except Unclear:
        return text
    return f"{text} {rest}"


def _wrong(text: str, found: Quantity, gold: Quantity, reference: QuantityReference) -> str | None:
    shown = f"{reference.answer} {reference.unit or ''}".strip()
    comparison = reference.comparison or Comparison()
    if gold.unit is not None and found.unit is None and not comparison.ignore_units:
        return f"{text!r} has no unit, {reference.unit or gold.unit} is needed"
    if _percent(found) != _percent(gold) and (found.unit is None or gold.unit is None):
        return _of_a_hundred(text, found, gold, reference)
    if gold.unit is None or found.unit is None:
        return None if _near(found.value, found, gold, reference) else f"{text!r} is not {shown}"
    value = converted(found.value, found.unit, gold.unit)
    if value is None and _TWO_WAYS.search(text):
        raise Unclear(f"a unit that reads in two ways: {text!r}")
    if value is None:
        return f"{text!r} is {_dimension(found)}, {shown} is {_dimension(gold)}"
    return None if _near(value, found, gold, reference) else f"{text!r} is not {shown}"


def _near(value: float, found: Quantity, gold: Quantity, reference: QuantityReference) -> bool:
    """Within the tolerance, and within what rounding leaves where scales begin at different zeros."""
    within = _tolerance(found, gold) if reference.rel_tol is None else reference.rel_tol
    zero = converted(0, found.unit, gold.unit) if found.unit is not None and gold.unit is not None else 0
    return abs(value - gold.value) <= within * abs(gold.value) + _SLACK * (abs(gold.value) + abs(zero or 0))


def _tolerance(found: Quantity, gold: Quantity) -> float:
    """By default: none for a whole number, which a measured one may be rounded to."""
    bare = gold.unit is None or found.unit is None
    if not gold.whole or not (bare or found.unit == gold.unit):
        return _DEFAULT_REL_TOL
    if found.whole or gold.unit is None or not gold.value:
        return 0.0
    return min(_DEFAULT_REL_TOL, 0.5 / abs(gold.value))


def _of_a_hundred(text: str, found: Quantity, gold: Quantity, reference: QuantityReference) -> str | None:
    """A percentage against a bare number is its value, 25% is 0.25; raises Unclear where the figures agree.

    A bare number against a percentage is so only where the comparison says it.
    """
    value = found.value / 100 if _percent(found) else found.value * 100
    told = _percent(found) or (reference.comparison or Comparison()).percent
    near = _near(
        value, Quantity(value, None, whole=False), Quantity(gold.value, None, whole=False), reference
    )
    figures = _near(found.value, found, gold, reference)
    if near and told:
        return None
    if _percent(gold) and figures:
        return None
    if near or figures:
        raise Unclear(f"a percentage or a share: {text!r}")
    return f"{text!r} is not {reference.answer} {reference.unit or ''}".strip()


def _percent(each: Quantity) -> bool:
    return each.unit is not None and "percent" in each.unit._units


def _dimension(each: Quantity) -> str:
    return str(each.unit.dimensionality) if each.unit is not None else "without a unit"
