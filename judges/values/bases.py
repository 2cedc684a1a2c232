"""Whole numbers that name their base, as `101_2`."""

import re

_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_WORDS |= {"twelve": 12, "sixteen": 16}
_BASE = rf"\(?\s*(?P<{{}}>\d{{{{1,2}}}}|{'|'.join(_WORDS)})\s*\)?"
_BASED = re.compile(
    r"\(?\s*([0-9A-Za-z]+)\s*\)?\s*"
    rf"(?:_\s*\{{?\s*{_BASE.format('below')}\s*\}}?|\(?\s*(?:in )?base\s+{_BASE.format('beside')})"
)
Based = tuple[str, int]


def read_based(text: str) -> Based | None:
    """Digits and base; None for anything else, such as a letter with an index."""
    found = _BASED.fullmatch(text)
    if found is None:
        return None
    digits, told = found[1].upper(), found["below"] or found["beside"]
    base = _WORDS.get(told) or int(told)
    if not (any(map(str.isdigit, digits)) or found[1].isupper()) or _value(digits, base) is None:
        return None
    return digits, base


def same_based(gold: str, answer: str) -> bool | None:
    """Are two texts, of which one names a base, the same number in the same base?

    A base that the answer leaves out was asked for; one that it adds may mean another number, so None.
    """
    one, other = read_based(gold), read_based(answer)
    if one and other:
        return one[1] == other[1] and _value(*one) == _value(*other)
    (digits, base), bare = (one, answer) if one else (other or ("", 10), gold)
    plain = _value(bare.strip(), base)
    if plain is not None and plain == _value(digits, base):
        return True if one or base == 10 else None
    decimal = _value(bare.strip(), 10)
    return None if decimal is None or decimal == _value(digits, base) else False


def _value(digits: str, base: int) -> int | None:
    try:
        return int(digits, base) if base > 1 else None
    except ValueError:
        return None
