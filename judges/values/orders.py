"""Chains of inequalities between several values: `c < a < b` is `b > a > c`."""

import re

from judges.values.bundles import Same, Told

_RELATION = re.compile(r"\s*(<=|>=|<|>|\\(?:le|ge|lt|gt|leqslant|geqslant)(?![a-zA-Z]))\s*")
_STRICT = {"<": True, ">": True, "\\lt": True, "\\gt": True}
_RISING = frozenset({"<", "<=", "\\lt", "\\le", "\\leqslant"})
_LETTER = re.compile(r"[a-zA-Z](?:_\{?\w\}?)?")
_MOST_CHARS, _LEAST, _MOST = 200, 3, 12


def same_order(gold: str, answer: str, same: Same) -> Told:
    """`other` where one of them is no chain of at least three; false only of the same letters."""
    one, two = _chain(gold), _chain(answer)
    if one is None or two is None:
        return "other"
    if len(one[0]) == len(two[0]) and one[1] == two[1]:
        told = [same(mine, theirs) for mine, theirs in zip(one[0], two[0], strict=True)]
        if all(told):
            return True
    lettered = all(_LETTER.fullmatch(part) for part in (*one[0], *two[0]))
    return False if lettered and sorted(one[0]) == sorted(two[0]) else "other"


def _chain(text: str) -> tuple[list[str], list[bool]] | None:
    """The parts from the least to the greatest, and which steps are strict; with one letter it is a range."""
    sides = _RELATION.split(text) if len(text) <= _MOST_CHARS else []
    parts, signs = [side.strip() for side in sides[::2]], sides[1::2]
    rising = {sign in _RISING for sign in signs}
    letters = {part for part in parts if _LETTER.fullmatch(part)}
    if not _LEAST <= len(parts) <= _MOST or len(rising) != 1 or not all(parts) or len(letters) < _LEAST - 1:
        return None
    strict = [sign in _STRICT for sign in signs]
    return (parts, strict) if rising.pop() else (parts[::-1], strict[::-1])
