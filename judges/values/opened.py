"""What a response opens with before it explains: a yes or no, or a first line that is the whole answer."""

import re

_POLAR = re.compile(
    r"[\s*_>\"“]{0,6}(?P<said>yes|no|true|false)[*_\"”]{0,3}\s?[,.!:\u2014\u2013-]+[*_]{0,3}\s", re.IGNORECASE
)
_TURNS = (
    r"wait|actually|but|however|although|though|unless|if|depend\w*|sometimes|always|necessarily|maybe|perhaps"
    r"|might|may|could|would|thinks?|thought|believ\w+|claim\w*|sa(?:y|ys|id)|guess\w*|sure|misconception|myth"
    r"|wrong|incorrect|or|sorry|know|idea|cannot|unable|unsure|certain|information|answer|hmm+|rather|instead"
    r"|correction|other|contrary|opposite|except|nobody|(?:dis)?agree\w*|one|rival|present|later|now|today"
    r"|current\w*|real|correct|technically|partly|partially|probably|possibly|likely"
)
_TURNED = re.compile(rf"\b(?:{_TURNS})\b|can['’]t\b|[?~]", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not?|never|none|neither|nor|cannot|false)\b|n['’]t\b", re.IGNORECASE)
_AFFIRMED = re.compile(r"\b(?:yes|true|indeed)\b", re.IGNORECASE)
_EXPLAINS = re.compile(
    r"(?:he|she|it|they|this|that|these|because|explanation|reason(?:ing)?|note)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^\s*(?:[-*•+]|\d+[.)])\s", re.MULTILINE)
_MOST_CHARS, _MOST_FIRST, _LEAST_WORDS = 2_000, 100, 3


def opened(response: str) -> str | None:
    """The yes, the no or the first line; None where what follows may turn it, or where there is neither."""
    text = response.strip()
    if len(text) > _MOST_CHARS:
        return None
    found = _POLAR.match(text)
    if found:
        rest, yes = text[found.end() :], found["said"].casefold() in ("yes", "true")
        turned = _TURNED.search(rest) or (_DENIED if yes else _AFFIRMED).search(rest)
        return None if turned or not rest[:1].isalpha() else found["said"]
    first, _, rest = (part.strip() for part in text.partition("\n"))
    turned = _TURNED.search(rest) or _DENIED.search(rest) or _LISTED.search(rest)
    explains = _EXPLAINS.match(rest) and len(rest.split()) >= _LEAST_WORDS and rest.endswith((".", "!", "*"))
    return first.strip("*_ ") if explains and not turned and len(first) <= _MOST_FIRST else None
