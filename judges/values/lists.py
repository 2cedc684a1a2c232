"""Several values in one answer: tuples, sets, bare lists, alternatives, assignments and matrices."""

import re
from dataclasses import dataclass

from judges.values.numbers import read_number

_OPEN, _CLOSE = "([{", ")]}"
_BRACES = re.compile(r"\\([{}])")
_JOIN = re.compile(r"\s*(?:[,;]|\bor\b|\band\b|\\(?:lor|land|text\{or\})(?![a-z])|或|和|与)\s*")
_OR = re.compile(r"\bor\b|\\lor(?![a-z])|或")
_AND = re.compile(r"\band\b|\\land(?![a-z])|和|与")
_ASSIGNED = re.compile(r"([a-zA-Z](?:_\{?\w{1,3}\}?)?'?)\s*=\s*([^=<>]+)")
_TUPLE_OF = re.compile(r"\(\s*([a-zA-Z](?:_\w)?(?:\s*,\s*[a-zA-Z](?:_\w)?)+)\s*\)\s*=\s*(\(.*\))", re.DOTALL)
PLUS_MINUS = re.compile(r"\\(pm|mp)(?![a-zA-Z])\s*")
_SCALAR = re.compile(r"([^\[\](),;=]{1,60}?)\s*(?:\\cdot|\\times|\*)?\s*(?=\[\[)")
MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class List:
    """What stands between brackets, or between nothing but commas."""

    brackets: str
    """`()`, `[]`, `{}`, or a mixed pair; empty for a bare list."""
    items: list[str]
    names: tuple[str, ...] = ()
    """Of assignments: which value is whose."""
    options: bool = False
    """A bare list of which any may hold, as `x = 1 or x = 2`: its order says nothing."""
    joint: bool = False
    """With a word or sign for and: all of them hold."""
    signs: bool = False
    """Values of ±, which have no order."""

    @property
    def is_set(self) -> bool:
        """Neither order nor repetition counts."""
        return self.options or self.brackets == "{}"


def read_list(text: str) -> List | None:
    """Brackets and at least two items; one item only inside braces, or where ± makes two of it."""
    named = _TUPLE_OF.fullmatch(text)
    if named:
        inner = read_list(named[2])
        names = tuple(name.strip() for name in named[1].split(","))
        return List("()", inner.items, names) if inner and len(inner.items) == len(names) else None
    if PLUS_MINUS.search(text):
        return _both_signs(text)
    return _plain_list(text)


def _plain_list(text: str) -> List | None:
    source = _BRACES.sub(r"\1", text).strip()
    bracketed = source[:1] in _OPEN and source[-1:] in _CLOSE and _encloses(source)
    inner = source[1:-1] if bracketed else source
    items = _split(inner)
    if len(items) > MOST_ITEMS or not all(items) or (len(items) < 2 and not (bracketed and source[0] == "{")):
        return None
    if bracketed:
        return List(source[0] + source[-1], items)
    told_or, told_and = _OR.search(inner) is not None, _AND.search(inner) is not None
    # p ∧ q ∨ r is no list.
    return None if told_or and told_and else _assigned(items, told_or, told_and)


def _assigned(items: list[str], told_or: bool, joint: bool) -> List:
    read = [_ASSIGNED.fullmatch(item) for item in items]
    names = [each[1] for each in read if each]
    if len(names) == len(items) and len(set(names)) == len(names) and not told_or:
        pairs = sorted((each[1], each[2].strip()) for each in read if each)
        return List("", [value for _, value in pairs], tuple(name for name, _ in pairs), joint=joint)
    alike = len(names) == len(items) and len(set(names)) == 1
    return List("", items, options=told_or or alike, joint=joint)


def _both_signs(text: str) -> List | None:
    """Every ± as both values. None where two of them stand in one value, which may go together or not."""
    whole = _plain_list(text)
    items = whole.items if whole and whole.brackets in ("", "{}") else [text]
    found: list[str] = []
    for item in items:
        signs = [sign[1] for sign in PLUS_MINUS.finditer(item)]
        if signs.count("pm") > 1:
            return None
        found += [item] if not signs else [_signed(item, upper) for upper in (True, False)]
    return List("{}" if whole and whole.brackets else "", found, options=True, signs=True)


def _signed(item: str, upper: bool) -> str:
    return PLUS_MINUS.sub(lambda found: "+" if (found[1] == "pm") == upper else "-", item)


def _encloses(source: str) -> bool:
    """Is the first bracket closed by the last one?"""
    depth = 0
    for at, char in enumerate(source):
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth == 0:
            return at == len(source) - 1
    return False


def _split(inner: str) -> list[str]:
    """Items between top-level commas and conjunctions; a comma inside a number is none."""
    if read_number(inner) is not None:
        return [inner]
    items, depth, start = [], 0, 0
    cuts = {found.start(): found.end() for found in _JOIN.finditer(inner)}
    for at, char in enumerate(inner):
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth == 0 and at in cuts and at >= start:
            items.append(inner[start:at].strip())
            start = cuts[at]
    return [item for item in (*items, inner[start:].strip()) if item or not items]


def read_matrix(text: str) -> list[list[str]] | None:
    """Rows of a matrix that `plain` wrote as `[[1,2],[3,4]]`, times a number; None where they are none."""
    times = _SCALAR.match(text)
    if times:
        rows = _bare_matrix(text[times.end() :])
        by = "-1" if times[1].strip() == "-" else times[1]
        return rows and [[f"({by}) \\cdot ({entry})" for entry in row] for row in rows]
    return _bare_matrix(text)


def _bare_matrix(text: str) -> list[list[str]] | None:
    inner = (
        text[1:-1].strip() if text[:1] + text[-1:] in ("()", "[]") and text[1:].lstrip()[:2] == "[[" else text
    )
    if not (inner.startswith("[[") and inner.endswith("]]")):
        return None
    rows = [_row(each) for each in _split(inner[1:-1])]
    if not rows or any(row is None or len(row) != len(rows[0] or ()) for row in rows):
        return None
    return [row for row in rows if row is not None]


def _row(text: str) -> list[str] | None:
    return _split(text[1:-1]) if text.startswith("[") and text.endswith("]") and _encloses(text) else None
