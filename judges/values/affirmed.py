"""Options that a plain sentence affirms by their text: `Jane Austen wrote it`, `It does not increase`.

The sentence stands alone, or it concludes what comes before it. Another option in it, or anything that
denies, doubts or compares, and it affirms none.
"""

import re

from judges.values.hinted import AGAINST, SENTENCE, rivals
from judges.values.options import by_text, key_of
from judges.values.seen import struck
from judges.values.wording import folded

_SO = re.compile(
    r"(?:so|thus|hence|therefore|consequently|in conclusion|overall)\b,?\s+(?P<rest>.+)", re.IGNORECASE
)
_DENIED_FIRST = re.compile(
    r"(?:(?:it|this|that) (?:is|was) )?(?:not(?! (?:only|just|merely|all|every|necessarily)\b)|neither)\s"
    r"(?P<others>[^:;.]{1,200}?)(?::|;|\s[–—-]|,? but(?: rather)?)\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r",\s+(?:which|whose|who|where)\b.*|\s*\([^()]*\)")
# What makes of an option before it the subject of the sentence: no other noun, as in `the dog owner`.
_VERB = re.compile(
    r"\s+(?:(?:is|was|are|were|must be) (?:the|what|who)\b|(?:would|will)\s+(?!be\b)[a-z]{2,20}"
    r"|(?:(?:wrote|made|led|won|held|began|built|took|gave|found|[a-z]{2,20}(?:ed|s))(?=\s+(?:it|them|this|that"
    r"|these|those|him|her)\b)))(?![\w'’-])"
)
_HEDGED = re.compile(
    r"\b(?:also|too|second\w*|next|close|almost|nearly|seldom|rarely|scarcely|barely|partly|partially|looks?|sounds?"
    r"|would be|trap|candidate|known|used to|fans?|like|similar|same|and|smaller|less"
    r"|rival|runner|clos\w+|options?|candidates?|elsewhere|exam|key|nothing|lies|lo[os]es?|out|converse|opposite|inverse"
    r"|negation|contrary|left to|remains|sometimes|often|usually|once|question|example)\b|[?✗✘❌×]",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\bclaim(?= is\b)|(?<=\bthe )only\b", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:it|this|that|they|he|she|(?:the|this) \w{1,30})", re.IGNORECASE)
_AUXILIARY = re.compile(r"(?:is|are|was|were|does|do|did|has|have|can|cannot|will|must)\b", re.IGNORECASE)
_LETTERED = re.compile(r"(?P<head>.{3,300}):\s*[*_]*\(?(?P<letter>[A-Z])\)?[*_]*")
_TOLD = re.compile(
    r"(?P<head>(?:it|this|that|he|she|they|these)(?:['’]s| is| was| are| must be)\b[^:]{0,300})"
    r":\s*(?P<told>[^:]{2,300})",
    re.IGNORECASE,
)
_MOST_CHARS = 400


def affirmed(response: str, options: list[str]) -> list[set[str]]:
    """The option of a lone sentence, or of a last one that concludes, and its letter where that is told."""
    sentence = _sentence(response)
    if not sentence or not options:
        return []
    ways = (_subject, _predicate, _after_colon)
    found = [letter for way in ways if (letter := way(_without_denied(sentence, options), options))]
    lettered = _lettered(sentence, options)
    return [{each} for each in found] + ([lettered] if lettered else [])


def _sentence(response: str) -> str:
    text = response.strip().replace("*", "")
    sentences = [each.strip() for each in SENTENCE.split(text[-4 * _MOST_CHARS :]) if each.strip()]
    last = sentences[-1] if sentences else ""
    led = _SO.fullmatch(last)
    whole = len(sentences) == 1 and len(text) <= _MOST_CHARS
    said = led["rest"] if led else last if whole else ""
    plain = len(said) <= _MOST_CHARS and not said.endswith(("?", ":")) and not struck(response)
    return said.rstrip(".! ") if plain else ""


def _without_denied(sentence: str, options: list[str]) -> str:
    """`Not A, and not B: C …` as `C …`, where A and B are not C."""
    denied = _DENIED_FIRST.fullmatch(sentence)
    if denied is None:
        return sentence
    named = [_named(denied[part], options) for part in ("others", "rest")]
    return denied["rest"] if all(named) and named[0].isdisjoint(named[1]) else ""


def _named(text: str, options: list[str]) -> set[str]:
    key = key_of(options)
    return by_text(key(text), [key(option) for option in options])


def _subject(sentence: str, options: list[str]) -> str | None:
    """The option that a sentence begins with, as its subject."""
    low = re.sub(r"\A(?:the|an?)\s+", "", sentence.casefold())
    firsts = [_stem(option) for option in options]
    begun = [at for at, first in enumerate(firsts) if first and low.startswith(first)]
    if not begun:
        return None
    own = max(begun, key=lambda at: len(firsts[at]))
    rest = low.removeprefix(firsts[own])
    aside = re.match(r"\s*\(([a-z])\)", rest)
    if aside and aside[1] != chr(ord("a") + own):
        return None
    rest = rest[aside.end() :] if aside else rest
    return _letter(own, rest, options) if _VERB.match(rest) else None


def _stem(option: str) -> str:
    """A text of words alone, without its article; empty for a formula."""
    words = re.fullmatch(r"(?:(?:the|an?)\s+)?([^\W\d_]+(?:[\s'’-]+[^\W\d_]+)*)\.?", option.casefold())
    return words[1] if words and len(words[1]) > 1 else ""


def _predicate(sentence: str, options: list[str]) -> str | None:
    """The option that is all that a sentence says of its subject: `It does not increase`."""
    ends = _closing(folded(sentence), options)
    if not ends:
        return None
    own = max(ends, key=lambda at: len(folded(options[at])))
    subject = " ".join(sentence.split()[: -len(folded(options[own]).split())])
    verb = _AUXILIARY.match(options[own]) or _stem(options[own]).endswith("s")
    return _letter(own, subject, options) if verb and _SUBJECT.fullmatch(subject) else None


def _after_colon(sentence: str, options: list[str]) -> str | None:
    """The option that stands after the sentence: `It is the heaviest planet: Jupiter`."""
    told = _TOLD.fullmatch(sentence)
    own = (
        []
        if told is None
        else [at for at, each in enumerate(options) if folded(each) == folded(told["told"])]
    )
    return _letter(own[0], told["head"], options) if told and len(own) == 1 else None


def _lettered(sentence: str, options: list[str]) -> set[str]:
    """The letter after a colon, and the option that the words before it end in: `The claim is false: B`."""
    found = _LETTERED.fullmatch(sentence)
    said = "" if found is None else folded(found["head"])
    ends = _closing(said, options)
    if found is None or len(ends) != 1:
        return set()
    own = _letter(ends[0], said.removesuffix(folded(options[ends[0]])), options)
    return {own, found["letter"]} if own else set()


def _closing(said: str, options: list[str]) -> list[int]:
    """Which options, of those that are words, folded words end in."""
    return [at for at, each in enumerate(options) if _stem(each) and said.endswith(f" {folded(each)}")]


def _letter(own: int, around: str, options: list[str]) -> str | None:
    """Its letter, where nothing around an option names another one, or denies, doubts or compares."""
    said = folded(_RELATIVE.sub("", around))
    around = _PLAIN.sub("", around)
    against = AGAINST.search(around) or _HEDGED.search(around) or rivals(own, said, options)
    return None if against else chr(ord("A") + own)
