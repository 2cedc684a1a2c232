"""Sentences that pick an option though no final answer is stated, and what they pick."""

import re

_SENTENCE = re.compile(r"(?<=\w\w[.!?])\s+|(?<=[)*\"”’%\d][.!?])\s+|\n+|[。;\uff1b]\s*|(?<=[?!])\s+")
_LED = re.compile(
    r"(?:.{0,400}\b)?(?:so|thus|hence|therefore|consequently|leaves?|leaving|in conclusion|overall|finally)\b"
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
        r"(?:choose|select|pick|go with|opt for)\s+(?:answer )?(?P<x>.+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:it|this|that)(?:['’]s| is| must be| has to be)\s+"
        r"(?:definitely |clearly |therefore |certainly |that )?(?P<x>.+)",
        re.IGNORECASE,
    ),
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
_UNSURE = re.compile(r"\b(?:if|when|suppos\w+|assum\w+|unless|not|says?|said)\b|n['’]t\b", re.IGNORECASE)
_EDGES = "*_ \t.!,:\uff1a>#。"
_ASKS = ("?", "\uff1f")
_MOST_LINES, _MOST_CHARS = 200, 500
_LISTED = re.compile(r"[\s>*_(-]{0,9}([A-Z])[.:)][\s*_]*\S")


def picked(response: str) -> list[str]:
    """What each sentence picks in so many words: `hence B`, `the correct option is B`, `B is right`."""
    found = []
    for sentence in _SENTENCE.split(response[-50_000:])[-_MOST_LINES:]:
        text = sentence.replace("**", "").strip()
        if text and len(text) <= _MOST_CHARS and not text.strip(_EDGES).endswith(_ASKS):
            found += _picks(text.strip(_EDGES))
    return found


def bare_lines(response: str) -> tuple[list[str], list[str]]:
    """The first and the last line, and the lines that echo a list of options, which are neither."""
    lines = [line.strip() for line in response.split("\n") if line.strip("`~ \t\r")]
    echoed = [at for at in range(len(lines)) if _echoes(lines, at)]
    rest = [line for at, line in enumerate(lines) if at not in set(echoed)]
    ends = dict.fromkeys([*rest[:1], *rest[-1:]])
    told = [line for line in ends if len(line) <= _MOST_CHARS and not line.strip(_EDGES).endswith(_ASKS)]
    return told, [lines[at] for at in echoed]


def _picks(text: str) -> list[str]:
    led = _LED.fullmatch(text)
    first, _, second = text.partition(", ")
    clauses = [text] if led is None else [text, led["rest"]]
    clauses += [] if _UNSURE.search(first) else [second]
    found = [match["x"] for clause in clauses for way in _PICKS if (match := way.fullmatch(clause))]
    return found if led is None else [*found, led["rest"]]


def _echoes(lines: list[str], at: int) -> bool:
    """Is this a line with a letter before it, beside one with the letter next to it?"""
    own = _LISTED.match(lines[at])
    beside = (_LISTED.match(lines[near]) for near in (at - 1, at + 1) if 0 <= near < len(lines))
    return own is not None and any(other is not None and other[1] != own[1] for other in beside)
