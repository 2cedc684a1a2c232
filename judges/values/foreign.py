"""Spellings of a number that are only clear beside the gold answer: a decimal comma, a unit set in TeX."""

import re

from judges.values.numbers import read_number

# No thousands group has one, two or four figures, or a zero before it; a list has a space after its comma.
_COMMA = re.compile(
    r"(?P<money>[€$£]\s?)?(?P<whole>[+-]?(?:0(?=,)|\d{1,3}(?P<groups>(?:\.\d{3}){1,9})(?=,\d\d?(?!\d))"
    r"|\d{1,12}(?=,(?:\d\d?|\d{4,12})(?!\d)))),(?P<rest>\d{1,12})"
    r"(?P<unit>\s?[^\W\d_][^\d,;:=]{0,40}|\s?[%€°][^\d,;:=]{0,40})?"
)
_PREFIXED = r"(?:[kmnpMGT\u00b5\u03bc])?(?:m|g|s|A|K|C|N|J|W|V|F|T|H|Hz|Pa|eV|mol|rad|L|\u03a9)"
_POWER = r"(?:\^\s?\{?-?\d\}?|[\u00b2\u00b3])?"
_UNIT = rf"{_PREFIXED}{_POWER}(?:\s?(?:/|\\cdot|\u00b7|\*|\s)\s?{_PREFIXED}{_POWER}){{0,4}}"
_SPACE = r"(?:\s|~|\\[,;:! ]){0,6}"
_UPRIGHT = re.compile(
    r"(?P<value>\$?[+-]?\d[\d.]{0,30}(?:\s?(?:\\times|\\cdot|×|·|\*)\s?10\s?\^\s?\{?\s?[+-]?\d{1,4}\s?\}?)?)"
    rf"{_SPACE}\\(?:mathrm|text|textrm|rm)\s?\{{\s?(?P<unit>{_UNIT})\s?\}}(?P<end>\$?)"
)


def with_point(gold: str, answer: str) -> tuple[str, bool]:
    """The answer `3,5 km` as `3.5 km` where the gold is one number that is not whole, and whether it is sure.

    `1.234,50` is read beside a whole gold too. A bare `3,50` may be two numbers; what has a unit or begins
    with zero is one.
    """
    if "," not in answer or (found := _COMMA.fullmatch(answer)) is None:
        return answer, True
    wanted = read_number(gold)
    if wanted is None or (wanted.value.denominator == 1 and not found["groups"]):
        return answer, True
    money, unit = found["money"] or "", found["unit"] or ""
    sure = bool(money or unit) or found["whole"].lstrip("+-") == "0"
    return f"{money}{found['whole'].replace('.', '')}.{found['rest']}{unit}", sure


def without_symbol(gold: str, answer: str) -> str:
    r"""The answer `1.6 \cdot 10^{-19}\ \mathrm{C}` without its unit, where the gold is a bare number."""
    if "{" not in answer or (found := _UPRIGHT.fullmatch(answer.strip())) is None:
        return answer
    wanted = read_number(gold)
    # 5K may be five thousand.
    if found["unit"] == "K" and "^" not in found["value"]:
        return answer
    return answer if wanted is None or wanted.unit else found["value"] + found["end"]
