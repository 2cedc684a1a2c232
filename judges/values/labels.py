"""Answers that are letters or words: an option, several options, an option with its text, a word."""

import re

from judges.values.bundles import Same, Told
from judges.values.lists import read_list

LETTER = re.compile(r"\(?([A-Za-z])\)?")
_RUN = re.compile(r"(?=[A-J]{2})A?B?C?D?E?F?G?H?I?J?")
_LABELLED = re.compile(
    r"(?:\(([A-J])\)|([A-J])[).:])\s*((?!(?:or|and)\b|[,/&;]|[^()]*\([A-J]\))\S.*)", re.DOTALL
)
_RECONSIDERED = re.compile(r"\b(?:[A-J]|not|no|wrong|incorrect|false|choose|except)\b(?!\s*[=(])")
_WORDS = re.compile(r"[^\W\d_]+(?:(?:[\s'’]+|-(?=[^\W\d_]{2}))[^\W\d_]+)*")
_OPTIONS = frozenset("ABCDEFGHIJ")
_CONSTANTS = frozenset({"e", "i"})
_ARTICLES = frozenset({"a", "an", "the", "is", "it"})


def same_several(gold: str, answer: str) -> Told:
    """ABD are A, B and D."""
    runs = [_RUN.fullmatch(text) for text in (gold, answer)]
    if bool(runs[0]) == bool(runs[1]):
        return "other"
    run, listed = (gold, read_list(answer)) if runs[0] else (answer, read_list(gold))
    letters = [LETTER.fullmatch(item) for item in listed.items] if listed else []
    if not letters or None in letters:
        return "other"
    return None if listed and listed.options else set(run) == {letter[1] for letter in letters if letter}


def same_labelled(gold: str, answer: str, same: Same) -> Told:
    """`(B) 12` is B, and it is 12."""
    read = [_LABELLED.fullmatch(text) for text in (gold, answer)]
    bare = [LETTER.fullmatch(text) for text in (gold, answer)]
    if not any(read) or any(each and each[1].islower() for each in bare):
        return "other"
    letters = [
        (label and (label[1] or label[2])) or (letter and letter[1])
        for label, letter in zip(read, bare, strict=True)
    ]
    if all(letters):
        return _same_texts(read, same) if letters[0] == letters[1] else False
    texts = [label[3] if label else text for label, text in zip(read, (gold, answer), strict=True)]
    if any(_LABELLED.fullmatch(text) for text in texts):
        return None  # a label within a label, which might go on for ever
    return same(texts[0], texts[1]) or None


def _same_texts(read: list[re.Match[str] | None], same: Same) -> bool | None:
    """Of the same letter: is there no other text, and no other letter, beside it?"""
    texts = [label[3] for label in read if label]
    if any(_RECONSIDERED.search(text) for text in texts):
        return None
    return True if len(texts) < 2 or same(texts[0], texts[1]) else None


def same_words(gold: str, answer: str) -> Told:
    """Letters and words as they are; `other` where both are something else."""
    letters = LETTER.fullmatch(gold), LETTER.fullmatch(answer)
    if letters[0] and letters[1]:
        one, two = letters[0][1], letters[1][1]
        # A chosen letter may be small; a quantity of another case is another one.
        same = one == two or (one in _OPTIONS and one == two.upper())
        return True if same else None if one.casefold() == two.casefold() else False
    if _WORDS.fullmatch(gold) and _WORDS.fullmatch(answer):
        told = [frozenset(text.casefold().replace("-", " ").split()) - _ARTICLES for text in (gold, answer)]
        if gold.casefold() == answer.casefold() or (told[0] == told[1] and len(told[0]) == 1):
            return True
        return None if told[0] < told[1] or told[1] < told[0] else False
    # A gold i or e is a number, where the answer is no word.
    if (_WORDS.fullmatch(gold) and gold not in _CONSTANTS) or (_WORDS.fullmatch(answer) and len(answer) > 1):
        return None
    return "other"
