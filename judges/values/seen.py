"""What a reader of a response sees: without comments and without what is struck out."""

_HIDDEN = (
    ("<!--", "-->"),
    ("~~", "~~"),
    ("<del>", "</del>"),
    ("<s>", "</s>"),
    ("<strike>", "</strike>"),
    ("\\begin{comment}", "\\end{comment}"),
    ("\\iffalse", "\\fi"),
)


def seen(response: str) -> str:
    """The response without what stands between marks that hide it or strike it out."""
    for opening, closing in _HIDDEN:
        if opening in response:
            response = _without(response, opening, closing)
    return response


def _without(response: str, opening: str, closing: str) -> str:
    kept, at = [], 0
    while (start := response.find(opening, at)) >= 0:
        end = response.find(closing, start + len(opening))
        if end < 0:
            break
        kept.append(response[at:start])
        at = end + len(closing)
    return "".join((*kept, response[at:]))
