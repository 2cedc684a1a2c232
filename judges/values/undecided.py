"""Responses that end by saying that they cannot decide."""

import re

_MOST_BACK = 400
_UNDECIDED = re.compile(
    r"\b(?:can(?:not| not|['’]t)|could(?: not|n['’]t)|unable to|not able to)\s(?:really |quite |yet )?"
    r"(?:decide|determine|tell|say|choose)\s(?:between|which)\b|\bnot (?:sure|certain) which\b",
    re.IGNORECASE,
)


def undecided(response: str) -> str | None:
    """`I cannot decide which` of the last paragraph; None where it says no such thing."""
    found = _UNDECIDED.search(response[-_MOST_BACK:].rpartition("\n\n")[2])
    return None if found is None else found.group()
