"""Are two final answers the same one? Exact reading first, symbols last; None where nobody can tell."""

import re
from collections.abc import Callable

from judges.values.bases import read_based, same_based
from judges.values.bundles import Told, same_lists
from judges.values.clocks import read_clock, same_clock
from judges.values.congruences import read_residue, same_residue
from judges.values.equality import constant, factor_between, same_curve, same_expression
from judges.values.evaluate import as_fraction, is_real
from judges.values.expressions import read_tree
from judges.values.families import same_families
from judges.values.foreign import with_point, without_symbol
from judges.values.glosses import read_gloss
from judges.values.labels import LETTER, same_labelled, same_several, same_words
from judges.values.lists import read_list
from judges.values.namings import is_call, unnamed
from judges.values.numbers import read_number
from judges.values.orders import same_order
from judges.values.pieces import LINE, same_range
from judges.values.piecewise import read_cases, same_cases
from judges.values.plain import WHOLE, plain
from judges.values.quantities import bare_expressions, read_quantity, same_number, same_quantity, same_rounded
from judges.values.ranges import is_range, is_solved, read_range, turned_alike, variable
from judges.values.ratios import read_ratio, same_quotient, same_ratio
from judges.values.restated import read_chain
from judges.values.spelled import signs
from judges.values.symbolic import symbolically_equal
from schemas.references import Comparison

_GAP = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_BELOW = re.compile(r"_\s*\{[^{}]*\}")
_EQUATION = re.compile(r"([^=<>]+)=([^=<>]+)")
_COUNTED = re.compile(
    r"[+-]?\s*[$€£¥₹]?\d[\d.,/ ]*+(?!(?:or|and|to|x|sqrt|pi|sin|cos|tan|ln|log|exp)(?![^\W\d_]))"
    r"(?:(?<=\s)[^\W\d_]{2}|[^\W\d_]{4}|[^\W\d_]{1,3}\s*\d+\s*[^\W\d_]|[\u0400-\uffdc])"
)
# Thousands, millions and billions, or letters.
_SHORTENED = re.compile(r"[+-]?\s*[$€£¥₹]?\d[\d.,]*\s?[kKMB]")
# A sign of multiplication, or a letter.
_CROSS = re.compile(r"\d\s*x\s*\d")
# A constant of integration has any name.
_ANY_CONSTANT = re.compile(r"(.*\S)\s*\+\s*([CcKD])")
# Questions to which a number is the answer.
_UNWORKED = re.compile(r"\\?(?:sum|prod|i*int|lim|max|min|gcd|lcm)(?![a-zA-Z])")


def same_answer(gold: str, answer: str, policy: Comparison | None = None) -> bool | None:
    """Is the answer the gold one, under the policy? None where that cannot be told. Raises TooLarge."""
    policy = policy or Comparison()
    told = without_symbol(gold, answer) if policy.ignore_units else answer
    wanted, found = unnamed(plain(gold), plain(told))
    pointed, sure = with_point(wanted, found)
    verdict = _same(wanted, pointed, policy)
    return verdict if sure or not verdict else None


def _same(gold: str, answer: str, policy: Comparison) -> bool | None:
    if WHOLE.fullmatch(gold) and WHOLE.fullmatch(answer):
        return int(gold) == int(answer)
    # 3 1/2 is not 31/2, so a space between two figures counts.
    if _GAP.sub("", gold) == _GAP.sub("", answer):
        return None if _list_or_number(gold, answer) else True
    gold, answer = signs(gold), signs(answer)
    if gold == answer:
        return True
    for reader in _READERS:
        told = reader(gold, answer, policy)
        if told != "other":
            return told
    return symbolically_equal(gold, answer)


def _chains(gold: str, answer: str, policy: Comparison) -> Told:
    """Any spelling of a value that is stated more than once; none where only a rounding of it is met."""

    def same(one: str, two: str) -> bool | None:
        return _same(one, two, Comparison(percent=True))

    read = [read_chain(text, same) for text in (gold, answer)]
    if not any(read):
        return "other"
    sides = [each.exact if each else (text,) for each, text in zip(read, (gold, answer), strict=True)]
    told = [_same(one, two, policy) for one in sides[0] for two in sides[1]]
    if True in told:
        return True
    rounded = (
        [*sides[0], *(read[0].rounded if read[0] else ())],
        [*sides[1], *(read[1].rounded if read[1] else ())],
    )
    if None in told or any(_same(one, two, policy) for one in rounded[0] for two in rounded[1]):
        return None
    return False


def _families(gold: str, answer: str, policy: Comparison) -> Told:
    return same_families(gold, answer, lambda one, two: _same(one, two, policy))


def _calls(gold: str, answer: str, policy: Comparison) -> Told:
    return None if is_call(gold) or is_call(answer) else "other"


def _cases(gold: str, answer: str, policy: Comparison) -> Told:
    if "\\begin{cases}" not in gold and "\\begin{cases}" not in answer:
        return "other"
    one, other = read_cases(gold), read_cases(answer)
    if one is None or other is None:
        return None
    return same_cases(one, other, lambda mine, theirs: _same(mine, theirs, policy))


def _glosses(gold: str, answer: str, policy: Comparison) -> Told:
    """`12 (twelve)` is 12 and `12 (apples)` is 12 apples; another remark may change what is meant."""
    read = [(text, read_gloss(text)) for text in (gold, answer)]
    if not any(gloss for _, gloss in read):
        return "other"
    if any(gloss and gloss.counts and not gloss.spells for _, gloss in read):
        return None
    bare = [gloss.number if gloss else text for text, gloss in read]
    told = _same(bare[0], bare[1], policy)
    if not told or all(gloss.spells for _, gloss in read if gloss):
        return told
    units = [f"{gloss.number} {gloss.remark}" if gloss else text for text, gloss in read]
    return _same(units[0], units[1], policy) or None


def _bases(gold: str, answer: str, policy: Comparison) -> Told:
    return same_based(gold, answer) if read_based(gold) or read_based(answer) else "other"


def _residues(gold: str, answer: str, policy: Comparison) -> Told:
    if not ("mod" in gold or "mod" in answer):
        return "other"
    return same_residue(read_residue(gold), read_residue(answer))


def _numbers(gold: str, answer: str, policy: Comparison) -> Told:
    one, other = read_number(gold), read_number(answer)
    return "other" if one is None or other is None else same_number(one, other, policy)


def _several(gold: str, answer: str, policy: Comparison) -> Told:
    return same_several(gold, answer)


def _choices(gold: str, answer: str, policy: Comparison) -> Told:
    return same_labelled(gold, answer, lambda one, two: _same(one, two, policy))


def _words(gold: str, answer: str, policy: Comparison) -> Told:
    return same_words(gold, answer)


def _clocks(gold: str, answer: str, policy: Comparison) -> Told:
    one, other = read_clock(gold), read_clock(answer)
    if one is None or other is None:
        return None if (one and one.half) or (other and other.half) else "other"
    told = same_clock(one, other)
    ratios = read_ratio(gold), read_ratio(answer)
    if not (told or one.half or other.half) and ratios[0] and ratios[1] and same_ratio(ratios[0], ratios[1]):
        return None
    return told


def _orders(gold: str, answer: str, policy: Comparison) -> Told:
    return same_order(gold, answer, lambda one, two: _same(one, two, policy))


def _ranges(gold: str, answer: str, policy: Comparison) -> Told:
    if (
        not (is_range(gold) or is_range(answer))
        or gold.strip("+-") == "\\infty"
        or answer.strip("+-") == "\\infty"
    ):
        return "other"
    one, other = read_range(gold), read_range(answer)
    if one is not None and other is not None:
        names = {variable(gold), variable(answer)} - {None}
        if not same_range(one, other):
            return False
        # |x| >= 0 may be what was to be shown to hold for all numbers.
        echoed = not is_solved(answer) or (one == LINE and "|" in answer)
        return None if len(names) > 1 or (is_solved(gold) and echoed) else True
    if turned_alike(gold, answer) is not None:
        return turned_alike(gold, answer)
    if one is None and other is None:
        return "other"
    return False if constant(gold) is not None or constant(answer) is not None else None


def _lists(gold: str, answer: str, policy: Comparison) -> Told:
    return same_lists(gold, answer, policy, lambda one, two: _same(*unnamed(one, two), policy))


def _ratios(gold: str, answer: str, policy: Comparison) -> Told:
    one, other = read_ratio(gold), read_ratio(answer)
    if one and other:
        return same_ratio(one, other)
    if one or other:
        return same_quotient(one or other or (), answer if one else gold)
    return "other"


def _measures(gold: str, answer: str, policy: Comparison) -> Told:
    """2 hours 30 minutes are 2.5 hours."""
    one, other = read_quantity(gold), read_quantity(answer)
    return same_quantity(one, other) if one and other else "other"


def _quantities(gold: str, answer: str, policy: Comparison) -> Told:
    """A count that is not read is no product of letters."""
    numbers = read_number(gold), read_number(answer)
    texts = gold, answer
    if any(each is None and _COUNTED.match(text) for each, text in zip(numbers, texts, strict=True)):
        return None
    shortened = [
        each is not None and _SHORTENED.fullmatch(text)
        for each, text in zip(numbers[::-1], texts, strict=True)
    ]
    return None if any(shortened) else "other"


def _infinities(gold: str, answer: str, policy: Comparison) -> Told:
    ends = [text.replace(" ", "").lstrip("+") for text in (gold, answer)]
    if not any(each in ("\\infty", "-\\infty") for each in ends):
        return "other"
    other = answer if "infty" in ends[0] else gold
    return (
        False
        if "infty" in ends[0] + ends[1] and (constant(other) is not None or "\\infty" in other)
        else None
    )


def _equations(gold: str, answer: str, policy: Comparison) -> Told:
    one, other = _EQUATION.fullmatch(gold), _EQUATION.fullmatch(answer)
    if one and other:
        sides = (one[1], one[2]), (other[1], other[2])
        factor = factor_between(*sides)
        told = factor if factor is None else True if factor else same_curve(*sides)
        # 2x = 4 is the question to which x = 2 is the answer.
        return "other" if told is None and factor is None else None if told and _solved(*sides) else told
    # What has sides is neither a value nor a bound.
    return None if any("=" in _BELOW.sub("", text) for text in (gold, answer)) else "other"


def _solved(gold: tuple[str, str], answer: tuple[str, str]) -> bool:
    """Does the gold tell the value of a letter, and not the answer?"""
    letters = [[LETTER.fullmatch(side.strip()) for side in sides] for sides in (gold, answer)]
    values = [constant(side) is not None for side in gold]
    return any(letters[0]) and any(values) and not any(letters[1])


def _expressions(gold: str, answer: str, policy: Comparison) -> Told:
    if _CROSS.search(gold) or _CROSS.search(answer):
        return None
    if _UNWORKED.search(answer) and read_number(gold) is not None:
        return None
    one, other = _ANY_CONSTANT.fullmatch(gold), _ANY_CONSTANT.fullmatch(answer)
    if one and other and one[2] != other[2] and one[2] not in answer:
        answer = f"{other[1]}+ {one[2]}"
    bare = bare_expressions(gold, answer, policy.ignore_units)
    if bare is None:
        return False
    gold, answer = bare
    if policy.decimals is not None:
        values = constant(gold), constant(answer)
        if values[0] is not None and values[1] is not None and is_real(values[0]) and is_real(values[1]):
            return same_rounded(as_fraction(values[0]), as_fraction(values[1]), policy.decimals)
    unread = read_tree(gold) is None or read_tree(answer) is None
    return "other" if unread else same_expression(gold, answer)


def _list_or_number(gold: str, answer: str) -> bool:
    """Is one of them the number 1,234 and the other the list 1, 234?"""
    pairs = ((gold, answer), (answer, gold))
    return any(read_number(one) is not None and read_list(other) is not None for one, other in pairs)


_READERS: tuple[Callable[[str, str, Comparison], Told], ...] = (
    _chains, _glosses, _bases, _numbers, _residues, _families, _cases, _calls, _several, _choices, _clocks,
    _infinities, _measures, _orders, _ranges, _lists, _quantities, _ratios, _words, _equations, _expressions,
)  # fmt: skip
