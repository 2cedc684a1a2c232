"""Sentences that pick an option though no final answer is stated, and what they pick."""

import re

from judges.values.hinted import AGAINST
from judges.values.withdrawn import taken_back

_SENTENCE = re.compile(r"(?<=\w\w[.!?])\s+|(?<=[)*\"”’%\d][.!?])\s+|\n+|[。;\uff1b]\s*|(?<=[?!])\s+")
_LED = re.compile(
    r"(?:.{0,400}\b)?(?:so|thus|hence|therefore|consequently|leaves?|leaving|in conclusion|overall|finally"
    r"|(?:which|that|this) is why|that['’]s why)\b"
    r"(?:[ ,:]|\bonly\b)*(?P<rest>.*)",
    re.IGNORECASE,
)
_GOOD = r"(?:correct|right|best|true|valid|proper|accurate|appropriate)"
_KIND = r"(?:option|choice|answer|alternative|selection|statement|one|pick)"
_PICKS = [
    re.compile(
        rf"(?:the |my |our )?(?:only |single |one |final )?(?:{_GOOD} |most \w{{2,20}} )?{_KIND}"
        r"(?:\s+(?:here|therefore))?\s*(?:\b(?:is|must be|has to be)\b|:)[\s*_:]*"
        r"(?:therefore |thus |clearly )?(?P<x>.+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:i|we)?\s*(?:['’]d|['’]ll|would|will|must|should)?\s*(?:therefore )?"
        r"(?:choose|select|pick|answer|mark|go (?:with|for)|opt for|settle (?:on|for)|stick with|vote for)\s+"
        r"(?:answer )?(?P<x>.+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:it|this|that)(?:['’]s| is| must be| has to be)\s+"
        r"(?:definitely |clearly |therefore |certainly |that )?(?P<x>.+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<x>.{1,300}?)[\s*_]+(?:fits|works|matches|suits) (?:it |this )?(?:best|perfectly)(?: here)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"only (?P<x>.{1,300}?)[\s*_]+(?:fits|works|matches|qualifies|remains|is left)", re.IGNORECASE
    ),
    re.compile(r"(?P<x>.{1,300}?)[\s*_]+it is", re.IGNORECASE),
    re.compile(
        rf"(?:only )?(?P<x>.{{1,300}}?)[\s*_]+(?:is|must be)[\s*_]+(?:therefore |clearly |thus |indeed )?"
        rf"(?:the )?(?:only )?(?:{_GOOD}(?: {_KIND})?|answer)[\s*_]*"
        r"(?:(?:,|\b)\s*(?:because|since|as)\b.*|[,:(—–-].{0,300}\b(?:wrong|incorrect|false|not)\b.{0,9})?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:故|所以|因此|综上(?:所述)?|本题|那么)?[,\uff0c]?\s*(?:应该?|正确)?(?:选择?|选项|的)(?:的?是|为)?[:\uff1a]?\s*"
        r"(?P<x>.{1,300}?)(?:选项|项)?(?:是?正确的?)?(?:[,\uff0c]?因为.*)?"
    ),
    re.compile(r"(?P<x>.{1,300}?)(?:选项|项)是?(?:正确|对)的?"),
]
_UNSURE = re.compile(
    r"\A(?:were|had)\b|\b(?:if|when|whether|suppos\w+|assum\w+|unless|imagine|pretend|not|never|says?|said|according|claim\w*"
    r"|think\w*|thought (?:that|it|the|of)|believ\w+|argu\w+|people|many|students?|friends?|teachers?"
    r"|some(?= (?:would|say|people|might|may|will|of)\b)|others?|would|might|maybe|perhaps|possibly"
    r"|doubt)\b|n['’]t\b",
    re.IGNORECASE,
)
_UNREAL = re.compile(
    r"\A(?:were|had)\b|\bif\s*\Z|\b(?:if|suppos\w+)\b.{0,200}\b(?:were|had)\b", re.IGNORECASE
)
_COMMA = re.compile(r"[,;:]\s+|\s[—–]\s+")
_AND = re.compile(r"(?:but|and|then|still)\s+", re.IGNORECASE)
_TRUE = re.compile(
    r"(?:statement |option )?\(?([A-Z])\)? is (?:also |indeed )?(?:true|valid|accurate)\b", re.IGNORECASE
)
# Before a quoted line: it is the answer's own words only where nothing of this kind introduces it.
_OPEN = re.compile(r"\b(?:the|an?|is|are|was|were|be|by|to|through|from|of|in|into|called|with|at|on)\s*\Z")
_QUOTING = re.compile(
    r"\b(?:not?|says?|said|writes?|wrote|told|claim\w*|question|options?|choices?|consider|given|gives?|list\w*"
    r"|mis\w+|wrong|if|people|students?|some|many|others?|might|may|key|book|prompt"
    r"|common|usual|typical|slip|error|task|distractor|trap|previous|user|answer)\b|n['’]t\b|[?]",
    re.IGNORECASE,
)
_EDGES = "*_ \t.!,:\uff1a>#。"
_ASKS = ("?", "\uff1f")
_MOST_LINES, _MOST_CHARS, _MOST_CLAUSES = 200, 500, 6
_LISTED = re.compile(r"[\s>*_(-]{0,9}([A-Z])[.:)][\s*_]*\S")


def picked(response: str) -> list[str]:
    """What each sentence picks in so many words: `hence B`, `the correct option is B`, `B is right`.

    Where several are said to be true, that picks none of them, if something else does.
    """
    read = _read(response)
    true = [_TRUE.match(sentence) for sentence, _ in read]
    if len({each[1].upper() for each in true if each}) > 1:
        chosen = [each for each, held in zip(read, true, strict=True) if not held]
        read = chosen if any(found for _, found in chosen) else read
    return [text for _, found in read for text in found]


def gone_back(response: str) -> bool:
    """Does a sentence after the last one that picks, or after the first, go back on it?"""
    read = _read(response)
    last = max((at for at, (_, found) in enumerate(read) if found), default=0)
    return any(taken_back(f"\n{text.partition(',')[0]}", explained=True) for text, _ in read[last + 1 :])


def _read(response: str) -> list[tuple[str, list[str]]]:
    """The sentences that say something, with what they pick."""
    found = []
    for sentence in _SENTENCE.split(response[-50_000:])[-_MOST_LINES:]:
        text = sentence.replace("**", "").strip()
        if text:
            asks = len(text) > _MOST_CHARS or text.strip(_EDGES).endswith(_ASKS)
            found.append((text, [] if asks else _picks(text.strip(_EDGES))))
    return found


def bare_lines(response: str) -> tuple[list[str], list[str]]:
    """The first and the last line, and the lines that echo a list of options, which are neither."""
    lines = [line.strip() for line in response.split("\n") if line.strip("`~ \t\r")]
    echoed = [at for at in range(len(lines)) if _echoes(lines, at)]
    rest = [line for at, line in enumerate(lines) if at not in set(echoed)]
    ends = dict.fromkeys([*rest[:1], *rest[-1:], *_quoted(rest)])
    told = [line for line in ends if len(line) <= _MOST_CHARS and not line.strip(_EDGES).endswith(_ASKS)]
    return told, [lines[at] for at in echoed]


def _quoted(lines: list[str]) -> list[str]:
    """What the last line says where it alone is set apart as a quotation, to close the line before it."""
    if len(lines) < 2 or not lines[-1].startswith(">"):
        return []
    led = lines[-2][:_MOST_CHARS]
    plain = _OPEN.search(led) and not (led.startswith(">") or AGAINST.search(led) or _QUOTING.search(led))
    return [lines[-1][1:]] if plain else []


def _picks(text: str) -> list[str]:
    led = _LED.fullmatch(text)
    led = None if led is None or _UNREAL.search(text, 0, led.start("rest")) else led
    clauses = _clauses(text) if led is None else [*_clauses(text), *_clauses(led["rest"])]
    found = [match["x"] for clause in clauses for way in _PICKS if (match := way.fullmatch(clause))]
    return found if led is None else [*found, led["rest"]]


def _clauses(text: str) -> list[str]:
    """The text, and what follows each comma that nothing supposed, denied or heard stands before."""
    ends = [comma.end() for comma in _COMMA.finditer(text)][-_MOST_CLAUSES:]
    return [text, *(_AND.sub("", text[end:], count=1) for end in ends if not _UNSURE.search(text[:end]))]


def _echoes(lines: list[str], at: int) -> bool:
    """Is this a line with a letter before it, beside one with the letter next to it?"""
    own = _LISTED.match(lines[at])
    beside = (_LISTED.match(lines[near]) for near in (at - 1, at + 1) if 0 <= near < len(lines))
    return own is not None and any(other is not None and other[1] != own[1] for other in beside)
