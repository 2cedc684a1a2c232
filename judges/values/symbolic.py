"""Symbolic comparison: math-verify behind guards, for what exact reading does not decide."""

import re

MOST_CHARS = 300
_HUGE = re.compile(r"\^\s*\{?\s*-?\d{4,}|\d{5,}\s*!|\^[^^]{0,20}\^[^^]{0,20}\^|\d{400,}")
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


def symbolically_equal(gold: str, answer: str) -> bool | None:
    """Are two plain mathematical texts equal? None where one of them cannot be read, or is too large."""
    texts = gold, answer
    if any(len(text) > MOST_CHARS or any(guard.search(text) for guard in _GUARDS) for text in texts):
        return None
    if any(_depth(text) > _MOST_DEPTH for text in texts):
        return None
    if not _KNOWN.issuperset(_COMMAND.findall(gold + answer)):
        return None
    # A third of a second, which most runs and most commands never need.
    from judges.values.algebra import equal  # noqa: PLC0415

    try:
        return equal(gold, answer)
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
