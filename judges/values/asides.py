"""What a response adds behind its answer: a check, takeaways, by the way, what would have been otherwise."""

import re

from judges.values.remarks import closed_check
from judges.values.withdrawn import taken_back

_MOST_CHARS, _MOST_ASIDES = 1_500, 4
_HEADED = re.compile(
    r"^(?:#{1,6}[ \t]+|\*\*|__)[^\w\n]{0,4}(?:(?:key|main|final)[ \t]+)?(?:takeaways?|notes?|remarks?"
    r"|tips?|insights?|pitfalls?|common (?:mistakes?|errors?|pitfalls?)"
    r"|why (?:this|it|that) works)[ \t]*:?[*_ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"[.!?][*_$]{0,3}\s+(?=[*_(\"“]{0,3}[A-Z])")
_BY_THE_WAY = re.compile(
    r"\b(?:by the way|incidentally|as an aside|as a side[ -]?note|in passing|for comparison)\b",
    re.IGNORECASE,
)
# What did not happen and was not asked for.
_WOULD_HAVE = re.compile(
    r"[\s*_(]*(?:(?:had|without|otherwise)\b[^\n]*\bwould(?:[ \t]+\w+){0,2}[ \t]+have\b"
    r"|if\b[^\n]*?\b(?:had|you(?:['’]d)?[ \t]+(?:wanted|needed|meant)|were[ \t]+(?:asked|instead))\b"
    r"[^\n]*?(?:\bwould\b|['’]d\b))",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"[\s*_(]*(?:this|that|it)[ \t]+is[ \t]+(?:therefore[ \t]+)?(?:the|an?|our)[ \t]+(?:\w+[ \t]+){0,2}"
    r"solution\b[^\d\n]{0,80}\Z",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"[,;(]\s*(?:and\s+|while\s+)?the\s+(?:next|following)\s+(?:ones?|such\s+\w+|smallest|larger\s+ones?)\s+"
    r"(?:is|are|being|would be)\b[^\n.]*[.)*_]*\Z",
    re.IGNORECASE,
)
# `So it holds **12**. The surplus is 2.`: what is set in bold and concluded, and what is not.
_CONCLUDED = re.compile(
    r"[\s*_]*(?:so|thus|therefore|hence|consequently)\b[^*\n]*\*\*[^*\n]{0,30}\d[^*\n]{0,30}\*\*[^*\n\d]*\Z",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"the (?!.*\b(?:total|answer|final|sum|result|left|remain\w*|altogether|overall|rest|required)\b)"
    r"[^\n*,;:=]{1,60}? (?:is|was) [^\n*,;:=]{1,30}\Z",
    re.IGNORECASE,
)
# Without one of these nothing is added.
_HINTS = (
    *("heck", "erif", "roof", "est", "robe", "érif", "ompro", "验", "检", "would", "’d", "'d", "solution"),
    *("next", "following", "way", "ncident", "side", "in passing", "omparison", ". The", "akeaway", "ote"),
    *("emark", "ip", "nsight", "itfall", "istake", "rror", "works"),
)
_STATES = re.compile(r"\banswer|[?？]|答", re.IGNORECASE)


def parted(text: str) -> tuple[str, str]:
    """What a response says up to its answer, and what it adds; nothing is parted beside a box or a tag."""
    if text.startswith("####", text.rfind("\n") + 1) or any(sign in text for sign in ("boxed", "fbox", "</")):
        return text, ""
    if not any(map(text[-_MOST_CHARS:].__contains__, _HINTS)):
        return text, ""
    main = text.rstrip()
    for _ in range(_MOST_ASIDES):
        skipped = max(0, len(main) - _MOST_CHARS)
        start = _aside(main[skipped:])
        if not start:
            break
        main = main[: skipped + start].rstrip()
    return (main, text[len(main) :]) if len(main) < len(text.rstrip()) else (text, "")


def _aside(tail: str) -> int | None:
    """Where the last thing begins that is said on top; None where nothing is, or it may be more than that."""
    start = next(filter(None, (find(tail) for find in (_section, closed_check, _sentence, _next))), None)
    aside = tail[start:] if start else ""
    return None if not start or _STATES.search(aside) or taken_back(aside) else start


def _section(tail: str) -> int | None:
    found = _HEADED.search(tail)
    return found.start() if found else None


def _sentence(tail: str) -> int | None:
    begin = tail.rfind("\n") + 1
    line = tail[begin:]
    ends = [end.end() for end in _SENTENCE_END.finditer(line)]
    if line.startswith("(") and line.endswith(")"):
        ends = []
    last = ends[-1] if ends else 0
    sentence, before = line[last:], line[:last].strip()
    aside = any(said.search(sentence) for said in (_BY_THE_WAY, _ONLY)) or _WOULD_HAVE.match(sentence)
    also = len(ends) == 1 and _CONCLUDED.match(before) and _ALSO.match(sentence)
    return begin + last if aside or also else None


def _next(tail: str) -> int | None:
    found = _NEXT.search(tail, tail.rfind("\n") + 1)
    return found.start() if found else None
