"""Compare what a function returned, or a program printed, with what it should have: by type and value."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest
from typing import Any

_SHOWN = 200


def same_output(wanted: Any, got: Any, relative: float, absolute: float = 0.0, loose: bool = False) -> bool:
    """Is `got`, plain data of Python, the JSON value `wanted`?

    JSON has lists only, so a tuple counts as a list; a set does not. True and 1 differ; 1 and 1.0 do not.
    Where a float is wanted they may differ by the tolerances, and with `loose` where a whole number is and a
    float comes. Keys of a dictionary count as JSON writes them. NaN equals nothing.
    """
    if isinstance(wanted, bool) or isinstance(got, bool) or wanted is None or got is None:
        return wanted is got
    if isinstance(wanted, int | float) and isinstance(got, int | float | Fraction | Decimal):
        return _same_number(wanted, got, relative, absolute, loose)
    if isinstance(wanted, list) and isinstance(got, list | tuple):
        pairs = zip(wanted, got, strict=False)
        return len(wanted) == len(got) and all(same_output(w, g, relative, absolute, loose) for w, g in pairs)
    if isinstance(wanted, dict) and isinstance(got, dict):
        named = {_key(key): value for key, value in got.items()}
        return (
            len(named) == len(got)
            and named.keys() == wanted.keys()
            and all(same_output(wanted[key], named[key], relative, absolute, loose) for key in wanted)
        )
    return isinstance(wanted, str) and isinstance(got, str) and wanted == got


def _same_number(
    wanted: float, got: float | Fraction | Decimal, relative: float, absolute: float, loose: bool
) -> bool:
    """Whole numbers exactly: 1 is 1.0, and 3000000000 is not 3000000002.0."""
    try:
        if wanted == got:
            return True
        if isinstance(wanted, int) and (isinstance(got, int) or not loose):
            return False
        return math.isclose(wanted, float(got), rel_tol=relative, abs_tol=absolute)
    except (ArithmeticError, ValueError):  # too large for a float, or a signalling NaN
        return False


def same_print(wanted: str, got: str, tolerance: float) -> bool:
    """Is it the same text, line by line?

    Space at the end of lines and empty lines at the end do not count; with a tolerance, decimal fractions
    may differ by it.
    """
    pairs = list(zip_longest(_lines(wanted), _lines(got)))
    return all(a is not None and b is not None and _same_line(a, b, tolerance) for a, b in pairs)


def shown(value: Any) -> str:
    """A short text of a value."""
    try:
        text = repr(value)
    except ValueError:  # an integer too long to be written
        return "a giant number"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _key(key: Any) -> Any:
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    try:
        return repr(key) if isinstance(key, int | float) else key
    except ValueError:  # an integer too long to be written
        return None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]


def _same_line(wanted: str, got: str, tolerance: float) -> bool:
    if wanted == got or not tolerance:
        return wanted == got
    pairs = list(zip_longest(wanted.split(), got.split()))
    return all(a is not None and b is not None and _same_word(a, b, tolerance) for a, b in pairs)


def _same_word(wanted: str, got: str, tolerance: float) -> bool:
    if wanted == got:
        return True
    if not any(mark in wanted for mark in ".eE") or len(wanted) > 40 or len(got) > 40:
        return False
    try:
        return math.isclose(float(wanted), float(got), rel_tol=tolerance, abs_tol=tolerance)
    except ValueError:
        return False
