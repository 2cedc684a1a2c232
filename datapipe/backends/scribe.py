"""Texts about given words, and what a judge says of such a text, by rule."""

import re
from functools import lru_cache

_GIVEN = re.compile(r"\bwords\b[^:\n]{0,80}: ([^.\n]{1,2000})")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_FRAMES = (
    ("The {} was near the {}.", "The {} stood alone."),
    ("At night, the {} waited by the {}.", "At night, the {} was quiet."),
    ("Later, someone saw the {} and the {}.", "Later, someone saw the {}."),
    ("Nobody had forgotten the {} or the {}.", "Nobody had forgotten the {}."),
    ("One day, the {} came before the {}.", "One day, there was only the {}."),
)


@lru_cache(maxsize=4096)
def given_words(question: str) -> tuple[str, ...]:
    """The words that a writing question gives; none where it is no such question."""
    found = _GIVEN.search(question)
    return tuple(_WORD.findall(found[1])) if found else ()


def sentences(words: tuple[str, ...], start: int) -> list[str]:
    """One sentence for every two words; `start` chooses how they begin."""
    pairs = [words[i : i + 2] for i in range(0, len(words), 2)]
    frames = (_FRAMES[(start + i) % len(_FRAMES)] for i in range(len(pairs)))
    return [
        frame[0 if len(pair) == 2 else 1].format(*pair) for frame, pair in zip(frames, pairs, strict=True)
    ]


def asks_for_judgement(prompt: str) -> bool:
    """Whether the prompt is a rubric's, which ends in one of two verdicts."""
    return "VERDICT: CLEAN" in prompt and "VERDICT: FAULT" in prompt


@lru_cache(maxsize=4096)
def faults_of(prompt: str) -> tuple[str, ...]:
    """The faults of the text inside a judge's prompt: given words it lacks, sentences it repeats."""
    question, _, rest = prompt.partition("\n\nText:\n")
    text = rest.rpartition("\n\n")[0] or rest or prompt
    used = {word.lower() for word in _WORD.findall(text)}
    lost = tuple(f"The word {word} is missing." for word in given_words(question) if word.lower() not in used)
    parts = [part.strip().removeprefix("- ") for part in _SENTENCE.split(text)]
    told = [part for part in parts if part]
    return (*lost, "A sentence is repeated.") if len(set(told)) < len(told) else lost
