"""Sets of real numbers, as intervals or as inequalities: `(3, \\infty)`, `x > 3`, `x \\ne 0`."""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from judges.values.equality import constant, factor_between
from judges.values.evaluate import Value, as_fraction, is_real, near, number, value
from judges.values.expressions import Node, read_tree
from judges.values.pieces import LINE, MOST_PIECES, Piece, Pieces, both, holds_something, merged, minus
from judges.values.plain import plain
from judges.values.tokens import Unreadable

_RELATION = re.compile(r"(<=|>=|=<|=>|<|>|\\(?:le|ge|lt|gt|ne|leqslant|geqslant)(?![a-zA-Z])|!=)")
_FACES = {"<=": "<=", "=<": "<=", "\\le": "<=", "\\leqslant": "<=", "<": "<", "\\lt": "<"}
_FACES |= {
    ">=": ">=",
    "=>": ">=",
    "\\ge": ">=",
    "\\geqslant": ">=",
    ">": ">",
    "\\gt": ">",
    "\\ne": "!=",
    "!=": "!=",
}
_CUP = re.compile(r"\\(?:big)?cup(?![a-zA-Z])|(?<=[)\]}])\s*U\s*(?=[(\[{])")
_IN = re.compile(r"\A[a-zA-Z](?:_\w)?\s*\\in(?![a-zA-Z])\s*(?=\S)")
_BUILDER = re.compile(
    r"\A\\?\{\s*([a-zA-Z])\s*(?:\\in\s*(?P<of>\S{1,20})\s*)?(?:\\mid|:|\|)(?P<rule>.*)\\?\}\Z"
)
_WITHOUT = re.compile(
    r"\A(.*?)\s*(?:\\(?:setminus|backslash)|(?<=R)\s*-"
    r"|\b(?:except|excluding|other than|apart from)\b(?: for)?)\s*(\S.*)\Z"
)
_REALS = re.compile(
    r"\\mathbb\s*\{?\s*R\s*\}?|\\R|全体实数|所有实数"
    r"|(?:all|any|every|the)(?: (?:the|set of))* real(?: number)?s?"
)
_REAL_LINE = re.compile(r"(?:[a-zA-Z] is )?(?:" + _REALS.pattern + ")", re.IGNORECASE)
_BOUNDS = re.compile(r"\A([(\[\]])(.*),(.*)([)\]\[])\Z", re.DOTALL)
_POINTS = re.compile(r"\A\\?\{(.*?)\\?\}\Z", re.DOTALL)
_INFINITE = re.compile(r"\A([+-]?)\s*(?:\\infty|infty|infinity|inf|oo)\Z", re.IGNORECASE)
_OR, _AND = (
    re.compile(r"\s*(?:\bor\b|\\lor(?![a-z])|或)\s*"),
    re.compile(r"\s*(?:\band\b|\\land(?![a-z])|,|且)\s*"),
)
_POINT_JOIN, _EQUALS = re.compile(r"\s*(?:,\s*and\b|,|\band\b|\bor\b)\s*"), re.compile(r"\A[a-zA-Z]\s*=\s*")
_ALONE = re.compile(r"[a-zA-Z]|\|\s*[a-zA-Z]\s*\|")
_MOST_CHARS = 300


def is_range(text: str) -> bool:
    """Is it written as inequalities or as a union, and not as a pair or as a list?"""
    marked = _RELATION.search(text) or _CUP.search(text) or _REALS.search(text) or "\\infty" in text
    return bool(marked or _IN.match(text) or _BUILDER.match(text)) or text[:1] == "]" or text[-1:] == "["


def read_range(text: str) -> Pieces | None:
    """The intervals in order, apart from each other; None where it is no such set, or a letter bounds it."""
    if len(text) > _MOST_CHARS:
        return None
    try:
        pieces = _set(text.strip())
    except (Unreadable, RecursionError):
        return None
    return None if pieces is None else merged(pieces)


def is_solved(text: str) -> bool:
    """Intervals, or a letter beside numbers; |x - 2| < 3 has still to be solved."""
    if _CUP.search(text) or not _RELATION.search(text):
        return True
    builder = _BUILDER.match(text)
    rule = builder["rule"] if builder else _IN.sub("", text)
    conditions = [part for option in _OR.split(rule) for part in _AND.split(option)]
    sides = [side.strip("\\{} ") for part in conditions for side in _RELATION.split(part)[::2]]
    return all(
        _ALONE.fullmatch(side) or (tree := read_tree(side)) is None or not tree.names for side in sides
    )


def turned_alike(gold: str, answer: str) -> bool | None:
    """Are two inequalities of several letters the same up to a factor? None where one is something else."""
    one, other = _RELATION.split(gold), _RELATION.split(answer)
    if len(one) != 3 or len(other) != 3:
        return None
    factor = factor_between((one[0], one[2]), (other[0], other[2]))
    if factor is None or not is_real(factor):
        return None
    faces = _FACES[one[1]], _FACES[other[1]]
    positive = number(factor).real > 0
    return bool(factor) and faces[0] == (faces[1] if positive else _turned(faces[1]))


def variable(text: str) -> str | None:
    """The letter that the set is of, where it is told."""
    if found := _IN.match(text):
        return found.group()[0]
    if found := _BUILDER.match(text):
        return str(found[1])
    trees = [read_tree(side) for side in _RELATION.split(text)[::2]]
    # Of `0 < x and x < 1` one side is no expression.
    names = {min(tree.names) for tree in trees if tree and len(tree.names) == 1}
    return names.pop() if len(names) == 1 and _RELATION.search(text) else None


def _set(text: str) -> Pieces | None:
    builder = _BUILDER.match(text)
    if builder:
        told = _conditions(builder["rule"].rstrip("\\ "))
        return (
            told if told is None or _REALS.fullmatch(builder["of"] or "\\R") else _whole(told, builder["of"])
        )
    bare = _IN.sub("", text)
    if _REAL_LINE.fullmatch(bare):
        return LINE
    without = _WITHOUT.match(bare)
    if without:
        line, holes = _set(without[1]), _set(plain(without[2])) or _points(without[2])
        return None if line is None or holes is None else minus(line, holes)
    parts = _CUP.split(bare)
    if len(parts) == 1 and _RELATION.search(bare):
        return _conditions(bare)
    found = [_interval(part.strip()) for part in parts[:MOST_PIECES]]
    return _joined(found) if len(parts) <= MOST_PIECES else None


def _points(text: str) -> Pieces | None:
    """`x = 1 and x = 2`, of words that leave them out, as the set of them."""
    return _interval("{" + ",".join(_EQUALS.sub("", plain(each)) for each in _POINT_JOIN.split(text)) + "}")


def _whole(told: Pieces, of: str) -> Pieces:
    """The whole numbers of bounded pieces, one by one. Raises Unreadable for too many, or another set."""
    if not re.fullmatch(r"\\mathbb\s*\{?\s*[ZN]\s*\}?|Z|N", of) or any(
        None in (each.low, each.high) for each in told
    ):
        raise Unreadable(of)
    found: list[Piece] = []
    for each in told:
        low, high = floor(as_fraction(each.low)), ceil(as_fraction(each.high))
        if high - low > MOST_PIECES or ("N" in of and low < 1):
            raise Unreadable(of)
        whole = [Fraction(at) for at in range(low, high + 1)]
        found += both((each,), tuple(Piece(at, True, at, True) for at in whole))
    return tuple(found)


def _joined(found: Sequence[Pieces | None]) -> Pieces | None:
    return None if None in found else tuple(piece for each in found if each for piece in each)


def _interval(text: str) -> Pieces | None:
    points = _POINTS.match(text)
    if points:
        read = [_point(each) for each in points[1].split(",")[:MOST_PIECES]]
        return tuple(Piece(each, True, each, True) for each in read)
    bounds = _BOUNDS.match(text)
    if not bounds:
        return None
    low, high = (None if _INFINITE.match(each.strip()) else _point(each) for each in bounds.group(2, 3))
    piece = Piece(low, bounds[1] == "[" and low is not None, high, bounds[4] == "]" and high is not None)
    signs = [
        found and found[1] for each in bounds.group(2, 3) if (found := _INFINITE.match(each.strip())) or True
    ]
    backwards = (low is None and signs[0] != "-") or (high is None and signs[1] == "-")
    return None if backwards or not holds_something(piece) else (piece,)


def _point(text: str) -> Value:
    told = constant(text.strip())
    if told is None or isinstance(told, complex) or _imaginary(told):
        raise Unreadable(text)
    return told


def _imaginary(told: Value) -> bool:
    return not isinstance(told, Fraction) and bool(getattr(told, "imag", 0))


def _conditions(text: str) -> Pieces | None:
    """`x < 2 or x > 3`; `1 < x` and `x ≠ 2`."""
    found: list[Pieces | None] = []
    for option in _OR.split(text)[:MOST_PIECES]:
        parts = [_chain(part) for part in _AND.split(option)[:MOST_PIECES]]
        if None in parts:
            return None
        all_of: Pieces = LINE
        for part in parts:
            all_of = both(all_of, part or ())
        # `x < 2, x > 3` lists what is possible.
        listed = not all_of and "," in option
        found.append(_joined(parts) if listed else all_of)
    return _joined(found)


def _chain(text: str) -> Pieces | None:
    sides = _RELATION.split(text)
    if len(sides) not in (3, 5):
        return None
    trees = [read_tree(side) for side in sides[::2]]
    names = frozenset(name for tree in trees if tree for name in tree.names)
    if None in trees or len(names) != 1:
        return None
    held: Pieces = LINE
    for at, sign in enumerate(sides[1::2]):
        left, right = trees[at], trees[at + 1]
        solved = _solve(left.root, _FACES[sign], right.root, next(iter(names))) if left and right else None
        if solved is None:
            return None
        held = both(held, solved)
    return held


def _solve(left: Node, sign: str, right: Node, name: str) -> Pieces | None:
    """Linear in the letter, or the absolute value of what is linear against a constant."""
    if right[:2] == ("fn", "abs"):
        left, right, sign = right, left, _turned(sign)
    if left[:2] == ("fn", "abs"):
        inner: Any = left[2]
        if sign in ("<", "<="):
            parts = _solve(inner, sign, right, name), _solve(inner, _turned(sign), ("neg", right), name)
            return None if None in parts else both(parts[0] or (), parts[1] or ())
        return _joined([_solve(inner, sign, right, name), _solve(inner, _turned(sign), ("neg", right), name)])
    gap: Node = ("sub", left, right)
    zero, one, two, far = (value(gap, {name: Fraction(at)}, 60) for at in (0, 1, 2, 7))
    slope = number(one) - number(zero) if not _exact(zero, one) else one - zero
    if (
        not slope
        or not near(number(two) - number(one), slope)
        or not near(number(far) - number(two), 5 * number(slope))
    ):
        return None
    root = -zero / slope if _exact(zero, slope) else -number(zero) / number(slope)
    return _half(root, sign if number(slope) > 0 else _turned(sign))


def _exact(*values: Value) -> bool:
    return all(isinstance(each, Fraction) for each in values)


def _turned(sign: str) -> str:
    return sign.translate(str.maketrans("<>", "><"))


def _half(root: Value, sign: str) -> Pieces:
    if sign == "!=":
        return (Piece(None, False, root, False), Piece(root, False, None, False))
    if sign[0] == "<":
        return (Piece(None, False, root, "=" in sign),)
    return (Piece(root, "=" in sign, None, False),)
