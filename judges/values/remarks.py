"""What stands beside a value and says nothing new: checks, a rounding, where it is reached, a proof's end."""

import re
from collections import deque
from decimal import Decimal

_CHECK = re.compile(
    r"^[ \t>*_#\d.()✅✔-]{0,12}(?:(?:let us|let['’]s|we|to|i)[ \t]+)?(?:(?:sanity|quick|double|final)[ -]+)?"
    r"(?:verif(?:y|ying|ication)|check(?:ing|s)?|proof|test(?:ing)?|probe|vérification|comprobación|验证|检验)\b"
    r"(?:\.\s|(?![ \t]+(?:each|every|all|which|if|whether|(?:the[ \t]+)?(?:options?|cases?|choices|values)))"
    r"[^\n.:：]{0,200}(?:[:：]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_CONCLUDED = re.compile(
    r"^[ \t>*_#-]{0,12}(?:so(?! far)|thus|therefore|hence|consequently|in (?:total|conclusion|summary)"
    r"|we conclude|(?:the )?(?:final )?(?:answer|result|conclusion|solution)|final)\b",
    re.IGNORECASE | re.MULTILINE,
)
_CONFIRMED = re.compile(
    r"[✓✔✅☑]|\\checkmark|\b(?:holds?|hold true|correct|works|match(?:es)?|agrees?|satisf\w+"
    r"|as (?:required|expected|given))\b",
    re.IGNORECASE,
)
_REFUTED = re.compile(
    r"[✗✘❌≠?？]|\\neq?\b|\b(?:not|no|but|wrong|instead|however|only|fails?)\b|n['’]t\b", re.IGNORECASE
)
# Below a check that is over, these still belong to it.
_CHECKS_ON = re.compile(
    r"(?<!\b[a-z] )=|[✓✔✅☑≈<>]|\b(?:both|sides?|[LR]HS|match\w*|agree\w*|again|also|equations?"
    r"|check\w*|test\w*|try|next|now|given|indeed|confirm\w*|verif\w*|original\w*|expected)\b",
    re.IGNORECASE,
)
# `6, attained at x = 3`; not where a value follows, `the maximum on [0, 1], attained at 1, is 5`.
_REACHED = re.compile(
    r"(?<=[\d$})*²³%°])(?:\s*\(|,?\s+(?:and|which|with)(?:[ \t]+(?:it|this|that|is|are)){0,2}\s+|\s*[,;]\s*)"
    r"(?:attained|achieved|reached|obtained|taken|occurring|occurs|equality)[ \t]+"
    r"(?:(?:only|precisely|exactly|holds|holding|occurring)[ \t]+){0,2}(?:at|when|where|for|if|iff|by)\b"
    r"(?![^\n]*\b(?:is|equals)\b)[^\n]*\Z"
)
_ROUGH = re.compile(
    r"\s*(?:[,(]\s*|\bor\s+|\bwhich is\s+|\bi\.e\.,?\s+){0,2}(?:about|approximately|approx\.?|roughly"
    r"|around|\$?\s*\\approx|≈)\s*\$?\s*"
    r"(?P<near>-?\d[\d.,]*)\s*(?:(?P<percent>\\?%)|[a-z]{1,12}\s*)?[$)\s.]*\Z"
)
_MOST_ROUGH, _DECIMAL = 120, re.compile(r"-?\d+(?:\.\d+)?")
_PROVEN = re.compile(r"[\s$]*(?:\\(?:blacksquare|square|Box|qed|qedsymbol)(?![a-zA-Z])|[∎□■◻])[\s$.]*\Z")
_MOST_CHARS, _MOST_END = 4_000, 60


def in_check(response: str, at: int) -> bool:
    """Does this place stand on or below a line that begins like `Verification:`, without a conclusion?"""
    last = deque(_CHECK.finditer(response, max(0, at - _MOST_CHARS), at), maxlen=1)
    if not last or _CONCLUDED.search(response, last[0].end(), at):
        return False
    check, _, below = response[last[0].start() :].rstrip().partition("\n\n")
    is_over = _confirms(check) and check[last[0].end() - last[0].start() :].strip(" *_") != ""
    is_said = "**" in below and "\n" not in below
    return not is_over or not is_said or _CHECKS_ON.search(below) is not None


def closed_check(text: str) -> int | None:
    """Where a check begins that the text ends in and that confirms what stands before."""
    last = deque(_CHECK.finditer(text), maxlen=1)
    if not last or _CONCLUDED.search(text, last[0].end()):
        return None
    check = text[last[0].start() :]
    told, _, below = check.rpartition("\n\n")
    is_one = _confirms(below) and (not told or told.strip() == last[0][0].strip())
    return last[0].start() if is_one else None


def _confirms(check: str) -> bool:
    return _CONFIRMED.search(check) is not None and _REFUTED.search(check) is None


def without_place(text: str) -> str:
    """A value without the words that tell where it is reached: `6, attained at x = 3` is 6."""
    found = _REACHED.search(text) if len(text) <= _MOST_CHARS else None
    return text[: found.start()] if found else text


def with_rough(text: str) -> tuple[str, str | None]:
    """What stands before an approximation, and that: `1/3` and `0.333` of `1/3 (about 33.3%)`."""
    skipped = max(0, len(text) - _MOST_ROUGH)
    rough = _ROUGH.search(text[skipped:])
    if rough is None:
        return text, None
    exact, near = text[: skipped + rough.start()].rstrip(" (,"), rough["near"].rstrip(".,")
    if rough["percent"] and "%" not in exact:
        near = str(Decimal(near.replace(",", "")).scaleb(-2)) if _DECIMAL.fullmatch(near) else near
    return exact, near


def unproven(response: str) -> str:
    """A response without the sign that closes a proof."""
    found = _PROVEN.search(response, max(0, len(response) - _MOST_END))
    return response[: found.start()] if found else response
