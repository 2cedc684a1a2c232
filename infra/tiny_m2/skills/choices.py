"""Small questions with four options, answered by the letter of the right one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import words
from task import Task, answered

from skills.sums import columns, number

LEVELS = range(1, 6)
_LETTERS = "ABCD"


def draw(rng: Random, level: int) -> Task:
    """Draw a choice: kinds of things, extremes, letters in words, sums of two, then of three digits."""
    return (_kind, _extreme, _contains, _sum_two, _sum_three)[level - 1](rng, level)


def _kind(rng: Random, level: int) -> Task:
    kind = rng.choice(sorted(words.GROUPS))
    right = rng.choice(words.GROUPS[kind])
    nouns = [w for w in words.ALL if w not in words.GROUPS[kind] and w not in words.ADJECTIVES]
    name = "an animal" if kind == "animal" else "food" if kind == "food" else f"a {kind}"
    question = rng.choice((f"Which of these is {name}?", f"Which word names {name}?"))
    return _task(rng, level, question, right, rng.sample(nouns, 3), "", "kinds", words.kind)


def _extreme(rng: Random, level: int) -> Task:
    numbers = rng.sample(range(10, 1000), 4)
    word, best = rng.choice((("largest", max), ("smallest", min)))
    right = best(numbers)
    wrong = [str(n) for n in numbers if n != right]
    question = rng.choice((f"Which number is the {word}?", f"Find the {word} number."))
    return _task(rng, level, question, str(right), wrong, f"{word}: {right}\n", "extremes")


def _contains(rng: Random, level: int) -> Task:
    x = rng.choice("abcdefghiklmnoprstuy")
    right = rng.choice([w for w in words.ALL if x in w])
    wrong = rng.sample([w for w in words.ALL if x not in w], 3)
    question = rng.choice((f"Which word contains the letter {x}?", f"Which word has the letter {x} in it?"))
    return _task(rng, level, question, right, wrong, "", "letters", " ".join)


def _sum_two(rng: Random, level: int) -> Task:
    return _sum(rng, level, 2)


def _sum_three(rng: Random, level: int) -> Task:
    return _sum(rng, level, 3)


def _sum(rng: Random, level: int, digits: int) -> Task:
    a, b = number(rng, digits), number(rng, digits)
    near = [a + b + d for d in (-100, -10, -2, -1, 1, 2, 10, 100) if a + b + d > 0]
    wrong = [str(n) for n in rng.sample(near, 3)]
    question = rng.choice((f"What is {a} + {b}?", f"Which number is {a} + {b}?"))
    return _task(rng, level, question, str(a + b), wrong, f"{columns(a, b)}\nsum: {a + b}\n", "addition")


def _walk(options: list[str], right: str, note: Callable[[str], str] | None) -> str:
    """Return the options one by one, each with a note, up to the right one."""
    seen = zip(_LETTERS, options[: options.index(right) + 1], strict=False)
    return ", ".join(f"{x} {option}: {note(option)}" if note else f"{x} {option}" for x, option in seen)


def _task(
    rng: Random,
    level: int,
    question: str,
    right: str,
    wrong: list[str],
    why: str,
    tag: str,
    note: Callable[[str], str] | None = None,
) -> Task:
    options = [right, *wrong]
    rng.shuffle(options)
    letter = _LETTERS[options.index(right)]
    listed = "\n".join(f"{x}) {option}" for x, option in zip(_LETTERS, options, strict=True))
    reference: dict[str, object] = {"type": "choice", "answer": letter, "options": options}
    responses = answered(letter, "option", f"It is {right}.")
    thinking = f"{why}{_walk(options, right, note)}"
    tags = ("choice", tag)
    return Task("choices", level, "choice", f"{question}\n{listed}", thinking, responses, reference, tags)
