"""Infinite families, as `x = \\pi/4 + k\\pi, k \\in \\mathbb{Z}`: the same where they are the same sets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor, lcm

from judges.values.bundles import Same, Told
from judges.values.equality import constant
from judges.values.evaluate import as_fraction, is_real, value
from judges.values.expressions import Node, read_tree
from judges.values.lists import read_list
from judges.values.namings import renamed
from judges.values.tokens import Unreadable

_LEAD = r"\s*[,;:]?\s*\(?\s*(?:,\s*)?(?:where|with|for|and|其中)?\s*(?:all|any|some|every|each)?\s*"
_SET = r"(?:\\mathbb\s*\{?\s*[ZN]\s*\}?|[ZN](?![a-zA-Z]))\s*(?:[_^]\s*\{?[^\s{}()]{1,4}\}?|[+*])?"
_WHOLE = r"(?:an? |any |arbitrary |all )*(?:integers?|whole numbers?)"
_OF = re.compile(
    rf"{_LEAD}(?:(?P<in>[a-zA-Z])\s*\\in\s*(?P<set>{_SET})|(?P<is>[a-zA-Z])\s*(?:is|are|being)?\s*{_WHOLE}"
    rf"|{_WHOLE}\s*(?P<of>[a-zA-Z])|(?P<zh>[a-zA-Z])\s*(?:为|是|取)?(?:任意|任何)?整数"
    r"|(?P<dots>[a-zA-Z])\s*=\s*0\s*,\s*\\pm\s*1\s*,\s*(?:\\pm\s*\d\s*,\s*)*\\dots)\s*\)?\s*[.,]?\Z"
)
_BUILDER = re.compile(
    r"\A\\?\{\s*(?P<of>.+?)\s*(?:\\mid(?![a-zA-Z])|:|\|)\s*(?P<rule>.+?)\s*\\?\}\Z", re.DOTALL
)
_IN_REALS = re.compile(r"\s*\\in\s*\\mathbb\s*\{?\s*R\s*\}?\Z")
_NAMED = re.compile(r"\A\s*([a-zA-Z])\s*=\s*(?=[^=])")
_NOT = re.compile(r"\A\s*[a-zA-Z]\s*\\ne\s*")
_CHAIN = re.compile(r"(.+?)(<|<=|\\le|\\lt)\s*([a-zA-Z])\s*(<|<=|\\le|\\lt)(?![a-zA-Z=])(.+)", re.DOTALL)
_INTERVAL = re.compile(r"([(\[])(.+),(.+)([)\]])", re.DOTALL)
_CUP = re.compile(r"\\cup(?![a-zA-Z])")
_USUAL = frozenset("knm")
_MOST_CHARS, _MOST_RESIDUES, _SMALLEST = 400, 200, Fraction(1, 10**30)


@dataclass(frozen=True, slots=True)
class Family:
    """Texts with a letter that runs through whole numbers."""

    letter: str
    numbers: str
    """Z, or how a part of it is written."""
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Steps:
    """Points `start + step·k`, or intervals that begin there."""

    kind: str
    length: Fraction
    start: Fraction
    step: Fraction


def same_families(gold: str, answer: str, same: Same) -> Told:
    """`other` where neither is a family; None where they may be the same set and it cannot be told."""
    one, other = read_family(gold), read_family(answer)
    if one is None and other is None:
        return "other"
    if one is None or other is None:
        family, bare, letter = one or other, answer if one else gold, _free_letter(answer if one else gold)
        if family is None or letter is None or family.numbers != "Z":
            return False if constant(bare) is not None else None
        # A gold without the words means whole numbers; an answer without them may not.
        told = _same_sets(family, Family(letter, "Z", tuple(_items(bare))), same)
        return True if told and one is None else None
    return _same_sets(one, other, same)


def read_family(text: str) -> Family | None:
    """None where no letter is said to run through whole numbers."""
    if len(text) > _MOST_CHARS or not any(
        sign in text for sign in ("\\in", "nteger", "whole", "整数", "\\dots")
    ):
        return None
    builder = _BUILDER.match(text)
    if builder:
        text = _unbuilt(builder["of"], builder["rule"])
    found = _OF.search(text)
    if found is None or not text[: found.start()].strip():
        return None
    letter = next(found[name] for name in ("in", "is", "of", "zh", "dots") if found[name])
    numbers = re.sub(r"\\mathbb|[\s{}]", "", found["set"] or "Z")
    items = _items(text[: found.start()].strip().rstrip(",;"))
    return Family(letter, numbers, tuple(items)) if items else None


def _unbuilt(of: str, rule: str) -> str:
    """`{x | x = 2k, k in Z}` as `x = 2k, k in Z`, and `{2k : k in Z}` as `2k, k in Z`."""
    bare = _IN_REALS.sub("", of).strip()
    return (
        rule
        if len(bare) == 1 and bare in rule.split("\\in")[0] and not rule.startswith(bare + " \\in")
        else f"{of}, {rule}"
    )


def _items(body: str) -> list[str]:
    parts = _CUP.split(body)
    if len(parts) == 1 and not _INTERVAL.fullmatch(body) and not _CHAIN.fullmatch(body):
        listed = read_list(body)
        parts = listed.items if listed and listed.brackets in ("", "{}") else [body]
    return [_NAMED.sub("", part.strip()) for part in parts]


def _free_letter(text: str) -> str | None:
    """The one letter of an expression, where it is one that whole numbers are called by."""
    names = {name for item in _items(text) if (tree := read_tree(item)) for name in tree.names}
    return names.pop() if len(names) == 1 and names <= _USUAL else None


def _same_sets(one: Family, other: Family, same: Same) -> bool | None:
    if one.numbers == other.numbers == "Z":
        told = [[step for item in each.items for step in _steps(item, each.letter)] for each in (one, other)]
        if all(told) and not any(step is None for each in told for step in each):
            return _same_steps(*([step for step in each if step] for each in told))
    items = [renamed(item, other.letter, one.letter) for item in other.items]
    if one.numbers != other.numbers or len(items) != len(one.items):
        return None
    pairs = zip(one.items, items, strict=True)
    return True if all(item is not None and same(mine, item) for mine, item in pairs) else None


def _steps(item: str, letter: str) -> Iterator[_Steps | None]:
    kind, low, high = "", item, item
    if without := _NOT.match(item):
        kind, low = "!=", item[without.end() :]
        high = low
    elif chain := _CHAIN.fullmatch(item):
        kind = ("(" if chain[2] in ("<", "\\lt") else "[") + (")" if chain[4] in ("<", "\\lt") else "]")
        low, high = chain[1], chain[5]
    elif ends := _INTERVAL.fullmatch(item):
        kind, low, high = ends[1] + ends[4], ends[2], ends[3]
    for every in (1, 2):
        found = [_line(low, high, letter, every, rest) for rest in range(every)]
        if None not in found:
            yield from (_Steps(kind, *line) for line in found if line)
            return
    yield None


def _line(
    low: str, high: str, letter: str, every: int, rest: int
) -> tuple[Fraction, Fraction, Fraction] | None:
    """Length, start and step of what a linear text runs through for every second k, say; else None."""
    trees = read_tree(low), read_tree(high)
    if trees[0] is None or trees[1] is None or trees[0].names | trees[1].names != {letter}:
        return None
    try:
        a, b = ([_at(tree.root, letter, every * k + rest) for k in (0, 1, 2, 7)] for tree in trees if tree)
    except Unreadable:
        return None
    steps = {
        _near(told[at] - told[0], (told[1] - told[0]) * k) for told in (a, b) for at, k in ((2, 2), (3, 7))
    }
    step = a[1] - a[0]
    if steps != {True} or not step or not _near(step, b[1] - b[0]):
        return None
    return b[0] - a[0], a[0], abs(step)


def _at(root: Node, letter: str, k: int) -> Fraction:
    told = value(root, {letter: Fraction(k)}, 60)
    if not is_real(told):
        raise Unreadable("not real")
    return as_fraction(told)


def _near(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= _SMALLEST * max(Fraction(1), abs(one))


def _same_steps(one: list[_Steps], other: list[_Steps]) -> bool | None:
    """Both as residues of the first step's common multiple with all the others."""
    unit = one[0].step
    ratios = [(each.step / unit).limit_denominator(1000) for each in (*one, *other)]
    if any(
        not ratio or not _near(ratio * unit, each.step)
        for ratio, each in zip(ratios, (*one, *other), strict=True)
    ):
        return False
    bottom = lcm(*(ratio.denominator for ratio in ratios))
    period = Fraction(lcm(*(int(ratio * bottom) for ratio in ratios)), bottom)
    if sum(period / ratio for ratio in ratios) > _MOST_RESIDUES:
        return None
    mine, theirs = (
        [(each.kind, each.length, spot) for each in side for spot in _residues(each, unit, period)]
        for side in (one, other)
    )
    if all(_held(spot, theirs, period) for spot in mine) and all(
        _held(spot, mine, period) for spot in theirs
    ):
        return True
    # Intervals may touch, or overlap, and be one set in other pieces.
    return None if one[0].kind not in ("", "!=") and len(one) + len(other) > 2 else False


def _residues(each: _Steps, unit: Fraction, period: Fraction) -> Iterator[Fraction]:
    ratio = (each.step / unit).limit_denominator(1000)
    for at in range(int(period / ratio)):
        yield each.start / unit + at * ratio


def _held(
    spot: tuple[str, Fraction, Fraction], among: list[tuple[str, Fraction, Fraction]], period: Fraction
) -> bool:
    return any(
        spot[0] == kind and _near(spot[1], length) and _whole((spot[2] - start) / period)
        for kind, length, start in among
    )


def _whole(told: Fraction) -> bool:
    return abs(told - floor(told + Fraction(1, 2))) < Fraction(1, 10**25)
