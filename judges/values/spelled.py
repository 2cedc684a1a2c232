"""Answers in words, as the signs they stand for: numbers, infinities, and that there is no answer."""

import re
import unicodedata

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = [
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]
_SMALL = {word: at for at, word in enumerate(_ONES)} | {word: 10 * at for at, word in enumerate(_TENS, 2)}
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {"half": 2, "halves": 2, "quarter": 4, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7}
_PARTS |= {"eighth": 8, "ninth": 9, "tenth": 10, "twelfth": 12, "hundredth": 100, "thousandth": 1000}
_CHINESE = {sign: at for at, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_HANZI = "零〇一二两三四五六七八九十百千万亿"
_OF = re.compile(rf"([{_HANZI}]{{1,12}})分之([{_HANZI}]{{1,12}})")
_SIGNS = {
    r"(?:there (?:is|are) )?no (?:real |such |valid |possible |integer )*(?:solutions?|roots?|answers?)"
    r"(?: exists?)?|(?:the )?(?:empty|null) set|\\varnothing|∅|Ø|\{\s*\}|\\\{\s*\\\}"
    r"|无(?:实数)?解|空集": "\\emptyset",
    r"dne|d\.n\.e|(?:it |the limit |limit )?(?:does not|doesn['’]t|do not) exist|不存在": "does not exist",
    r"\+?\s*(?:\\infty|infty|infinity)|(?:positive|plus) infinity|正?无穷大?": "\\infty",
    r"-\s*(?:infty|infinity)|(?:negative|minus) infinity|负无穷大?": "-\\infty",
}
_WHOLE = [(re.compile(pattern, re.IGNORECASE), sign) for pattern, sign in _SIGNS.items()]
_WORD = re.compile(r"[a-z]+")
_MOST_CHARS = 120
_NUMBER_WORDS = "|".join(sorted([*_SMALL, *_LARGE, "hundred"], key=len, reverse=True))
_IN_WORDS = (
    rf"\b(?:{_NUMBER_WORDS})(?:[ -]+(?:and[ -]+)?(?:{_NUMBER_WORDS}))*+\b"
    rf"(?![ -]+(?:{'|'.join(_PARTS)})s?\b)"
)
_SAID = re.compile(rf"{_IN_WORDS}(?![ -]+(?:first|second|\w+(?:rd|th))\b)", re.IGNORECASE)
# After these it tells which ones are spoken of, and not how many there are.
_SPOKEN_OF = re.compile(
    r"\b(?:the|of|these|those|all|both|each|any|some|other|another|its|his|her|their|our|my|your|last|first"
    r"|next|every)[\s*]*\Z",
    re.IGNORECASE,
)
_TWICE = re.compile(
    rf"(?P<words>{_IN_WORDS})(?P<unit>(?: [a-z]+)?)(?: ?\(|,? or )"
    r"(?P<figures>(?P<money>[$€£]?)(?P<number>\d[\d,]*))(?: [a-z]+)?\)?(?=[\s.]|\Z)",
    re.IGNORECASE,
)
_LAST = re.compile(r"(?:\A|[\n]|[.!?][*_]{0,2}\s)(?P<sentence>[^\n.!?]{1,300}[.!]?[*_\s]*)\Z")
_CONCLUDES = re.compile(
    r"[\s*_]*(?:so|thus|therefore|hence|consequently|altogether|in (?:total|all)|finally|we conclude"
    r"|(?:this|that) means)\b",
    re.IGNORECASE,
)
_MEASURES = re.compile(
    r"\b(?:is|are|was|were|lasts?|takes?|took|costs?|needs?|weighs?|has|have|gets?|makes?|holds?|contains?|earns?|pays?|saves?)"
    r"[\s*]{1,4}\Z",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[*]{0,2}(?:[ ][a-z]+){0,2}[\s.!*]{0,9}\Z")
_VULGAR, _MOST_LAST = re.compile("[\u00bc-\u00be\u2150-\u215e]"), 400


def ending_in_figures(response: str) -> str:
    """The response with figures for the one number of a last sentence that concludes in words.

    A number in words and in figures, `twelve (12)`, stands there once.
    """
    skipped = max(0, len(response) - _MOST_LAST)
    last = _LAST.search(response[skipped:])
    if last is None:
        return response
    said = _VULGAR.sub(_figures, last["sentence"])
    head = response[: skipped + last.start("sentence")]
    if re.search(r"\d", said):
        return head + _TWICE.sub(_once, said)
    numbers = list(_SAID.finditer(said))
    if len(numbers) != 1 or _SPOKEN_OF.search(said, 0, numbers[0].start()):
        return response
    told = _words_told(numbers[0][0])
    if (
        told is None
        or told < 2
        or not (_CONCLUDES.match(said) or _found_before(told, said, numbers[0], head))
    ):
        return response
    return head + _SAID.sub(str(told), said)


def _found_before(told: int, said: str, words: re.Match[str], head: str) -> bool:
    """Does the sentence end in the number, as how much something is, and was it worked out in figures?"""
    if not (_MEASURES.search(said, 0, words.start()) and _ENDS.match(said, words.end())):
        return False
    return re.search(rf"[=≈]\s?[$*\\]{{0,3}}{told}(?![\d/^]|[.,]\d)", head[-_MOST_LAST:]) is not None


def spells(text: str) -> bool:
    """Does it hold a number in words that is more than one?"""
    told = [each for each in _SAID.finditer(text) if not _SPOKEN_OF.search(text, 0, each.start())]
    return any((_words_told(each[0]) or 0) > 1 for each in told)


def _figures(vulgar: re.Match[str]) -> str:
    """`3¾` is 3 3/4."""
    return (
        " " if vulgar.start() and vulgar.string[vulgar.start() - 1].isdigit() else ""
    ) + unicodedata.normalize("NFKC", vulgar[0]).replace("\u2044", "/")


def _once(twice: re.Match[str]) -> str:
    told = _words_told(twice["words"])
    if told is None or str(told) != twice["number"].replace(",", ""):
        return twice[0]
    return twice["figures"] + ("" if twice["money"] else twice["unit"])


def _words_told(words: str) -> int | None:
    return _spelled(words.casefold().replace("-", " ").split())


def signs(text: str) -> str:
    """The text in signs where the whole of it is words that have some; else as it is."""
    if len(text) > _MOST_CHARS:
        return text
    for pattern, sign in _WHOLE:
        if pattern.fullmatch(text):
            return sign
    return _chinese(text) or _english(text) or text


def _english(text: str) -> str | None:
    """`twenty-one` is 21, `three quarters` is 3/4, `six apples` are 6 apples."""
    words = text.casefold().replace("-", " ").split()
    sign = "-" if words[:1] in (["minus"], ["negative"]) else ""
    words = words[1:] if sign else words
    end = next((at for at, word in enumerate(words) if not _counts(word)), len(words))
    while end and words[end - 1] in ("and", "a"):
        end -= 1
    told = _spelled(words[:end])
    if told is None:
        return None
    rest = words[end:]
    if rest and rest[0].removesuffix("s") in _PARTS and told > 0 and end == 1:
        return (
            f"{sign}{told}/{_PARTS[rest[0]] if rest[0] in _PARTS else _PARTS[rest[0][:-1]]}"
            if len(rest) == 1
            else None
        )
    if (
        len(rest) > 2
        or not all(_WORD.fullmatch(word) for word in rest)
        or rest[:1] in (["of"], ["or"], ["to"], ["and"])
    ):
        return None
    return " ".join([f"{sign}{told}", *rest])


def _counts(word: str) -> bool:
    return word in _SMALL or word in _LARGE or word in ("hundred", "and", "a")


def _spelled(words: list[str]) -> int | None:
    """The whole number that the words are; None where they are none."""
    total, group, last = 0, 0, 10**18
    if not words or not (words[0] in _SMALL or words[0] == "a") or words == ["a"]:
        return None
    for word in words:
        if word == "hundred":
            group = max(group, 1) * 100
        elif word in _LARGE:
            if _LARGE[word] >= last:
                return None
            total, group, last = total + max(group, 1) * _LARGE[word], 0, _LARGE[word]
        elif word in _SMALL:
            room = 100 if group % 100 == 0 else 10 if group % 10 == 0 and group % 100 >= 20 else 0
            if group and _SMALL[word] >= room:
                return None
            group += _SMALL[word]
    return total + group


def _chinese(text: str) -> str | None:
    sign = "-" if text.startswith("负") else ""
    body = text[len(sign) :]
    of = _OF.fullmatch(body)
    if of:
        bottom, top = _hanzi(of[1]), _hanzi(of[2])
        shown = None if not top or not bottom else f"{top}%" if bottom == 100 else f"{top}/{bottom}"
        return None if shown is None else sign + shown
    told = _hanzi(body) if body and set(body) <= set(_HANZI) else None
    return None if told is None else f"{sign}{told}"


def _hanzi(text: str) -> int | None:
    total, section, digit = 0, 0, 0
    for char in text[:12]:
        if char in _CHINESE:
            digit = _CHINESE[char]
        elif char in _SCALES:
            section, digit = section + (digit or 1) * _SCALES[char], 0
        else:
            total, section, digit = (total + section + digit) * (10**4 if char == "万" else 10**8), 0, 0
    return total + section + digit
