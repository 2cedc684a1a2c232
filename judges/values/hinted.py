"""Options picked at the end of a response without a verdict: `which matches option (D)`, or by a text."""

import re

from judges.values.claimed import one_sentence
from judges.values.seen import struck
from judges.values.wording import folded, holds

SENTENCE = re.compile(r"(?<=[^\W\d_]{2}[.!?])\s+|(?<=[\d)*%][.!?])\s+|\n+|[。]\s*")
_MATCHED = re.compile(
    r"\b(?:corresponds? to|match(?:es)?|agrees? with|(?:which|this|that) is|i\.e\.|that is|namely|so)[,:]?\s"
    r"(?:the\s)?(?:option|choice|answer)\s\(?([A-Z])\)?[.!\s]*\Z"
)
AGAINST = re.compile(
    r"\b(?:not?|non|never|neither|nor|none|cannot|except|unlike|without|opposite|if|unless|whether|might"
    r"|may|could|maybe|perhaps|possibly|probably|many|some|most people|people|someone|student\w*|think\w*"
    r"|thought|believ\w+|sa(?:y|ys|id)|claim\w*|guess\w*|seems?|appears?|tempting|too|alternatives?|options?|candidates?|wrong|incorrect|false"
    r"|mis\w+|myth|error|worst|least|avoid\w*|contraindicated|inappropriate|unlikely|impossible|difficult"
    r"|hard|hardly|unable|rather|than|instead|before|after|fail\w*|refus\w+|stop\w*|ceas\w+|prevent\w*"
    r"|rul(?:e|es|ed|ing) out|eliminat\w*|exclud\w*|other|another|distractor|or|either|but|however|although"
    r"|while|whereas|first|initial\w*|once|formerly|used|un\w+ly|actually|wait|otherwise|only)\b"
    r"|n['’ ]t\b",
    re.IGNORECASE,
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LEADS = _set(
    "is are was were be been becomes became will would should must to that by of from called named the a an"
    " in"
)
_COMMON = _set(
    "have that this with from they their most will been than more some into which what when where does were"
    " them then also such very much each both only over upon while would should there these those about"
)
_WORDED = re.compile(r"[^\W\d_]+(?:[\s'’-]+[^\W\d_]+)*[.]?")
_AS_WELL = re.compile(r"\b(?:so|as) (?:is|are|was|were)\b", re.IGNORECASE)
_MOST_CHARS, _LEAST_LETTERS, _MOST_LABEL = 400, 4, 3


def matched(response: str) -> list[str]:
    """The letters that sentences end in, `corresponds to option F`; none where the last one does not."""
    sentences = [each for each in SENTENCE.split(response[-5_000:].strip()) if each]
    found = [_letter(each[-_MOST_CHARS:].replace("*", "")) for each in sentences]
    return [each for each in found if each] if found and found[-1] else []


def _letter(sentence: str) -> str | None:
    found = _MATCHED.search(sentence)
    return None if found is None or AGAINST.search(sentence, 0, found.start()) else found[1]


def ended(response: str, options: list[str]) -> str | None:
    """What a response of one sentence ends in: an option, or what may name one; else None."""
    said = said_option(response, options)
    end = one_sentence(response) if said is None and not _AS_WELL.search(response[-_MOST_CHARS:]) else None
    if end is None or len(end.strip("*()_ ")) <= _MOST_LABEL:
        return said or end
    before = folded(response.replace("*", "").strip().removesuffix(".").removesuffix(end))
    named = any(_WORDED.fullmatch(option) and holds(before, folded(option)) for option in options)
    return None if named else end


def said_option(response: str, options: list[str]) -> str | None:
    """The one option that a plain sentence ends in, where no words of another occur; else None."""
    text = response.strip().replace("*", "")
    asks = text.endswith(("?", ":"))
    if asks or len(text) > _MOST_CHARS or "\n" in text or SENTENCE.search(text) or struck(response):
        return None
    said, keys = folded(text), [folded(option) for option in options]
    ends = [at for at, key in enumerate(keys) if _WORDED.fullmatch(options[at]) and said.endswith(f" {key}")]
    if len(ends) != 1:
        return None
    head = said.removesuffix(keys[ends[0]]).split()
    against = rivals(ends[0], " ".join(head), options) or AGAINST.search(" ".join(head))
    return options[ends[0]] if head[-1] in _LEADS and not against else None


def rivals(own: int, said: str, options: list[str]) -> bool:
    """Do folded words hold another option, or a telling word of one that is not this one's as well?"""
    keys = [folded(option) for option in options]
    others = [key for at, key in enumerate(keys) if at != own]
    words = {word for key in others for word in key.split() if _tells(word)} - set(keys[own].split())
    return any(holds(said, key) for key in others) or not words.isdisjoint(said.split())


def _tells(word: str) -> bool:
    return len(word) >= _LEAST_LETTERS and word not in _COMMON
