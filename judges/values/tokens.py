"""Signs of an expression: numbers exactly, commands, letters one by one."""

import re
from fractions import Fraction

MOST_CHARS, _MOST_TOKENS = 600, 400
_BARS = {"\\lvert": "|", "\\rvert": "|", "\\vert": "|", "\\mid": "|"}
_TOKEN = re.compile(
    r"\s*(?:(?P<repeat>\d*\.\d*)\\(?:overline|bar|dot)\s*(?:\{\s*(?P<period>\d+)\s*\}|(?P<one>\d))"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<command>\\(?:[a-zA-Z]+|[{}|]))|(?P<word>[a-zA-Z]+)"
    r"|(?P<sign>[-+*/^_!(){}\[\]|°'√÷]|(?P<greek>[α-ωϑϕΓ-Ω])))"
)
_NAMES = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "o", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi",
    "omega",
]  # fmt: skip
_GREEK = {letter: f"\\{name}" for letter, name in zip("αβγδεζηθικλμνξοπρςστυφχψω", _NAMES, strict=True)}
_GREEK |= {letter.upper(): "\\" + name[1:].capitalize() for letter, name in _GREEK.items() if letter != "ς"}
_GREEK |= {"ϑ": "\\theta", "ϕ": "\\phi"}
_DRAWN = {f"\\var{name}": f"\\{name}" for name in ("epsilon", "theta", "phi")}
FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "ln",
        "log",
        "exp",
        "sqrt",
        "lg",
    ]
)


class Unreadable(ValueError):
    """The text is no expression, or one that is too long, too deep, or holds what has no value here."""


def repeating(text: str, period: str) -> Fraction:
    """`0.1` and `6` are 1/6."""
    whole, _, decimals = text.partition(".")
    scale = 10 ** len(decimals)
    nines = scale * (10 ** len(period) - 1)
    return Fraction(int(whole + decimals or "0"), scale) + Fraction(int(period), nines)


def tokens(text: str) -> list[str | Fraction]:
    """All of them. Raises Unreadable where there is something else, or too many."""
    if len(text) > MOST_CHARS:
        raise Unreadable("too long")
    found: list[str | Fraction] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or len(found) >= _MOST_TOKENS:
            raise Unreadable(f"at {at}")
        at = match.end()
        if match["repeat"] is not None:
            found.append(repeating(match["repeat"], match["period"] or match["one"]))
        elif match["number"]:
            found.append(Fraction(match["number"]))
        elif match["word"]:
            found += _letters(match["word"])
        else:
            token = match["command"] or match["sign"]
            token = _GREEK.get(token, token)
            found.append(_BARS.get(token, _DRAWN.get(token, token)))
    return found


def _letters(word: str) -> list[str]:
    if word in FUNCTIONS or word in ("pi", "infty"):
        return [f"\\{word}"]
    if len(word) > 3:
        raise Unreadable(word)
    return list(word)
