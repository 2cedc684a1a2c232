"""Units beside numbers as words in singular; nothing is converted but words that stand for a factor."""

import re

from judges.values.counters import may_count, scaled

# They make another number of the one before them, or take it back.
_NO_UNITS = frozenset({
    "e", "i", "n", "x", "y", "z", "a", "b", "c", "k", "pi", "th", "st", "nd", "rd", "or", "and", "to",
    "but", "not", "is", "if", "sqrt", "ln", "log", "sin", "cos", "tan", "或", "和", "与", "squared",
    "cubed", "factorial", "plus", "minus", "mod", "modulo", "choose", "over", "base", "binary", "hex",
    "hexadecimal", "octal", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "twenty", "zero", "point", "divided", "doubled", "halved", "tripled",
    "below", "above", "than", "less", "fewer", "negative", "otherwise", "unless", "when", "wrong",
    "incorrect", "false", "maybe", "possibly", "perhaps", "remainder", "except", "excluding", "never",
})  # fmt: skip
_SYNONYMS = {
    "$": "dollar", "us$": "dollar", "usd": "dollar", "€": "euro", "eur": "euro", "£": "pound", "¥": "yen",
    "%": "percent", "percentage": "percent", "°": "degree", "¢": "cent", "feet": "foot", "ft": "foot",
    "inches": "inch", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "sec": "second",
    "secs": "second", "km": "kilometer", "kilometre": "kilometer", "cm": "centimeter", "kg": "kilogram",
    "mph": "mile/hour", "people": "person", "children": "child", "men": "man", "women": "woman",
    "厘米": "centimeter", "米": "meter", "千米": "kilometer", "公里": "kilometer", "毫米": "millimeter",
    "小时": "hour", "分钟": "minute", "秒": "second", "天": "day", "年": "year", "度": "degree", "元": "yuan",
    "克": "gram", "千克": "kilogram", "公斤": "kilogram", "升": "liter", "毫升": "milliliter", "人": "person",
    "平方米": "square meter", "平方厘米": "square centimeter", "立方米": "cubic meter",
    "立方厘米": "cubic centimeter", "平方千米": "square kilometer",
    "°c": "degree c", "°f": "degree f", "²": "^2", "³": "^3",
}  # fmt: skip
# Other short words written to a number are letters multiplied: 2xy is no count of xy.
_WRITTEN_TO = frozenset({
    "km", "cm", "mm", "nm", "kg", "mg", "ft", "in", "lb", "lbs", "oz", "ml", "cl", "dl", "gal", "qt",
    "qts", "pt", "cc", "hr", "hrs", "min", "sec", "ms", "ns", "yr", "yrs", "am", "pm", "mph", "kph",
    "pcs", "pts", "cts", "ct", "px", "usd", "eur", "gbp", "rmb", "kb", "mb", "gb", "tb", "hz", "khz",
    "mhz", "ghz", "pa", "kpa", "kw", "kwh", "kj", "cal", "mol", "rad", "deg", "tsp", "bn", "mi", "sq",
    "kmh", "rpm", "db", "mah", "ohm", "doz",
})  # fmt: skip
_FILLER = frozenset(
    {"of", "in", "the", "a", "total", "left", "each", "more", "all", "altogether", "remaining"}
)
_FACTORS = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "十": 10, "百": 100, "千": 10**3, "万": 10**4, "亿": 10**8,
}  # fmt: skip
# They may be the thing counted or a part of one.
_PARTS = frozenset({
    "half", "halve", "third", "quarter", "fourth", "fifth", "sixth", "eighth", "tenth", "hundredth",
    "thousandth", "millionth",
})  # fmt: skip
_EXPONENT = re.compile(r"\^\s*\{?\s*-?\d+\s*\}?|(?<=[^\W\d_])[2-9](?!\w)")
_INVERSE = re.compile(r"([^\W\d_]{1,20})\s*\^\s*\{?\s*-\s*(\d)\s*\}?")
_PER = frozenset({"/", "square", "cubic", "^2", "^3"})


def unit_words(text: str, spaced: bool) -> tuple[str, ...] | None:
    """Words of a unit, sorted out of filler; None where the text is no unit but a part of the maths.

    Nor is it one where it holds a second number, as in 2 hours 30 minutes.
    """
    text = _INVERSE.sub(r"/ \1^\2", text).replace("^1", "")
    if re.search(r"\d", _EXPONENT.sub("", text)):
        return None
    found = re.findall(r"[^\s/^{}().\d-]+|\^?\{?\d|/", text.strip())
    words = [part for word in found for part in scaled(word)]
    if any(word.casefold() in _NO_UNITS for word in words) or (
        not spaced and re.fullmatch(r"[a-zA-Z]", text)
    ):
        return None
    if not all(
        word in _FACTORS or word[-1] in "0123456789" or word == "/" or may_count(word, spaced)
        for word in words
    ):
        return None
    first = re.match(r"[a-zA-Z]++", text)
    if not spaced and first and len(first[0]) <= 3 and first[0].casefold() not in _WRITTEN_TO:
        return None
    told = [_singular(word.replace("{", "")) for word in words]
    if not _PARTS.isdisjoint(told):
        return None
    joined = " ".join(told).replace("mile/hour", "mile / hour").replace(" per ", " / ").split()
    return tuple(word for word in joined if word not in _FILLER)


def factor_words(words: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The factor that the first words stand for, and the unit that is left: 3 dozen eggs are 36 eggs."""
    factor = 1
    while words and words[0] in _FACTORS:
        factor, words = factor * _FACTORS[words[0]], words[1:]
    return factor, words


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
