"""Are two expressions, or two equations, the same? By value at points that no author could have met."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from judges.values.evaluate import How, Value, near, number, same_value, value
from judges.values.expressions import Node, Tree, read_tree
from judges.values.tokens import Unreadable

_POSITIVE = [(Fraction(1201, 733), Fraction(389, 271)), (Fraction(577, 863), Fraction(211, 307))]
_POSITIVE.append((Fraction(2087, 911), Fraction(101, 463)))
_MIXED = [(Fraction(-1129, 787), Fraction(-331, 239)), (Fraction(-593, 947), Fraction(487, 173))]
Names = Mapping[str, Fraction]


def same_expression(gold: str, answer: str) -> bool | None:
    """Equal wherever both have a value; None where one cannot be read, or it depends on a sign or a base."""
    one, other = read_tree(gold), read_tree(answer)
    if one is None or other is None:
        return None
    told = {_same(one, other, ten) for ten in (False, True)[: 1 + _has_log(one.root, other.root)]}
    if len(told) > 1:
        return None
    verdict = told.pop()
    return None if verdict is False and (one.ambiguous or other.ambiguous) else verdict


def constant(text: str, digits: int = 60) -> Value | None:
    """The value of an expression without letters; None for any other."""
    tree = read_tree(text)
    if tree is None or tree.names:
        return None
    try:
        return value(tree.root, {}, digits)
    except Unreadable:
        return None


def factor_between(gold: tuple[str, str], answer: tuple[str, str]) -> Value | None:
    """The number that makes one difference of sides the other; None where there is none, or unreadable.

    Each is a left and a right side. Zero where neither holds a letter or the letters are others.
    """
    trees = [read_tree(side) for side in (*gold, *answer)]
    if any(tree is None for tree in trees):
        return None
    a, b, c, d = (tree for tree in trees if tree is not None)
    if a.names | b.names != c.names | d.names or not (a.names | b.names):
        return Fraction(0)
    gaps = ("sub", a.root, b.root), ("sub", c.root, d.root)
    return _ratio(gaps, a.names | b.names)


def same_curve(gold: tuple[str, str], answer: tuple[str, str]) -> bool | None:
    """Are two equations, of which neither is the other by a number, the same by a power of one letter?

    As xy = 1 and y = 1/x; None where that letter may be zero in one of them, as in xy = x^2 and y = x.
    """
    trees = [tree for side in (*gold, *answer) if (tree := read_tree(side))]
    names = frozenset(name for tree in trees for name in tree.names)
    if len(trees) < 4 or trees[0].names | trees[1].names != names or trees[2].names | trees[3].names != names:
        return False
    gaps = ("sub", trees[0].root, trees[1].root), ("sub", trees[2].root, trees[3].root)
    for name in names:
        for power in (1, -1, 2, -2):
            factor: Node = ("pow", ("name", name), ("num", Fraction(power)))
            if _ratio((gaps[0], ("mul", gaps[1], factor)), names):
                return True if all(_never_zero(gap, name, names) for gap in gaps) else None
    return False


def _never_zero(gap: Node, letter: str, names: frozenset[str]) -> bool:
    """Where the letter is zero, has the gap no value, or always one that is not zero?"""
    found: list[Value] = []
    for each in points(names):
        try:
            found.append(value(gap, {**each, letter: Fraction(0)}, 60))
        except Unreadable:
            continue
    return all(told and near(told, found[0]) for told in found)


def points(names: frozenset[str], mixed: bool = False) -> Iterator[Names]:
    """Values for the names, positive or of both signs."""
    for first, step in _MIXED if mixed else _POSITIVE:
        yield {
            name: first + step * at * (-1 if mixed and at % 2 else 1) for at, name in enumerate(sorted(names))
        }


def _ratio(gaps: tuple[Node, Node], names: frozenset[str]) -> Value | None:
    found: list[Value] = []
    for each in [*points(names), *points(names, mixed=True)]:
        try:
            one, other = (value(gap, each, 60) for gap in gaps)
            found.append(number(one) / number(other))
        except (Unreadable, ZeroDivisionError):
            continue
    if len(found) < 3:
        return None
    first = found[0]
    close = all(near(other, first) for other in found)
    return first if close and first else Fraction(0)


def _same(one: Tree, other: Tree, ten: bool) -> bool | None:
    names = one.names | other.names
    if not names:
        return _at(one, other, {}, How(ten))
    told = [_at(one, other, each, How(ten)) for each in points(names)]
    if False in told:
        return False
    if told.count(True) < 2:
        return None
    # |x| is x for what is positive only; but where a root is not real, no author meant to be.
    signed = [_at(one, other, each, How(ten, real=True)) for each in points(names, mixed=True)]
    return None if False in signed else True


def _at(one: Tree, other: Tree, names: Names, how: How) -> bool | None:
    try:
        return same_value(
            lambda digits: (value(one.root, names, digits, how), value(other.root, names, digits, how))
        )
    except Unreadable:
        return None


def _has_log(*nodes: object) -> bool:
    return any(
        isinstance(node, tuple) and (node[:2] == ("fn", "log") or _has_log(*node[1:])) for node in nodes
    )
