"""Units beside numbers as words in singular; nothing is converted."""

import re

_NO_UNITS = frozenset({*"einxyzabck", "pi", "th", "st", "nd", "rd"})
_NO_UNITS |= {
    "or",
    "and",
    "to",
    "but",
    "not",
    "is",
    "if",
    "sqrt",
    "ln",
    "log",
    "sin",
    "cos",
    "tan",
    "或",
    "和",
    "与",
}
_SYNONYMS = {
    "$": "dollar", "us$": "dollar", "usd": "dollar", "€": "euro", "eur": "euro", "£": "pound", "¥": "yen",
    "%": "percent", "percentage": "percent", "°": "degree", "¢": "cent", "feet": "foot", "ft": "foot",
    "inches": "inch", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "sec": "second",
    "secs": "second", "km": "kilometer", "kilometre": "kilometer", "cm": "centimeter", "kg": "kilogram",
    "mph": "mile/hour", "people": "person", "children": "child", "men": "man", "women": "woman",
    "°c": "degree c", "°f": "degree f", "²": "^2", "³": "^3",
}  # fmt: skip
_FILLER = frozenset(
    {"of", "in", "the", "a", "total", "left", "each", "more", "all", "altogether", "remaining"}
)
_PER = frozenset({"/", "square", "cubic", "^2", "^3"})


def unit_words(text: str, spaced: bool) -> tuple[str, ...] | None:
    """Words of a unit, sorted out of filler; None where the text is no unit but a part of the maths."""
    words = re.findall(r"[^\s/^{}().\d-]+|\^?\{?\d|/", text.strip())
    if any(word.casefold() in _NO_UNITS for word in words) or (
        not spaced and re.fullmatch(r"[a-zA-Z]", text)
    ):
        return None
    if any(len(word) > 1 and word not in _SYNONYMS and word.casefold().isdigit() for word in words):
        return None
    told = (_singular(word.strip("{}")) for word in words)
    joined = " ".join(told).replace("mile/hour", "mile / hour").replace(" per ", " / ").split()
    return tuple(word for word in joined if word not in _FILLER)


def _singular(word: str) -> str:
    low = word.casefold()
    if low in _SYNONYMS:
        return _SYNONYMS[low]
    if len(low) <= 3:
        return word  # case tells mW from MW
    single = low[:-1] if low.endswith("s") and not low.endswith("ss") else low
    return _SYNONYMS.get(single, single)


def units_agree(one: tuple[str, ...], other: tuple[str, ...], ignore: bool) -> bool:
    """Are they the same unit? With `ignore`, none beside one is no difference, nor is a qualifying word."""
    if one == other or (ignore and not (one and other)):
        return True
    mine, theirs = set(one), set(other)
    return ignore and mine & _PER == theirs & _PER and (mine <= theirs or theirs <= mine)
