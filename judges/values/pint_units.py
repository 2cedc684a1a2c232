"""Units read by our own grammar; pint sees single names only, never a text of the model's."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from math import tau
from typing import TYPE_CHECKING

from judges.values.counts import Unclear

if TYPE_CHECKING:
    from pint import Unit, UnitRegistry

MOST_CHARS, MOST_NAMES, MOST_POWER = 120, 8, 12
_CHINESE = {
    "米": "m", "千米": "km", "公里": "km", "厘米": "cm", "毫米": "mm", "平方米": "m^2", "立方米": "m^3",
    "克": "g", "千克": "kg", "公斤": "kg", "吨": "tonne", "升": "L", "毫升": "mL", "天": "day",
    "秒": "s", "分钟": "min", "小时": "h", "牛": "N", "牛顿": "N", "焦耳": "J", "瓦": "W", "瓦特": "W",
    "伏": "V", "伏特": "V", "安培": "A", "欧姆": "ohm", "度": "degree", "摄氏度": "degC",
}  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_DEGREE = r"(?<![a-zA-Z])(?:degrees?|deg\.?)\s+|[°º]\s*"
_STEPS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (re.compile(r"[⁻⁰¹²³⁴-⁹]+"), lambda found: "^" + found[0].translate(_RAISED)),
    (re.compile(r"\\(?:cdot|times)(?![a-zA-Z])|[·⋅×∙]"), lambda _: "*"),
    (re.compile(r"\\mu(?![a-zA-Z])|[\u00b5\u03bc]"), lambda _: "µ"),
    (re.compile(r"\\(?:Omega|ohm)(?![a-zA-Z])|[\u2126\u03a9]"), lambda _: "ohm"),
    (re.compile(r"\\AA(?![a-zA-Z])|[\u212b\u00c5]"), lambda _: "angstrom"),
    (re.compile(r"\*\*"), lambda _: "^"),
    (re.compile(r"[\u3400-\u9fff]{1,4}"), lambda found: f" {_CHINESE.get(found[0], found[0])} "),
    (re.compile(r"\^\s*\{\s*([+-]?\d+)\s*\}"), lambda found: f"^{found[1]}"),
    (re.compile(rf"(?:{_DEGREE})(?:Celsius|C)(?![a-zA-Z])|℃", re.IGNORECASE), lambda _: " degC "),
    (re.compile(rf"(?:{_DEGREE})(?:Fahrenheit|F)(?![a-zA-Z])|℉", re.IGNORECASE), lambda _: " degF "),
    (re.compile(r"[°º]\s*K(?![a-zA-Z])"), lambda _: " K "),
    (re.compile(r"°|º"), lambda _: " degree "),
    (re.compile(r"\\?%|(?<![a-zA-Z])per\s+cent(?![a-zA-Z])"), lambda _: " percent "),
    (re.compile(r"\A\s*1\s*/\s*(?=[a-zA-Zµ(])"), lambda _: "/"),
    (re.compile(r"(?<![a-zA-Z])[kK]\s+ohm(?![a-zA-Z])"), lambda _: " kohm"),
    (re.compile(r"(?<![a-zA-Z])K(?=ohm)"), lambda _: "k"),
    (re.compile(r"(?<![a-zA-Z])([kMGmnpµ]?)Nm(?![a-zA-Z])"), lambda found: f" {found[1]}N*m "),
    (re.compile(r"(?<![a-zA-Z])N-m(?![a-zA-Z])"), lambda _: " N*m "),
    (re.compile(r"(?<![a-zA-Z])per(?![a-zA-Z])|\\,|\\frac"), lambda found: "/" if found[0] == "per" else " "),
]  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-zµ_]{1,30})\.?|(?P<power>[+-]?\d{1,2})(?![\d.])|(?P<sign>[*/()^-]))"
)
_SPELLED = {
    "sec": "second", "secs": "second", "hr": "hour", "hrs": "hour", "mins": "minute", "yr": "year",
    "yrs": "year", "lbs": "pound", "in": "inch", "kmh": "kph", "kmph": "kph", "cc": "cm**3", "Kg": "kg",
    "KG": "kg", "Km": "km", "KM": "km", "KJ": "kJ", "KW": "kW", "HZ": "Hz", "hz": "Hz", "Sec": "second",
    "celsius": "degC", "centigrade": "degC", "fahrenheit": "degF", "kelvins": "kelvin", "amps": "ampere",
    "metre": "meter", "litre": "liter", "wk": "week", "ohms": "ohm", "deg": "degree", "sqft": "ft**2",
    "mcg": "µg", "tonne": "metric_ton", "tonnes": "metric_ton", "hertz": "Hz", "gms": "gram", "cms": "cm",
    "mhz": "MHz", "ghz": "GHz", "khz": "kHz", "kwh": "kWh", "KWh": "kWh", "ev": "eV", "pa": "Pa",
    "kilohm": "kiloohm", "kilohms": "kiloohm", "megohm": "megaohm", "megohms": "megaohm",
    "kilo": "kilogram", "kilos": "kilogram", "kgs": "kg", "rev": "turn", "revs": "turn", "cycles": "turn",
    "revolution": "turn", "revolutions": "turn", "rotation": "turn", "rotations": "turn", "Ohm": "ohm",
    "Ns": "N*s", "Js": "J*s", "Vs": "V*s", "mol": "mole", "G": "si_gauss", "Gauss": "si_gauss",
    "gauss": "si_gauss", "kG": "kilosi_gauss", "mG": "millisi_gauss", "kilogauss": "kilosi_gauss",
    "cps": "turn/second", "bpm": "turn/minute",
}  # fmt: skip
_POWERS = {"squared": 2, "cubed": 3}
_FORE = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
# Cycles are not radians, though all are numbers to pint.
_KINDS = {
    "hertz": "cycle", "turn": "turn", "revolutions_per_minute": "turn", "radian": "angle", "degree": "angle",
    "arcminute": "angle", "arcsecond": "angle", "percent": "percent", "ppm": "percent",
}  # fmt: skip
_TEMPERATURES = frozenset({"degC", "degF", "degree_Celsius", "degree_Fahrenheit"})


@cache
def registry() -> "UnitRegistry[float]":
    """Ours alone, built where it is first needed; a gauss is a part of a tesla, as outside of CGS."""
    from pint import UnitRegistry  # noqa: PLC0415 - a fifth of a worker's start, and most answers have no unit

    ours: UnitRegistry[float] = UnitRegistry()
    ours.define("si_gauss = 1e-4 * tesla")
    return ours


@lru_cache(maxsize=1_024)
def _pint_error() -> type[Exception]:
    from pint.errors import PintError  # noqa: PLC0415 - as above

    return PintError


def read_unit(text: str) -> "Unit":
    """The unit that the whole text names; none at all is dimensionless.

    `a/b c` is a/(b c), as people write it. Raises Unclear for what is no unit, or beyond our bounds.
    """
    if len(text) > MOST_CHARS:
        raise Unclear(f"a unit of {len(text)} characters")
    flat = text
    for pattern, by in _STEPS:
        flat = pattern.sub(by, flat)
    factors = _factors(_tokens(flat, text), text)
    if len(factors) > MOST_NAMES or sum(abs(power) for _, power in factors) > MOST_POWER:
        raise Unclear(f"too long a unit: {text!r}")
    alone = [power for _, power in factors] == [1]
    unit = registry().Unit("dimensionless")
    for name, power in factors:
        unit = unit * _named(name, text, alone) ** power
    return registry().Unit(unit)


def converted(value: float, unit: "Unit", into: "Unit") -> float | None:
    """The value in another unit; None where the dimensions differ. Raises Unclear where it has no value."""
    if unit.dimensionality != into.dimensionality:
        return None
    try:
        return _per_turn(unit, into) * float(registry().Quantity(value, unit).to(into).magnitude)
    except (_pint_error(), ArithmeticError, ValueError) as error:
        raise Unclear(f"cannot convert {unit} into {into}") from error


def _per_turn(unit: "Unit", into: "Unit") -> float:
    """What pint's 2π to a turn must be multiplied with where the other side counts cycles, not radians.

    Raises Unclear for hertz against radians, and for an angle or a percentage against the other.
    """
    kinds = _kinds(unit), _kinds(into)
    for one, other in (kinds, kinds[::-1]):
        if ("cycle" in one and "angle" in other) or ("percent" in one and other & {"angle", "turn"}):
            raise Unclear(f"cannot convert {unit} into {into}")
    turned = "turn" in kinds[0], "turn" in kinds[1]
    if turned[0] == turned[1] or "angle" in kinds[0] | kinds[1]:
        return 1.0
    return 1 / tau if turned[0] else tau


def _kinds(unit: "Unit") -> set[str]:
    names = [name for name, _ in unit._units.items()]
    return {kind for name in names for end, kind in _KINDS.items() if name.endswith(end)}


def _tokens(flat: str, text: str) -> list[re.Match[str]]:
    found = []
    at = 0
    flat = flat.rstrip()
    while at < len(flat):
        token = _TOKEN.match(flat, at)
        if token is None:
            raise Unclear(f"no unit: {text!r}")
        found.append(token)
        at = token.end()
    return found


def _factors(tokens: list[re.Match[str]], text: str) -> list[tuple[str, int]]:
    """Names with their powers; those after a `/` are below, up to the next `*` or the end of a bracket."""
    made: list[tuple[str, int]] = []
    below, raised, open_, fore, depth = False, False, False, 1, 0
    for token in tokens:
        name, sign, power = token["name"], token["sign"], token["power"]
        if name and name.casefold() in _FORE:
            fore = _FORE[name.casefold()]
        elif name and name.casefold() in _POWERS and made:
            made[-1] = made[-1][0], made[-1][1] * _POWERS[name.casefold()]
        elif name:
            made.append((name, -fore if below else fore))
            fore = 1
        elif power and made and fore == 1 and (raised or not token.group()[0].isspace()):
            made[-1] = made[-1][0], made[-1][1] * int(power)
        elif sign == "/":
            below = True
        elif sign == "*" or sign == ")":
            below = below and depth > 0 and sign == "*"
        elif not (sign == "^" and made) and sign not in ("(", "-"):
            raise Unclear(f"no unit: {text!r}")
        depth += (sign == "(") - (sign == ")")
        raised, open_ = sign == "^", sign is not None and sign in "*/^-"
    if open_ or fore != 1 or depth:
        raise Unclear(f"no unit: {text!r}")
    return made


def _named(name: str, text: str, alone: bool) -> "Unit":
    """One name as pint knows it; a temperature among others is a difference of them."""
    spelled = _SPELLED.get(name) or _SPELLED.get(name.casefold() if len(name) > 3 else name) or name
    for each in (spelled, spelled.casefold()) if len(spelled) > 3 else (spelled,):
        try:
            shown = f"delta_{each}" if each in _TEMPERATURES and not alone else each
            return registry().Unit(shown)
        except (_pint_error(), ValueError, AttributeError, TypeError, KeyError):
            continue
    raise Unclear(f"no unit: {text!r}")
