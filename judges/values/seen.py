"""What a reader of a response sees: neither comments nor what is struck out."""

import re

_HIDDEN = (
    ("<!--", "-->"),
    ("~~", "~~"),
    ("<del>", "</del>"),
    ("<s>", "</s>"),
    ("<strike>", "</strike>"),
    ("\\begin{comment}", "\\end{comment}"),
    ("\\iffalse", "\\fi"),
)
_STRUCK = re.compile(
    r"~~|</?(?:s|del|strike)>|[\u0335-\u0338\u20d2\u20d3]|\\(?:[xb]?cancel|sout|st|[hv]?phantom)(?![a-zA-Z])"
)
_IN_COMMAND = re.compile(
    r"(?:\\(?:[hv]?phantom|sout|st|[xb]?cancel)\s*\{|\\(?:text)?color\s*\{white\})[\s{$]*\Z|\A\s*%[^\n]*\Z"
)
_MOST_LINE = 80


def seen(response: str, *golds: str) -> str:
    """The response without what stands between marks that hide it, unless a right answer has such marks."""
    for opening, closing in _HIDDEN:
        if opening in response and not any(opening in gold for gold in golds):
            response = _without(response, opening, closing)
    return response


def struck(text: str) -> bool:
    """Is some of it crossed out or not to be seen?"""
    return _STRUCK.search(text) is not None


def hidden(response: str, start: int) -> bool:
    """Does a mark that hides what follows stand open before this place of a response that is `seen`?"""
    if not ("\\" in response or "<" in response or "~" in response or "%" in response):
        return False
    for opening, closing in _HIDDEN:
        at = response.rfind(opening, 0, start)
        if at >= 0 and opening != closing and response.find(closing, at, start) < 0:
            return True
    line = response[response.rfind("\n", 0, start) + 1 : start]
    return line.count("~~") % 2 == 1 or (line != "" and _IN_COMMAND.search(line[-_MOST_LINE:]) is not None)


def _without(response: str, opening: str, closing: str) -> str:
    kept, at = [], 0
    while (start := response.find(opening, at)) >= 0:
        end = response.find(closing, start + len(opening))
        if end < 0:
            break
        kept.append(response[at:start])
        at = end + len(closing)
    return "".join((*kept, response[at:]))
