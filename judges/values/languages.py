"""The language of a text, by langdetect, which is seeded so that a text has one verdict."""

import re
from functools import lru_cache

from langdetect import DetectorFactory, LangDetectException, detect_langs

from judges.values.counts import Unclear

DetectorFactory.seed = 0
_MOST_CHARS = 10_000
"""langdetect reads no more itself."""
_KANA, _HANGUL = re.compile("[\u3040-\u30ff]"), re.compile("[\uac00-\ud7af]")
_FEW_LETTERS = 25
_LATIN = "af ca cs cy da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr vi"


def other_language(text: str, wanted: str) -> str | None:
    """None where the text is in the wanted language (`zh`: in either script), else what is wrong.

    Raises Unclear where no language can be told: no letters, two that are likely, or too few letters to
    tell one Latin-written language from another.
    """
    found = _likely(text[:_MOST_CHARS])
    first = found[0]
    if _is(first, wanted):
        return None
    if any(_is(each, wanted) for each in found):
        raise Unclear(f"the language may be {' or '.join(found)}")
    if _is_cjk(wanted) and _is_cjk(first) and _may_be(wanted, text[:_MOST_CHARS]):
        raise Unclear(f"Chinese signs alone do not tell {wanted!r} from {first!r}")
    letters = sum(char.isalpha() for char in text[:_MOST_CHARS])
    if letters < _FEW_LETTERS and {wanted, first} <= set(_LATIN.split()):
        raise Unclear(f"{letters} letters are too few to tell the language")
    return f"the language is {first!r}, {wanted!r} wanted"


def _is_cjk(language: str) -> bool:
    return language in ("ja", "ko") or language.startswith("zh")


def _may_be(wanted: str, text: str) -> bool:
    """Could a text in Chinese signs, kana or hangul be in this language of them?"""
    kana, hangul = _KANA.search(text) is not None, _HANGUL.search(text) is not None
    return {"ja": kana or not hangul, "ko": hangul}.get(wanted, not (kana or hangul))


def _is(found: str, wanted: str) -> bool:
    return found == wanted or (wanted == "zh" and found.startswith("zh-"))


@lru_cache(maxsize=64)
def _likely(text: str) -> tuple[str, ...]:
    try:
        return tuple(each.lang for each in detect_langs(text))
    except LangDetectException as error:
        raise Unclear("the language cannot be told") from error
