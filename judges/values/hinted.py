"""Options that a response picks at its end without a verdict: `which matches option (D)`, or by their text."""

import re

from judges.values.claimed import struck
from judges.values.wording import folded, holds

_SENTENCE = re.compile(r"(?<=[^\W\d_]{2}[.!?])\s+|(?<=[\d)*%][.!?])\s+|\n+|[。]\s*")
_MATCHED = re.compile(
    r"\b(?:corresponds? to|match(?:es)?|agrees? with|(?:which|this|that) is|i\.e\.|that is|namely|so)[,:]?\s"
    r"(?:the\s)?(?:option|choice|answer)\s\(?([A-Z])\)?[.!\s]*\Z"
)
_AGAINST = re.compile(
    r"\b(?:not?|non|never|neither|nor|none|cannot|except|unlike|without|opposite|if|unless|whether|might|may|could"
    r"|maybe|perhaps|possibly|probably|many|some|most people|people|someone|student\w*|think\w*|thought|believ\w+"
    r"|sa(?:y|ys|id)|claim\w*|guess\w*|seems?|appears?|tempting|wrong|incorrect|false|mis\w+|myth|error|worst"
    r"|least|avoid\w*|contraindicated|inappropriate|unlikely|impossible|difficult|hard|hardly|unable|rather"
    r"|than|instead|before|after|fail\w*|refus\w+|stop\w*|ceas\w+|prevent\w*|rul(?:e|es|ed|ing) out|eliminat\w*"
    r"|exclud\w*|other|another|distractor|or|either|but|however|although|while|whereas|first|initial\w*|once"
    r"|formerly|used|un\w+ly|actually|wait|otherwise|only)\b|n t\b|n['’]t\b",
    re.IGNORECASE,
)
_LEADS = frozenset(
    "is are was were be been becomes became will would should must to that by of from called named the a an in".split()
)
_COMMON = frozenset(
    "have that this with from they their most will been than more some into which what when where does were them"
    " then also such very much each both only over upon while would should there these those about".split()
)
_WORDED = re.compile(r"[^\W\d_]+(?:[\s'’-]+[^\W\d_]+)*[.]?")
_MOST_CHARS, _LEAST_LETTERS = 400, 4


def matched(response: str) -> list[str]:
    """The letters that sentences end in, `corresponds to option F`; none where the last one does not."""
    sentences = [each for each in _SENTENCE.split(response[-5_000:].strip()) if each]
    found = [_letter(each[-_MOST_CHARS:].replace("*", "")) for each in sentences]
    return [each for each in found if each] if found and found[-1] else []


def _letter(sentence: str) -> str | None:
    found = _MATCHED.search(sentence)
    return None if found is None or _AGAINST.search(sentence, 0, found.start()) else found[1]


def said_option(response: str, options: list[str]) -> str | None:
    """The text of the one option that a plain sentence ends in, where no other one's words occur; else None."""
    text = response.strip().replace("*", "")
    if (
        len(text) > _MOST_CHARS
        or "\n" in text
        or text.endswith(("?", ":"))
        or _SENTENCE.search(text)
        or struck(text)
    ):
        return None
    said, keys = folded(text), [folded(option) for option in options]
    ends = [at for at, key in enumerate(keys) if _WORDED.fullmatch(options[at]) and said.endswith(f" {key}")]
    if len(ends) != 1 or keys.count(keys[ends[0]]) > 1:
        return None
    own = keys[ends[0]]
    head = said.removesuffix(own).strip()
    others = [key for key in keys if key != own]
    words = {word for key in others for word in key.split() if _tells(word)} - set(own.split())
    rival = any(holds(said, key) for key in others) or not words.isdisjoint(head.split())
    plain = (
        head.split()[-1] in _LEADS and not _AGAINST.search(head) and not _AGAINST.search(text[: len(head)])
    )
    return options[ends[0]] if plain and not rival else None


def _tells(word: str) -> bool:
    return len(word) >= _LEAST_LETTERS and word not in _COMMON
