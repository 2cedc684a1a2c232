"""Two lists item by item: tuples in order, sets in any, matrices by rows."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from judges.values.lists import PLUS_MINUS, List, read_list, read_matrix
from judges.values.numbers import read_number
from schemas.references import Comparison

Same = Callable[[str, str], bool | None]
_WORDS = re.compile(r"[^\W\d_]{2,}(?:[\s'’-]+[^\W\d_]+)*")
_COUNTED = re.compile(r"[a-zA-Z]_\{?\d{1,2}\}?")
Told = bool | None | Literal["other"]
"""`other` of a reader that has nothing to say of these two texts."""


def same_lists(gold: str, answer: str, policy: Comparison, same: Same) -> Told:
    """The verdict by `same` of items; `other` where neither text is a list or a matrix."""
    rows = read_matrix(gold), read_matrix(answer)
    if rows[0] and rows[1]:
        return _same_rows(rows[0], rows[1], same)
    lists = read_list(gold), read_list(answer)
    if rows[0] or rows[1]:
        column, listed = (rows[0], lists[1]) if rows[0] else (rows[1], lists[0])
        return _same_column(column or [], listed, same)
    if lists[0] is not None and lists[1] is not None:
        # p ∧ q states more than p, q.
        if ("\\land" in gold) != ("\\land" in answer) and not (lists[0].joint and lists[1].joint):
            return None
        return _same_items(lists[0], lists[1], policy, same)
    numbers = read_number(gold), read_number(answer)
    if lists[0] is not None or lists[1] is not None:
        if numbers[0] is None and numbers[1] is None:
            return "other"
        return None if any(each and _parts_of_one(each) for each in lists) else False
    # Two of ± in one value: they may go together or not.
    return None if PLUS_MINUS.search(gold) or PLUS_MINUS.search(answer) else "other"


def _same_rows(one: list[list[str]], other: list[list[str]], same: Same) -> bool | None:
    if (len(one), len(one[0])) != (len(other), len(other[0])):
        return False
    return _all([same(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True)])


def _same_column(column: list[list[str]], listed: List | None, same: Same) -> bool | None:
    """A column is the vector of its entries; a matrix is no list."""
    if listed is None or listed.brackets != "()" or len(column[0]) != 1 or len(column) != len(listed.items):
        return None if listed is None else False
    return _all([same(row[0], item) for row, item in zip(column, listed.items, strict=True)])


def _parts_of_one(listed: List) -> bool:
    """Is it 3 feet and 4 inches, or 5 hundred and 3, which is one quantity?"""
    numbers = [number for item in listed.items if (number := read_number(item))]
    units = {number.unit for number in numbers} - {()}
    apart = len(units) == len(listed.items) or any(number.factor > 1 for number in numbers)
    return not listed.brackets and apart


def _same_items(gold: List, answer: List, policy: Comparison, same: Same) -> bool | None:
    kinds = gold.brackets, answer.brackets
    if kinds[0] != kinds[1] and all(kinds) and not (gold.options or answer.options):
        return False
    if gold.names and answer.names and sorted(gold.names) != sorted(answer.names):
        return False
    if _said_otherwise(gold, answer):
        return None
    wanted, given = (
        (_by_name(gold), _by_name(answer)) if gold.names and answer.names else (gold.items, answer.items)
    )
    # Only the gold, or ±, frees the order of what it holds.
    named = gold.names or (answer.names and not _numbered(answer.names))
    free = gold.is_set or answer.signs or not (policy.ordered or "()" in kinds or named)
    free = free or (gold.joint and all(_WORDS.fullmatch(item) for item in wanted))
    if gold.is_set or answer.signs:
        wanted, given = _distinct(wanted, same), _distinct(given, same)
    if len(wanted) != len(given):
        return False
    if free:
        return _same_bag(wanted, given, same)
    told = _all([same(one, two) for one, two in zip(wanted, given, strict=True)])
    return None if told is False and answer.is_set and _same_bag(wanted, given, same) else told


def _said_otherwise(gold: List, answer: List) -> bool:
    """One says that all hold and the other that one does; or alternatives stand for a tuple or for names."""
    if (gold.joint and answer.options and not answer.signs) or (
        answer.joint and gold.options and not gold.signs
    ):
        return True
    tuples = [each.brackets not in ("", "{}") or bool(each.names) for each in (gold, answer)]
    return (tuples[0] and answer.options) or (tuples[1] and gold.options)


def _numbered(names: Sequence[str]) -> bool:
    """One letter, counted: `x_1`, `x_2`."""
    return len({name[0] for name in names}) == 1 and all(map(_COUNTED.fullmatch, names))


def _by_name(listed: List) -> list[str]:
    return [item for _, item in sorted(zip(listed.names, listed.items, strict=True))]


def _same_bag(wanted: list[str], given: list[str], same: Same) -> bool | None:
    table = [[same(one, two) for two in given] for one in wanted]
    left = set(range(len(given)))
    for row in table:
        match = next((at for at in left if row[at]), None)
        if match is None:
            return None if any(row[at] is None for at in left) else False
        left.remove(match)
    return True


def _distinct(items: Sequence[str], same: Same) -> list[str]:
    kept: list[str] = []
    for item in items:
        if not any(same(item, each) for each in kept):
            kept.append(item)
    return kept


def _all(each: list[bool | None]) -> bool | None:
    return False if False in each else None if None in each else True
