"""Symbolic comparison: math-verify behind guards, for what exact reading does not decide."""

import logging
import re
from typing import Any

import sympy
from math_verify import LatexExtractionConfig, parse, verify

MOST_CHARS = 300
_HUGE = re.compile(r"\^\s*\{?\s*-?\d{4,}|\d{5,}\s*!|\^[^^]{0,20}\^[^^]{0,20}\^|\d{400,}")
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
# Digits beside digits, with a base below or a bar above: the parser would add, drop and multiply these.
_TORN = re.compile(r"(?<![_\d])\d+\s+\d|\d\s*_|\d\s*x\s*\d|\\(?:overline|bar|dot)\s*\{?\s*\d")
# What it would read as products of letters, or not at all as it is meant.
_NO_MATHS = re.compile(
    r"[:?<>;|~]|\d\s*'|\\(?:pm|mp|dots|ne|le|ge|approx|begin|det)(?![a-zA-Z])|(?<![\\a-zA-Z])(?!sqrt|infty)[a-zA-Z]{4,}"
)
# Towers, factorials of factorials, and long sums of what grows take it minutes.
_GROWING = re.compile(
    r"!\s*[)}]*\s*!|\^\s*\{[^{}]{0,40}(?:\\cdot|\\times|\*|!|\^)|\\binom\s*\{\s*\d{4,}|\\(?:sum|prod)[^!]*!"
    r"|\\prod.*\d{3}|\\sum.*(?:\d{3}.*\^|\^.*\d{3}.*\^)|\^\s*\{?\s*\d{3,}.*\\(?:gcd|lcm|b?mod|max|min)"
    r"|\\(?:gcd|lcm|b?mod|max|min).*\^\s*\{?\s*\d{3,}"
)
# Of letters it makes numbers, and of what it does not know anything.
_LETTERED = re.compile(r"\\(?:gcd|lcm|b?mod|pmod)(?![a-zA-Z]).*?(?<![\\a-zA-Z])[a-zA-Z]")
_ENDLESS = re.compile(r"\A(?!.*\\(?:lim|sum|prod|int)).*\\infty")
_KNOWN = frozenset({
    "frac", "sqrt", "pi", "infty", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos",
    "arctan", "sinh", "cosh", "tanh", "ln", "log", "lg", "exp", "cdot", "times", "div", "ast", "sum",
    "prod", "int", "lim", "to", "gcd", "lcm", "max", "min", "binom", "circ", "in", "cup", "cap",
    "setminus", "mathbb", "emptyset", "varnothing", "forall", "angle", "deg", "alpha", "beta", "gamma",
    "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "ell", "overline",
    "bar", "hat", "vec", "partial", "prime", "nabla", "lfloor", "rfloor", "lceil", "rceil", "lvert",
    "rvert", "vert", "mid", "land", "lor", "neg", "equiv", "Re", "Im",
})  # fmt: skip
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
# An index of an index of an index, and brackets within brackets, cost the parser twice as much each.
_TANGLED = re.compile(r"_.{0,4}_.{0,4}_|[({\[][\s({\[]{6}|'.{0,4}'.{0,4}'")
_MOST_DEPTH = 12
_GUARDS = (_TANGLED, _HUGE, _TORN, _NO_MATHS, _GROWING, _LETTERED, _ENDLESS)
_DIGITS = 60
# It logs every text that it cannot read, which is told here by returning None.
logging.getLogger("math_verify").setLevel(logging.CRITICAL)


def symbolically_equal(gold: str, answer: str) -> bool | None:
    """Are two plain mathematical texts equal? None where one of them cannot be read, or is too large."""
    texts = gold, answer
    if any(len(text) > MOST_CHARS or any(guard.search(text) for guard in _GUARDS) for text in texts):
        return None
    if any(_depth(text) > _MOST_DEPTH for text in texts):
        return None
    if not _KNOWN.issuperset(_COMMAND.findall(gold + answer)):
        return None
    try:
        return _equal(gold, answer)
    # What is no expression, as 10 \mod 11, is compared by operators that it does not have.
    except (TypeError, ValueError, AttributeError, RecursionError, ArithmeticError):
        return None


def _depth(text: str) -> int:
    """Of brackets in brackets; beyond all bounds where one is not closed."""
    depth = most = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        most = max(most, depth)
        if depth < 0:
            break
    return _MOST_DEPTH + 1 if depth else most


def _equal(gold: str, answer: str) -> bool | None:
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
