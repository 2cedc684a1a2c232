"""Counting a letter in one to four words, and a word in a list."""

from __future__ import annotations

from random import Random

import words
from task import Task, answered

LEVELS = range(1, 9)
_LETTER = (
    "How many times does the letter {x} appear in these words: {text}?",
    "How often is the letter {x} in: {text}?",
    "Count the letter {x} in: {text}.",
)
_WORD = (
    "How many times does the word {x} appear in this list: {text}?",
    "Count the word {x} in this list: {text}.",
)


def draw(rng: Random, level: int) -> Task:
    """Draw a count: level 1..4 is a letter in that many words, 5..8 a word in a list of 4, 7, 10, 13."""
    return _letter(rng, level) if level < 5 else _word(rng, level)


def _letter(rng: Random, level: int) -> Task:
    chosen = rng.sample(words.ALL, level)
    x = rng.choice("aeiorst") if rng.random() < 0.15 else rng.choice("".join(chosen))
    count, spelled = 0, []
    for word in chosen:
        letters = []
        for letter in word:
            count += letter == x
            letters.append(f"{letter}{count}" if letter == x else letter)
        spelled.append(f"{word} {' '.join(letters)}")
    prompt = rng.choice(_LETTER).format(x=x, text=", ".join(chosen))
    tags = ("letters", f"words-{level}")
    return _task(level, prompt, f"spell {', '.join(spelled)}", count, "I spelled it and counted.", tags)


def _word(rng: Random, level: int) -> Task:
    kinds = rng.sample(words.ALL, rng.choice((2, 3, 4)))
    size = 3 * level - 11
    items = [rng.choice(kinds) for _ in range(size)]
    x, count, seen = kinds[0], 0, []
    for item in items:
        count += item == x
        seen.append(f"{item} {count}" if item == x else item)
    prompt = rng.choice(_WORD).format(x=x, text=", ".join(items))
    tags = ("words", f"list-{size}")
    return _task(level, prompt, f"list {', '.join(seen)}", count, "I went through the list.", tags)


def _task(level: int, prompt: str, thinking: str, count: int, remark: str, tags: tuple[str, ...]) -> Task:
    reference: dict[str, object] = {"type": "math", "answer": str(count)}
    responses = answered(str(count), "count", remark)
    return Task("counting", level, "counting", prompt, thinking, responses, reference, ("counting", *tags))
