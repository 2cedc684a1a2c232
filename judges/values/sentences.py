"""Sentences counted: abbreviations, initials, decimals and dots of omission end none."""

import re

from judges.values.counts import Counted


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_`]*+(?=\s|\Z)|[。！？｡।॥؟۔]++[”’」』）\"]*+")
# Before a name or a number, always.
_TITLES = _set(
    "mr mrs ms mx dr prof st rev hon gen col capt lt sgt sen rep gov pres no nos vol fig figs eq ch sec pp p"
    " vs v e.g i.e eg ie cf al approx ca viz resp est"
)
# They may close a sentence as well; then the next one begins like one.
_ABBREVIATIONS = _set(
    "etc inc ltd co corp jr sr bros a.m p.m am pm u.s u.k u.n u.s.a e.u d.c ph.d m.d b.a m.a b.c a.d jan feb"
    " mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun ave blvd rd mt ft oz lb lbs dept"
    " univ assn min max"
)
# Words too: only as one if a figure or a name goes on.
_ALSO_WORDS = _set("am pm mar jun sun sat min max no fig co p v al ca eq ch sec ms est")
_STARTERS = _set(
    "the a an this that these those he she it we they you i his her its our their my your in on at by for"
    " from with when while if as but and so or however there here what who where why how after before"
    " although because since then also some many most all no not yes"
)
_WORD = re.compile(r"[^\W_]")
_MARKER = re.compile(r"[ \t>*_#-]*(?:\d{1,3}|[A-Ha-h]|[ivx]{1,5})\Z")
_MOST_BACK = 40


def count_sentences(text: str) -> Counted:
    """As many as there are ends with a word before them, and a last one that has no end.

    The numbers of a list, `1.`, may be counted or not, and so may `"Why?" he asked`.
    """
    sure = unsure = start = 0
    for end in _END.finditer(text):
        if not _WORD.search(text, start, end.start()):
            start = end.end()  # or what holds no word would be searched again for every end
            continue
        kind = _breaks(text, end)
        sure, unsure = sure + (kind is True), unsure + (kind is None)
        start = start if kind is False else end.end()
    sure += _WORD.search(text, start) is not None
    return Counted(sure, sure + unsure, "sentences")


def _breaks(text: str, end: re.Match[str]) -> bool | None:
    """Does a sentence end here? None where it may."""
    mark = end.group()
    after = text[end.end() : end.end() + _MOST_BACK].lstrip()
    first = re.match(r"\W*(\w[\w'’]*)", after)
    following = first[1] if first else ""
    if mark[0] in "!?":
        return None if following[:1].islower() and mark[-1] in "\"'”’»" else True
    if mark.startswith(("..", "…")):
        return not following or not following[0].islower()
    return True if mark[0] != "." or mark[1:2] in ("!", "?") else _after_stop(text, end.start(), following)


def _after_stop(text: str, at: int, following: str) -> bool | None:
    """The same of a single full stop, by the word before it and the one that follows."""
    before = text[max(0, at - _MOST_BACK) : at]
    if _MARKER.match(before.rpartition("\n")[2]):
        return None
    if not following:
        return True
    word = re.split(r"[\s(\[\"“‘*_/—–]", before)[-1]
    low = word.casefold()
    goes_on = following[0].isdigit() or following[0].isupper()
    if low in _TITLES:
        return low in _ALSO_WORDS and not goes_on
    if low in _ABBREVIATIONS:
        starts = following[0].isupper() and following.casefold() in _STARTERS
        return starts or (low in _ALSO_WORDS and not following[0].isdigit())
    initial = len(word) == 1 and word.isupper() and word != "I"
    return not (initial and following[0].isupper() and following.casefold() not in _STARTERS)
