"""What an answer calls its value: `x =`, `f(x) =`, `|S| =`, a point's letter, `for all x` at its end."""

import re

from judges.values.lists import List, read_list

_ARGUMENT = r"\s*\(\s*[^()=]{1,20}\s*\)"
_NAME = (
    rf"[a-zA-Z](?:_(?:\{{[^{{}}=]{{1,20}}\}}|\w))?'{{0,2}}(?:\^\s*\{{\s*-\s*1\s*\}})?(?:{_ARGUMENT})?"
    r"|\\(?:theta|lambda|alpha|beta|gamma|mu|sigma|omega|v?a?r?phi|rho|Delta)(?:_\w)?"
    r"|\\(?:vec|overrightarrow|overline|hat|bar)\s*\{[^{}=]{1,9}\}"
    r"|\\?\|\s*(?:[A-Z]{1,3}|z|\\(?:vec|overrightarrow)\s*\{[^{}=]{1,9}\})\s*\\?\|"
    r"|(?:m\s*)?\\(?:angle|triangle)\s*[A-Z]{1,3}|\[?[A-Z]{2,5}\]?|[a-z](?:\s*[+-]\s*[a-z]){1,5}"
    r"|\\?(?:gcd|lcm|max|min|det|dim|deg)\s*(?:\([^()=]{1,60}\)|[A-Z])|\\(?:sin|cos|tan)\s*(?:[A-Z]|\\[a-z]{2,7})"
    r"|[A-Za-z]{4,20}(?: [A-Za-z]{1,20}){0,5}"
)
_NAMED = re.compile(rf"\A({_NAME})\s*(?:=|\\approx(?![a-zA-Z]))\s*(?=[^=])(.+)\Z", re.DOTALL)
# A gold `x + y = 5` is an equation, and no name of 5.
_LETTER = re.compile(r"[a-zA-Z](?:_(?:\{[^{}]+\}|\w))?'{0,2}(?:\^\{-1\})?(?:\([^()]+\))?")
_DUMMY = re.compile(r"([a-zA-Z])(\(|_\{?)([a-z])[)}]?")
_FOR_ALL = re.compile(
    r"\s*[,;(]?\s*(?:for (?:all|any|every|each)|\\forall)\s+(?:real (?:numbers? )?)?"
    r"(?:[a-z](?:\s*,\s*[a-z])?(?:\s*\\in\s*(?:\\mathbb\s*\{?\s*R\s*\}?|R))?|real numbers?)\s*\)?\Z"
)
_POINT = re.compile(r"([A-Z](?:'|_\{?\w\}?)?)\s*(\(.*\))", re.DOTALL)
# No letters of their own: commands, functions, and words.
_LETTERS = re.compile(r"\\[a-zA-Z]+|[a-zA-Z]{4,}|sqrt|sin|cos|tan|cot|sec|csc|log|exp|ln|pi|[a-zA-Z]")
_CALL = re.compile(r"[A-Z]\s*\([^()]*,[^()]*\)")


def unnamed(one: str, two: str) -> tuple[str, str]:
    """Without `x =` where one side has it, or both have the same; a point without its letter likewise."""
    if "for" in one or "for" in two:
        one, two = _FOR_ALL.sub("", one), _FOR_ALL.sub("", two)
    if "=" in one or "=" in two or "\\approx" in one or "\\approx" in two:
        return _without_names(one, two)
    return _without_letters(one, two) if one.endswith(")") or two.endswith(")") else (one, two)


def is_call(text: str) -> bool:
    """`C(6,2)`: a point, or the value of a function that is not told."""
    return text.endswith(")") and _CALL.fullmatch(text) is not None


def _without_names(one: str, two: str) -> tuple[str, str]:
    names = _named(one), _named(two)
    left, right = ("".join(found[1].split()) if found else None for found in names)
    if left and right and left != right and not (names[0] and names[1] and _function(left, right)):
        renamed = _renamed(names[0], names[1])
        return (one, two) if renamed is None or names[0] is None else (names[0][2], renamed)
    if left and not right and not _LETTER.fullmatch(left):
        return one, two
    if (left and not right and "=" in two) or (right and not left and "=" in one):
        return one, two
    if names[1] and not names[0]:
        # f(2) = f(3) = 7
        again = _named(names[1][2])
        return one, again[2] if again else names[1][2]
    return (names[0][2] if names[0] else one), (names[1][2] if names[1] else two)


def _function(left: str, right: str) -> bool:
    """y = x^2 is f(x) = x^2, and y(t) = t^2."""
    return "y" in (left, right) and any(re.fullmatch(r"[fgh]\(x\)|y\([xt]\)", each) for each in (left, right))


def _named(text: str) -> re.Match[str] | None:
    """None of `x = 1, y = 2` too, of which every value has a name."""
    found = _NAMED.match(text)
    if found and len(found[1]) == 1 and found[1] in _LETTERS.findall(found[2]):
        return None  # x = x + 1 has no value
    if found and "=" in found[2]:
        listed = read_list(text)
        if listed and (listed.names or (listed.options and all("=" in item for item in listed.items))):
            return None
    return found


def _renamed(gold: re.Match[str] | None, answer: re.Match[str] | None) -> str | None:
    """The right side of `f(t) = t^2` with the gold's letter for the dummy; None where there is no dummy."""
    if gold is None or answer is None:
        return None
    one, other = _DUMMY.fullmatch(gold[1]), _DUMMY.fullmatch(answer[1])
    if not one or not other or one.group(1, 2) != other.group(1, 2):
        return None
    return renamed(answer[2], other[3], one[3])


def renamed(text: str, letter: str, by: str) -> str | None:
    """The text with another letter for one of its own; None where it has that other one already."""
    if letter == by:
        return text
    if by in _LETTERS.findall(text):
        return None
    return _LETTERS.sub(lambda found: by if found[0] == letter else found[0], text)


def _without_letters(one: str, two: str) -> tuple[str, str]:
    points = _POINT.fullmatch(one), _POINT.fullmatch(two)
    if points[0] and points[1]:
        return (points[0][2], points[1][2]) if points[0][1] == points[1][1] else (one, two)
    if points[0] and _is_tuple(points[0][2]) and _is_tuple(two):
        return points[0][2], two
    if points[1] and _is_tuple(points[1][2]) and _is_tuple(one):
        return one, points[1][2]
    return one, two


def _is_tuple(text: str) -> bool:
    listed: List | None = read_list(text)
    return listed is not None and listed.brackets == "()"
