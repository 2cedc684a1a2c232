"""A number and its unit, taken out of the text that states them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judges.values.counted import told_value
from judges.values.counts import Unclear
from judges.values.exact import exact_value, without_error, worked
from judges.values.numbers import TooLarge, read_number
from judges.values.pint_units import read_unit, registry
from judges.values.plain import plain
from judges.values.sums import added

if TYPE_CHECKING:
    from pint import Unit

By = str | Callable[[re.Match[str]], str]
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_POWER = r"10\s?\^\s?\{?\s?[+-]?\d+(?:\s?\})?"
NUMBER = re.compile(
    rf"[+-]?(?:\\frac\{{[\d.]+\}}\{{[\d.]+\}}|{_POWER}|\d+(?:\s\d+/\d+(?![\d.])|\\frac\{{\d+\}}\{{\d+\}})"
    rf"|(?:{_DIGITS})(?:[eE][+-]?\d+(?!\w)|\s?(?:\\times|\\cdot|[*x])\s?{_POWER}|/\d+(?![\d.]))?)"
)
_UNSURE = re.compile(r"\s?(?:\\pm|±)\s?(\d[\d.]*)(?:\s?\\times\s?10\^\{?-?\d+\}?)?")
# Before the number: words alone, of which none bounds, denies or reckons.
_HEAD = re.compile(r"(?:[^\W\d_]|['’.,:;\s]|(?<=\w)-(?=\w)|[([](?=\s*\Z))*+")
_NOT_BEFORE = re.compile(
    r"\b(?:less|more|fewer|greater|than|least|most|not?|never|neither|nor|cannot|between|under|over|above"
    r"|below|up to|except|but|anything|everything|unlike|exceeds?|either|or|and|if|from|within|minus|plus"
    r"|negative|positive|twice|thrice|half|double|triple|third|quarter|times|squared?|cubed?|root|sqrt|ln"
    r"|log|exp|sin|cos|tan|wrong|incorrect|false|far|opposite|inverse|reciprocal|maximum|minimum|max|min|maybe|perhaps|possibly|un\w+ly)\b|n['’]t\b"
    r"|不|大于|小于|超过|至少|至多|最多|最少|低于|高于",
    re.IGNORECASE,
)
# After the unit: what bounds it, denies it or reckons on.
_NOT_AFTER = re.compile(
    r"\b(?:or|and|more|less|fewer|most|least|maximum|minimum|max|min|not?|never|wrong|incorrect|false|impossible"
    r"|invalid|plus|minus|times|divided|doubled|halved|tripled|squared|cubed|half|short|too|off|negative|maybe"
    r"|perhaps|possibly|unless|if|otherwise|except|per|by|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|hundred|thousand|dozen|million|billion|below zero|beyond|percent|force)\b"
    r"|n['’]t\b|[\d+*/^<>≠~?!|=\\]|以上|以下|不",
    re.IGNORECASE,
)
_LETTER = re.compile(r"(?<![^\W_])[eix]\s*\Z")
_SIDE = re.compile(
    r"(?:[^\W\d_]{2,}[\s,.:;]+|[^\W\d_]\s+(?=\w))*+"
    r"(?:\\?[^\W\d_]+'*(?:_(?:\{[^{}]{1,20}\}|\w{1,12}))?'*(?:\([^()=]{1,30}\))?|\|[^|]{1,9}\|)?\s*"
)
_EXPRESSION = re.compile(r"(?:[\d\s.+*/^(){}_|-]|[^\W_]|\\[a-z]+|(?<=\d),(?=\d{3}))+")
_JOINS = re.compile(r"\b(?:or|and|so|not|but|if|then|either)\b", re.IGNORECASE)
_EQUALS = re.compile(r"=|\\(?:approx|simeq|sim|doteq)(?![a-z])")
_GLOSS = re.compile(r"(?<![/*^])\(\s*(?:\\approx|or|about|i\.e\.,?|=)?\s*([^()\d]{0,20}\d[^()]*)\)\s*\Z")
# What was given stands before the comma: `Using v = 20 m/s and t = 5 s, the distance is 100 m`.
_GIVEN = re.compile(
    r"(?:using|with|given|since|from|substituting)\s[^\n]{1,300},\s(?P<rest>(?:the|its|we|this)\s.*)",
    re.IGNORECASE,
)
_MOST_EQUALS, _MOST_WORDS, _MOST_UNSURE = 4, 16, 0.1
_BEFORE: list[tuple[re.Pattern[str], By]] = [
    (re.compile(r"(?<![\d.,])10([⁺⁻]?[⁰¹²³⁴-⁹]+)"), lambda found: f"10^{{{_lowered(found[1])}}}"),
    (re.compile(r"\\(?:SI|qty)\{([^{}]*)\}\{([^{}]*)\}"), lambda found: f"{found[1]} {found[2]}"),
    (re.compile(r"\\(?:text(?:rm|sf|tt)|math(?:sf|it|tt)|rm|unit|si)(?![a-z])"), lambda _: r"\mathrm"),
    (re.compile(r"\{\s*\\mathrm\s+([^{}\\]{1,40})\}"), lambda found: f"\\mathrm{{{found[1]}}}"),
    (re.compile(r"\\mu\s*\\(?:text|mathrm)\s*\{\s*"), lambda _: r"\mathrm{µ"),
    (re.compile(r"\\(?:text|mathrm)\s*\{\s*([kKMGmnpµ]|\\mu)\s*\}\s*(?=\\Omega)"), lambda at: f" {at[1]}"),
    (re.compile(r"\\mu(?:\s|\\[,!;])*(?=[A-Za-zΩ])"), lambda _: "µ"),
    (re.compile(r"(?<![\w)])\*\*|\*\*(?![\w(])|__|`|\\boldsymbol|\\bm(?![a-z])"), lambda _: " "),
    (re.compile(r"\^\s?\{\s?([+-]?\d+)\s?\}"), lambda found: f"^{found[1]}"),
]  # fmt: skip
_AFTER: list[tuple[re.Pattern[str], By]] = [
    (re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d,])"), lambda found: found[0].replace(" ", "")),
    (re.compile(r"\\frac\s?\{\s*([^{}\d][^{}]{0,40})\}\s?\{\s*([^{}\d][^{}]{0,40})\}"), r" (\1)/(\2) "),
]  # fmt: skip
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in its unit; `unit` is None where none is written."""

    value: float
    unit: "Unit | None"
    whole: bool
    """Written as a whole number."""


def read_quantity(text: str) -> Quantity:
    """The one quantity of a short text, `v = 5 m/s downwards` too.

    Raises Unclear for a bound, a denial, a second number, none at all, or what is no unit we know.
    """
    source = _spelled(text)
    told = told_value(source)
    if told is not None:
        return _read(told, text)
    given = _GIVEN.match(source)
    return _read(source if given is None else source[given.start("rest") :], text)


def _spelled(text: str) -> str:
    """The text in plain spelling: prefixes beside their units, powers of ten, fractions of units."""
    source = text[:2_000]
    for pattern, by in _BEFORE:
        source = pattern.sub(by, source)
    source = plain(source).replace("$", " ")
    for pattern, put in _AFTER:
        source = pattern.sub(put, source)
    return without_error(" ".join(source.strip("*_ ").split()))


def _lowered(raised: str) -> str:
    return raised.translate(_SUPER)


def _read(source: str, text: str) -> Quantity:
    gloss = _GLOSS.search(source)
    if gloss and NUMBER.search(source[: gloss.start()]):
        return _agreeing(_read(source[: gloss.start()].strip(), text), _read(gloss[1].strip(), text), text)
    *left, last = _EQUALS.split(source)
    if len(left) > _MOST_EQUALS:
        raise Unclear(f"{len(left)} signs of equality in {text[:100]!r}")
    found = _one(last.strip(), text)
    for at, side in enumerate(left):
        if found.unit is None and at == 0 and (value := worked(side)) is not None:
            found = _agreeing(Quantity(value, None, whole=False), found, text)
            continue
        found = _agreeing(_one(side.strip(), text), found, text) if _is_number(side) else found
        if not _is_number(side) and not _harmless(side, first=at == 0):
            raise Unclear(f"more than a name before the number: {text[:100]!r}")
    return found


def _is_number(side: str) -> bool:
    found = NUMBER.match(side.strip())
    return (
        found is not None and re.fullmatch(r"\s*[^\d=+*(){}|,;-]*", side.strip()[found.end() :]) is not None
    )


def _harmless(side: str, first: bool) -> bool:
    """A name that the quantity is given, or an expression between two signs of equality."""
    if first:
        return _SIDE.fullmatch(side.strip()) is not None and not _NOT_BEFORE.search(side)
    return bool(re.search(r"\w", side) and _EXPRESSION.fullmatch(side)) and not _JOINS.search(side)


def _one(source: str, text: str) -> Quantity:
    """A number with words before it, its unit and words after it."""
    if source.startswith("(") and source.endswith(")") and source.count("(") == 1:
        source = source[1:-1].strip()
    summed = added(source)
    if summed is not None:
        return Quantity(summed[0], summed[1], whole=False)
    exact = exact_value(source)
    if exact is not None:
        return Quantity(exact[0], _unit(exact[1], text), whole=False)
    found = NUMBER.search(source)
    if found is None:
        raise Unclear(f"no number in {text[:100]!r}")
    head, tail = source[: found.start()], source[found.end() :]
    joined = re.search(r"[^\W\d_\u3400-\u9fff]\Z", head) or _LETTER.search(head)
    if joined or _HEAD.fullmatch(head) is None or _NOT_BEFORE.search(head) or re.match(r"[\d.,]*\d", tail):
        raise Unclear(f"a bound or a denial: {text[:100]!r}")
    unsure = _UNSURE.match(tail)
    if unsure and _value(unsure[1]) > _MOST_UNSURE * abs(_value(found.group())):
        raise Unclear(f"too wide a range: {text[:100]!r}")
    unit = _unit(tail[unsure.end() :] if unsure else tail, text)
    return Quantity(_value(found.group()), unit, re.fullmatch(r"[+-]?[\d,]+", found.group()) is not None)


def _value(text: str) -> float:
    shown = text.removeprefix("+")
    shown = re.sub(r"\A(-?)10\s?\^", r"\g<1>1*10^", shown)
    try:
        number = read_number(shown)
        if number is None:
            raise Unclear(f"no number: {text[:60]!r}")
        return float(number.value)
    except (TooLarge, OverflowError, ZeroDivisionError) as error:
        raise Unclear(f"too large a number: {text[:60]!r}") from error


def _unit(tail: str, text: str) -> "Unit | None":
    """The longest run of first words that is a unit; what follows must not go on with it or with figures."""
    words = re.findall(r"\S+\s*", tail.strip())[:_MOST_WORDS]
    for many in range(len(words), 0, -1):
        head = "".join(words[:many]).strip(" .,;:")
        rest = tail.strip()[len("".join(words[:many])) :]
        # The `in` of `5 km in total` is no inch.
        if many > 1 and re.search(r"\s(?:in|a|as|at)\Z", head):
            continue
        try:
            unit = read_unit(head) if head else None
        except Unclear:
            continue
        if _NOT_AFTER.search(rest):
            break
        return unit
    if words:
        raise Unclear(f"no unit we know in {text[:100]!r}")
    return None


def _agreeing(one: Quantity, other: Quantity, text: str) -> Quantity:
    """`5 m (500 cm)`: one quantity, written twice."""
    if one.unit is not None and other.unit is not None:
        a, b = (registry().Quantity(each.value, each.unit) for each in (one, other))
        if a.check(b.dimensionality) and _near(float(b.to(a.units).magnitude), one.value):
            return one
    elif _near(one.value, other.value):
        return other if one.unit is None else one
    raise Unclear(f"two quantities in {text[:100]!r}")


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 0.02 * abs(other)
