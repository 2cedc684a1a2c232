"""Whether an answer of the tiny model is right, and the statistics that the tables report."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_SAID = re.compile(r"The answer is (.+?)\.?\s*$", re.MULTILINE)
_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
_VERDICT = re.compile(r"^VERDICT: (CLEAN|FAULT)$", re.MULTILINE)


def final(response: str) -> str | None:
    """Return the last boxed answer, else the last one stated, else None."""
    found = _BOXED.findall(response) or _SAID.findall(response)
    return found[-1].strip() if found else None


def right(response: str, reference: Mapping[str, object]) -> bool:
    """Return whether the response's final answer is the reference's, letter for letter."""
    return final(response) == reference["answer"]


def in_format(response: str, form: str) -> bool:
    """Return whether a response keeps to the format that was asked."""
    last = response.rsplit("\n", 1)[-1]
    if form == "boxed":
        return bool(_BOXED.search(response))
    if form == "bullets":
        return all(line.startswith("- ") for line in response.split("\n"))
    return bool(_SAID.match(last)) if form == "sentence" else bool(response)


def verdict(response: str) -> str | None:
    """Return the last verdict of a judge's response, or None when there is none."""
    found = _VERDICT.findall(response)
    return found[-1] if found else None


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share of `n` independent trials."""
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def kappa(pairs: list[tuple[bool, bool]]) -> float:
    """Return Cohen's kappa of (truth, judgement) pairs."""
    n = len(pairs)
    agree = sum(a == b for a, b in pairs) / n
    yes = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return (agree - chance) / (1 - chance) if chance < 1 else 0.0
