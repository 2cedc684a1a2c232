"""Other spellings of an answer, and answers close by that are wrong: both so by construction."""

import re
from fractions import Fraction
from itertools import islice

from judges.values.clocks import read_clock
from judges.values.expressions import read_tree
from judges.values.lists import PLUS_MINUS, List, read_list, read_matrix
from judges.values.numbers import Number, TooLarge, read_number
from judges.values.plain import plain
from judges.values.ranges import is_range, read_range
from judges.values.ratios import read_ratio

_RELATION = re.compile(r"<=|>=|\\[lg]e(?![a-z])|[<>]")
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "\\le": "\\ge", "\\ge": "\\le"}
_LOOSER = {"<": "\\le", ">": "\\ge", "<=": "<", ">=": ">", "\\le": "<", "\\ge": ">"}
_BOUNDS = re.compile(r"([(\[])([^()\[\]]+),([^()\[\]]+)([)\]])")
_WORDS = re.compile(r"[^\W\d_]{2,}(?:[\s'’-]+[^\W\d_]+)*")
_CHOICE = re.compile(r"\(?([A-J])\)?")
_EQUATION = re.compile(r"[^=<>\\]+=[^=<>]+")
_NO_MATHS = re.compile(
    r"=|/\s*0|(?<![\\a-zA-Z])[a-zA-Z]{2,}|[\u2e80-\u9fff]|[^\W\d_]\s*!\s*\Z|\s[a-zA-Z]\b|\d[a-zA-Z]\d|\A\([A-J]\)\s"
)
_MOST = 6


def others(answer: str) -> list[str]:
    """A few spellings of the same answer; the answer itself is the first."""
    text = plain(answer)
    try:
        number = read_number(text)
    except TooLarge:
        return [answer]
    if number is not None:
        return [answer, *_spellings(number)]
    listed = read_list(text)
    found = [answer, *_respaced(listed)] if listed else [answer]
    if is_range(text) and (found_bounds := _BOUNDS.fullmatch(text)) and read_range(text):
        found += _inequality(*found_bounds.groups())
    elif not listed and not is_range(text) and _is_expression(text):
        found += [f"\\left({text}\\right)", f"{text} + 0"]
    return found


def misses(answer: str, rounded: bool = False) -> list[str]:
    """Answers of the same kind that are wrong: another number, order, bound, sign, entry, hour or word.

    `rounded`: none that rounding could hide.
    """
    text = plain(answer)
    try:
        number = read_number(text)
    except TooLarge:
        return []
    if number is not None:
        return _numbers_beside(number)[: 4 if rounded else None]
    for reader in (_beside_clock, _beside_range, _beside_matrix, _beside_list, _beside_ratio, _beside_words):
        found = reader(text)
        if found:
            return list(islice(dict.fromkeys(found), _MOST))
    if _EQUATION.fullmatch(text):
        return [f"{text} + 1", f"{text} - 2"]
    if PLUS_MINUS.search(text) or not _is_expression(text):
        return []
    if rounded:
        return [f"{text} + 1"]
    return [f"{text} + 1", f"{text} - \\frac{{1}}{{1000}}", f"{text} + 10^{{-9}}"]


def _is_expression(text: str) -> bool:
    """Mathematics without words or units, which a sign after it would fall upon."""
    return len(text) > 1 and not _NO_MATHS.search(text) and read_tree(text) is not None


def _spellings(number: Number) -> list[str]:
    value, unit = number.value, "\\%" if number.percent else ""
    if number.factor != 1 or (number.unit and not number.percent):
        return []
    top, bottom = value.numerator, value.denominator
    found = [f"{top}{unit}", f"{top:,}{unit}", f"{top}.0{unit}"] if bottom == 1 else []
    if bottom > 1 and not unit:
        found.append(f"{'-' if top < 0 else ''}\\frac{{{abs(top)}}}{{{bottom}}}")
        found.append(f"{top}/{bottom}")
    decimals = _decimals(value)
    return [*found, f"{decimals}{unit}"] if decimals else found


def _decimals(value: Fraction) -> str | None:
    """As a finite decimal of at most twelve figures behind the point."""
    scaled = value * 10**12
    if scaled.denominator > 1 or value.denominator == 1 or abs(value) > 10**12:
        return None
    whole, rest = divmod(abs(int(scaled)), 10**12)
    return f"{'-' if value < 0 else ''}{whole}.{rest:012d}".rstrip("0")


def _respaced(listed: List) -> list[str]:
    items = listed.items[::-1] if listed.brackets == "{}" else listed.items
    # p ∧ q is no list, and the rule of a set no item of it.
    if listed.names or listed.options or listed.joint or "\\mid" in "".join(items) or not all(items):
        return []
    left, right = (listed.brackets[0], listed.brackets[1]) if listed.brackets else ("", "")
    if left == "{":
        left, right = "\\{", "\\}"
    return [f"{left} {' , '.join(items)} {right}".strip()]


def _inequality(opening: str, low: str, high: str, closing: str) -> list[str]:
    faces = ["<" if opening == "(" else r"\le", "<" if closing == ")" else r"\le"]
    first = "" if "infty" in low else f"{low.strip()} {faces[0]} "
    last = "" if "infty" in high else f" {faces[1]} {high.strip()}"
    return [f"{first}x{last}"] if first or last else []


def _numbers_beside(number: Number) -> list[str]:
    value, unit = number.value, "\\%" if number.percent else ""
    near = [value + 1, value - 1, value * 10 + 1, -value]
    if value.denominator > 1:
        near += [1 / value, Fraction(value.numerator + 1, value.denominator)]
    return [f"{each}{unit}" for each in dict.fromkeys(near) if each != value]


def _beside_clock(text: str) -> list[str]:
    clock = read_clock(text)
    if clock is None or not clock.half:
        return []
    face = f"{clock.face // 3600}:{clock.face // 60 % 60:02d}"
    later = f"{clock.face // 3600}:{(clock.face // 60 + 7) % 60:02d}"
    half = "am" if clock.half == "p" else "pm"
    return [f"{face} {half}", f"{later} {'am' if clock.half == 'a' else 'pm'}"]


def _beside_range(text: str) -> list[str]:
    if not is_range(text) or not read_range(text):
        return []
    signs = list(_RELATION.finditer(text))
    if len(signs) == 1:
        at = signs[0]
        return [f"{text[: at.start()]} {by[at[0]]} {text[at.end() :]}" for by in (_TURNED, _LOOSER)]
    bounds = list(_BOUNDS.finditer(text))
    return [_other_bound(text, each) for each in bounds if "infty" not in each[2] + each[3]] or [
        _other_bound(text, each) for each in bounds if not ("infty" in each[2] and "infty" in each[3])
    ]


def _other_bound(text: str, bounds: re.Match[str]) -> str:
    """With one finite end open where it was closed, or the other way round."""
    opening, low, high, closing = bounds.groups()
    if "infty" in low:
        closing = ")" if closing == "]" else "]"
    else:
        opening = "(" if opening == "[" else "["
    return f"{text[: bounds.start()]}{opening}{low},{high}{closing}{text[bounds.end() :]}"


def _beside_matrix(text: str) -> list[str]:
    rows = read_matrix(text)
    if not rows:
        return []
    changed = [[f"{rows[0][0]} + 1", *rows[0][1:]], *rows[1:]]
    return [_matrix(changed), _matrix([*rows, rows[0]])]


def _matrix(rows: list[list[str]]) -> str:
    return "\\begin{pmatrix} " + " \\\\ ".join(" & ".join(row) for row in rows) + " \\end{pmatrix}"


def _beside_list(text: str) -> list[str]:
    listed = read_list(text)
    if listed is None or listed.names or listed.options or not listed.brackets:
        items = listed.items if listed and not listed.names and not listed.options else []
        return [", ".join([*items, "7919"]), ", ".join([*items, "7919", "7927"])] if items else []
    left, right = ("\\{", "\\}") if listed.brackets == "{}" else (listed.brackets[0], listed.brackets[1])
    items = listed.items
    found = [[*items, "7919"], [*items[:-1], "7919"]]
    if all(read_number(item) is None for item in items):
        return [f"{left}{', '.join(each)}{right}" for each in found]
    values = [number.value if (number := read_number(item)) else None for item in items]
    if listed.brackets != "{}" and None not in values and values != values[::-1]:
        found.append(items[::-1])
    if len(items) > 2 and len(set(values)) == len(values):
        found.append(items[:-1])
    return [f"{left}{', '.join(each)}{right}" for each in found if "7919" not in items]


def _beside_ratio(text: str) -> list[str]:
    ratio = read_ratio(text)
    if ratio is None or ":" not in text:
        return []
    parts = text.split(":")
    swapped = [":".join(parts[::-1])] if ratio[0] not in (ratio[-1], -ratio[-1]) else []
    return [*swapped, f"{text}:7919"]


def _beside_words(text: str) -> list[str]:
    choice = _CHOICE.fullmatch(text)
    if choice:
        return [chr((ord(choice[1]) - 64) % 10 + 65)]
    return [f"not {text}", f"{text} or {text[::-1]}"] if _WORDS.fullmatch(text) else []
