"""Questions to attack a verifier on: those of a file, or its examples and some made by rule."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from datapipe.errors import InputError
from datapipe.output import note
from datapipe.verify import read_question, read_rows
from judges.base import Attempt, Check
from schemas.references import dump_reference, parse_reference

_SHOWN = 3
"""Rows that are left out of a file of which the reason is told."""
_WORDS = (
    "Paris",
    "Mount Everest",
    "Marie Curie",
    "copper",
    "photosynthesis",
    "the Nile",
    "Saturn",
    "Johann Bach",
)
_UNITS = (("9.81", "m/s^2"), ("300", "km"), ("2.5", "kg"), ("75", "W"), ("0.5", "mol/L"), ("20", "m/s"))


def bundled(check: Check) -> list[Attempt]:
    """The references of the verifier's examples, and some made by rule where the type has a plain form."""
    own = [each.reference for each in (*check.passes, *(attempt for attempt, _ in check.fails))]
    ours = {dump_reference(each): each for each in own if each is not None}
    made = [(text, parse_reference(value)) for text, value in _made(check.name)]
    return [*(Attempt.asking("What is the answer?", each) for each in ours.values()), *_asking(made)]


def of_file(file: str, kind: str, most: int) -> list[Attempt]:
    """The first questions of a file (rows of `prompt` and `reference`) whose references are of a type.

    Rows that a run would not take are left out and told. Raises InputError where the file cannot be read or
    holds no such question.
    """
    left_out: list[str] = []
    found = list(islice(_rows(file, kind, left_out), most))
    for told in left_out[:_SHOWN]:
        note(f"{file}: {told}; left out")
    if len(left_out) > _SHOWN:
        note(f"{file}: {len(left_out) - _SHOWN} more rows are left out")
    if not found:
        raise InputError(f"{file}: holds no question whose reference is of type {kind!r}")
    return found


def _rows(file: str, kind: str, left_out: list[str]) -> Iterator[Attempt]:
    for number, row in enumerate(read_rows(file), 1):
        try:
            question = read_question(row)
        except ValueError as error:
            left_out.append(f"line {number}: {error}")
            continue
        if question is not None and question.reference is not None and question.reference.type == kind:
            yield question


def _asking(made: Iterable[tuple[str, Any]]) -> list[Attempt]:
    return [Attempt.asking(text, reference) for text, reference in made]


def _made(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if kind == "math":
        numbers = [str(n) for n in (0, 1, 3, 7, 10, 12, 42, 99, 101, 128, 365, 1_000, 1_234_567, -5)]
        exact = [
            "1/2",
            "-3/4",
            "0.25",
            "3.14",
            "\\frac{2}{3}",
            "2\\sqrt{3}",
            "\\pi/4",
            "(1, 2)",
            "x^2 + 1",
            "50\\%",
        ]
        for answer in (*numbers, *exact):
            yield f"Compute what gives {answer}.", {"type": kind, "answer": answer}
    elif kind == "choice":
        for at, word in enumerate(_WORDS):
            options = [_WORDS[(at + step) % len(_WORDS)] for step in range(4)]
            place = at % 4
            options[0], options[place] = options[place], options[0]
            answer = "ABCD"[place]
            yield f"Which one is {word}?", {"type": kind, "answer": answer, "options": options}
            yield f"Which one is number {place}?", {"type": kind, "answer": answer}
    elif kind == "text":
        for word in _WORDS:
            yield f"Say what is meant: {word}.", {"type": kind, "answer": word}
    elif kind == "quantity":
        for value, unit in _UNITS:
            yield f"Give it in {unit}.", {"type": kind, "answer": value, "unit": unit, "rel_tol": 0.01}
