"""Question rows without end, of the kinds that the fake model knows how to answer."""

import json
from pathlib import Path
from random import Random

WORDS = ("river", "lamp", "stone", "garden", "clock", "bridge", "winter", "paper", "horse", "mirror")


def write_questions(path: Path, count: int, written: float = 0.0) -> None:
    """`count` distinct rows as JSONL; a share `written` of them asks for a text about given words."""
    pick = Random(count)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            row = _text(number, pick) if pick.random() < written else _sum(number, pick)
            file.write(json.dumps(row) + "\n")


def _sum(number: int, pick: Random) -> dict[str, object]:
    digits = pick.randint(1, 7)
    left, right = 10_000_000 * (number + 1) + pick.randrange(10**digits), pick.randrange(10**digits)
    reference = {"type": "math", "answer": str(left + right)}
    prompt = f"What is {left} + {right}?"
    return _row("verifiable", "arithmetic", prompt, number) | {"reference": reference}


def _text(number: int, pick: Random) -> dict[str, object]:
    words = ", ".join([*pick.sample(WORDS, 3), f"page{number}"])
    return _row("non_verifiable", "writing", f"Write a few sentences that use these words: {words}.", number)


def _row(lane: str, domain: str, prompt: str, number: int) -> dict[str, object]:
    return {
        "lane": lane,
        "domain": domain,
        "prompt": prompt,
        "source": "generated",
        "source_id": str(number),
        "license": "MIT",
        "language": "en",
    }
