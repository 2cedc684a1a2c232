"""No format is asked for; as a rewrite, a list of sentences becomes a paragraph."""

import re

from datapipe.format import Format

_BULLET = re.compile(r"^[-*•] +", re.MULTILINE)


def _rewrite(response: str, final: str | None) -> str | None:
    lines = response.strip().split("\n")
    if final is not None or len(lines) < 2 or not all(_BULLET.match(line) for line in lines):
        return None
    return " ".join(_BULLET.sub("", line).strip() for line in lines)


FORMAT = Format(asks="", fits=lambda lane, kind: True, rewrite=_rewrite)
