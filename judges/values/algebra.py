"""Equality of expressions as math-verify and sympy see it, of texts that `symbolic` lets through."""

import logging
import re
from typing import Any

import sympy
from math_verify import LatexExtractionConfig, parse, verify

_PLAIN = [
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"(?:(?<!\\)\bsqrt|√)\s*\(([^()]*)\)"), r"\\sqrt{\1}"),
    (re.compile(r"√\s*(\w+)"), r"\\sqrt{\1}"),
    (re.compile(r"(?<![\\a-zA-Z])(pi|infty|sin|cos|tan|ln|log|exp)(?![a-zA-Z])"), r"\\\1 "),
    (re.compile(r"\^\(([^()]*)\)"), r"^{\1}"),
    (re.compile(r"\*"), r" \\cdot "),
]
# Read as text, since a float is another number than the one that stands there.
_DECIMAL = re.compile(r"(?<![\d.])(\d*)\.(\d+)(?![\d.(]|\s*\\?%|\s*\\(?:overline|bar|dot))")
_DIGITS = 60
# It logs every text that it cannot read, which is told here by returning None.
logging.getLogger("math_verify").setLevel(logging.CRITICAL)


def equal(gold: str, answer: str) -> bool | None:
    """Whether both are one expression, None where one is none. Raises what its libraries raise."""
    one, other = _read(gold), _read(answer)
    if one is None or other is None:
        return None
    exact = _constants_equal(one, other)
    if exact is not None:
        return exact
    if isinstance(one, sympy.Basic) != isinstance(other, sympy.Basic):
        return False
    # Its alarms work in the main thread only, and workers have limits of their own.
    return bool(verify(one, other, timeout_seconds=None, raise_on_error=True))


def _read(text: str) -> Any | None:
    latex = _DECIMAL.sub(lambda found: _fraction(*found.groups()), text)
    for pattern, by in _PLAIN:
        latex = pattern.sub(by, latex)
    found = parse(
        f"${latex}$",
        [LatexExtractionConfig()],
        fallback_mode="no_fallback",
        parsing_timeout=None,
        raise_on_error=True,
    )
    return _with_unit_i(found[0]) if found else None


def _fraction(whole: str, decimals: str) -> str:
    return rf"{{\frac{{{int(whole + decimals)}}}{{{10 ** len(decimals)}}}}}"


def _with_unit_i(read: Any) -> Any:
    """The parser reads `i` as a letter; where it is the only one, it is the imaginary unit."""
    letters = read.free_symbols if isinstance(read, sympy.Expr) else set()
    if {letter.name for letter in letters} != {"i"}:
        return read
    return read.subs(dict.fromkeys(letters, sympy.I))


def _constants_equal(one: Any, other: Any) -> bool | None:
    """Two closed expressions by value, to far more digits than math-verify, which equates tiny numbers."""
    if not all(isinstance(each, sympy.Expr) and not each.free_symbols for each in (one, other)):
        return None
    if one == other:
        return True
    left, right = sympy.N(one, _DIGITS), sympy.N(other, _DIGITS)
    if not (left.is_number and right.is_number and left.is_finite and right.is_finite):
        return None
    return bool(abs(left - right) <= max(abs(left), abs(right)) * sympy.Float(10) ** (10 - _DIGITS))
