"""IFEval's instructions on words, letters, language and length: None where followed, else what is wrong."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from judges.values.counts import Counted, Unclear
from judges.values.languages import other_language
from judges.values.sentences import count_sentences
from judges.values.wording import plainly
from schemas import instructions as asked

_WORD = re.compile(r"\w+")
_DIVIDER = re.compile(r"\s?\*\*\*\s?")
_BEFORE_WORD, _AFTER_WORD = re.compile(r"\A\w"), re.compile(r"\w\Z")
# What nltk's word_tokenize cuts at, as far as capitals are concerned.
_CUTS = re.compile(r"[\s\[\](){}<>;@#$%&?!*—\"“”‘’„«»…]+|\.\.+|--+|``|''|[,:](?!\d)|\.(?=\s|\Z)")
_SHORT_FORMS = re.compile(r"(?<=[^' ])('S|'M|'D|'LL|'RE|'VE|N'T)\b", re.IGNORECASE)
# And what it takes for two words.
_MERGED = re.compile(r"\b(?:CANNOT|GIMME|LEMME|GONNA|WANNA|GOTTA)\b")
_PUNCTUATION = re.compile(r"[.,?!'\"]")


def _existence(text: str, given: asked.Keywords) -> str | None:
    low = text.lower()
    missing = [word for word in given.keywords if word.lower() not in low]
    return f"no {missing[0]!r}" if missing else None


def _frequency(text: str, given: asked.KeywordFrequency) -> str | None:
    found = Counted.exactly(text.lower().count(given.keyword.lower()), f"times {given.keyword!r}")
    return found.related(given.relation, given.frequency)


def _forbidden(text: str, given: asked.ForbiddenWords) -> str | None:
    shown = plainly(text)
    for word in given.forbidden_words:
        # In `_rock_` it is emphasised.
        before = r"(?<![^\W_])" if _BEFORE_WORD.search(word) else ""
        after = r"(?![^\W_])" if _AFTER_WORD.search(word) else ""
        found = re.search(before + re.escape(plainly(word)) + after, shown, re.IGNORECASE)
        if found:
            return f"{found.group()!r} at character {found.start()}"
    return None


def _letters(text: str, given: asked.LetterFrequency) -> str | None:
    found = Counted.exactly(text.lower().count(given.letter.lower()), f"times {given.letter!r}")
    return found.related(given.let_relation, given.let_frequency)


def _language(text: str, given: asked.ResponseLanguage) -> str | None:
    return other_language(text, given.language)


def _sentences(text: str, given: asked.NumberOfSentences) -> str | None:
    return count_sentences(text).related(given.relation, given.num_sentences)


def _words(text: str, given: asked.NumberOfWords) -> str | None:
    return Counted.exactly(count_words(text), "words").related(given.relation, given.num_words)


def count_words(text: str) -> int:
    """Runs of letters, figures and `_`: `don't` is two."""
    return sum(1 for _ in _WORD.finditer(text))


def _paragraphs(text: str, given: asked.NumberOfParagraphs) -> str | None:
    parts = [part.strip() for part in _DIVIDER.split(text)]
    if not all(parts[1:-1]):
        return "nothing between two dividers"
    found = Counted.exactly(len([part for part in parts if part]), "paragraphs divided by ***")
    return found.related("exactly", given.num_paragraphs)


def _first_word(text: str, given: asked.ParagraphFirstWord) -> str | None:
    parts = text.split("\n\n")
    full = len([part for part in parts if part.strip()])
    wrong = Counted.exactly(full, "paragraphs").related("exactly", given.num_paragraphs)
    at = given.nth_paragraph
    if wrong or at > full:
        return wrong or f"no paragraph {at}"
    words = parts[at - 1].split(maxsplit=1)
    if not words:
        return f"paragraph {at} is empty"
    first = _PUNCTUATION.split(words[0].lstrip("'").lstrip('"'), maxsplit=1)[0].lower()
    same = first == given.first_word.lower()
    return None if same else f"paragraph {at} starts with {first!r}, {given.first_word!r} wanted"


def _capital_words(text: str, given: asked.CapitalWords) -> str | None:
    words = _CUTS.split(_SHORT_FORMS.sub(r" \1", text))
    merged = len(_MERGED.findall(text))
    found = Counted.exactly(sum(word.isupper() for word in words) + merged, "words in capitals")
    return found.related(given.capital_relation, given.capital_frequency)


def _capital(text: str, _: asked.Arguments) -> str | None:
    small = next((word for word in text.split() if word != word.upper()), None)
    return f"{small!r} is not in capitals" if small else _english(text)


def _lowercase(text: str, _: asked.Arguments) -> str | None:
    large = next((word for word in text.split() if word != word.lower()), None)
    return f"{large!r} is not in lower case" if large else _english(text)


def _english(text: str) -> str | None:
    if text.upper() == text.lower():
        raise Unclear("no letters that have a case")
    # langdetect skips words in capitals.
    return other_language(text.lower(), "en")


def _no_comma(text: str, _: asked.Arguments) -> str | None:
    at = text.find(",")
    return None if at < 0 else f"a comma at character {at}: {text[max(0, at - 20) : at + 1]!r}"


FOLLOWED: Mapping[str, Callable[[str, Any], str | None]] = {
    "keywords:existence": _existence,
    "keywords:frequency": _frequency,
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letters,
    "language:response_language": _language,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_words": _words,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": _capital,
    "change_case:english_lowercase": _lowercase,
    "punctuation:no_comma": _no_comma,
}
