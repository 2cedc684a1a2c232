"""What may be kept: values that JSON has a form for, and that every reader takes back as they were."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

MOST_DEPTH = 150
"""Levels of nesting; readers of JSON stop at some number of them, pydantic's at 200."""

_NESTED, _PLAIN = (dict, list, tuple, Mapping), (bool, int, float, type(None))


def writable(value: Any) -> Any:
    """The same value. Raises ValueError, with the keys that lead there, for what would not survive.

    That is text with a NUL byte or half a character, a number that is not finite, nesting deeper than
    MOST_DEPTH, and whatever JSON has no form for: a Parquet row may hold a date, bytes or a decimal.
    """
    _look(value, MOST_DEPTH)
    return value


def _look(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _look_at_text(value)
    elif isinstance(value, _NESTED):
        if not depth:
            raise ValueError(f"nested deeper than {MOST_DEPTH} levels")
        _look_inside(value, depth - 1)
    elif isinstance(value, float) and not isfinite(value):
        raise ValueError(f"holds {value}, which is no JSON number; write it as text, or a number below 1e308")
    elif not isinstance(value, _PLAIN):
        raise ValueError(f"holds a {type(value).__name__}, which JSON has no form for")


def _look_at_text(text: str) -> None:
    if "\x00" in text:
        raise ValueError("holds a NUL byte")
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds a lone surrogate, which is no character; leave it out") from None


def _look_inside(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> None:
    if not isinstance(value, Mapping):
        for item in value:
            _look(item, depth)
        return
    for key, item in value.items():
        _look(key, depth)
        try:
            if type(item) is str:
                _look_at_text(item)
            else:
                _look(item, depth)
        except ValueError as error:
            raise ValueError(f"{str(key)[:80]}: {error}"[:300]) from None
