"""Counting a letter in one to four words, and a word in a list."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import words
from task import Task, answered

LEVELS = range(1, 9)
_LETTER = (
    'How many times does the letter {x} appear in "{text}"?',
    'How often is the letter {x} in "{text}"?',
    'Count the letter {x} in "{text}".',
)
_WORD = (
    "How many times does the word {x} appear in this list: {text}?",
    "Count the word {x} in this list: {text}.",
)


def draw(rng: Random, level: int) -> Task:
    """Draw a count: level 1..4 is a letter in that many words, 5..8 a word in a list of 4, 7, 10, 13."""
    return _letter(rng, level) if level < 5 else _word(rng, level)


def _numbered(parts: Iterable[str], wanted: str, between: str) -> tuple[str, int]:
    """Return the parts with a running number after each that is wanted, and the count."""
    count, out = 0, []
    for part in parts:
        if part == wanted:
            count += 1
            out.append(f"{part}{between}{count}")
        else:
            out.append(part)
    return (f",{between}" if between else " ").join(out), count


def _letter(rng: Random, level: int) -> Task:
    text = " ".join(rng.sample(words.ALL, level))
    letters = text.replace(" ", "")
    x = rng.choice("aeiorst") if rng.random() < 0.15 else rng.choice(letters)
    thinking, count = _numbered(letters, x, "")
    prompt = rng.choice(_LETTER).format(x=x, text=text)
    return _task(level, prompt, thinking, count, "I spelled it and counted.", ("letters", f"words-{level}"))


def _word(rng: Random, level: int) -> Task:
    kinds = rng.sample(words.ALL, rng.choice((2, 3, 4)))
    size = 3 * level - 11
    items = [rng.choice(kinds) for _ in range(size)]
    x = kinds[0]
    thinking, count = _numbered(items, x, " ")
    prompt = rng.choice(_WORD).format(x=x, text=", ".join(items))
    return _task(level, prompt, thinking, count, "I went through the list.", ("words", f"list-{size}"))


def _task(level: int, prompt: str, thinking: str, count: int, remark: str, tags: tuple[str, ...]) -> Task:
    reference: dict[str, object] = {"type": "math", "answer": str(count)}
    responses = answered(str(count), "count", remark)
    return Task("counting", level, "counting", prompt, thinking, responses, reference, ("counting", *tags))
