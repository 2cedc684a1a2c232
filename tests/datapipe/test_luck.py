"""What luck passes is no skill: guess floors, the mass above them, and the share of false passes."""

import random
from pathlib import Path
from typing import Any

import pytest

from datapipe.golds import gold_texts, own_floor, spoken
from datapipe.luck import solved_mass
from schemas.references import parse_reference
from tests.support import Model, ran, settings, verifiable


@pytest.mark.parametrize(
    ("reference", "floor", "texts"),
    [
        ({"type": "choice", "answer": "B", "options": ["a", "b", "c", "d", "e"]}, 0.2, ["b"]),
        ({"type": "choice", "answer": "B"}, 0.25, ["B"]),
        ({"type": "text", "answer": "Yes."}, 0.5, ["Yes."]),
        ({"type": "text", "answer": "Paris", "aliases": ["Lutetia"]}, 0.0, ["Paris", "Lutetia"]),
        ({"type": "math", "answer": "4"}, 0.0, ["4"]),
        ({"type": "quantity", "answer": "4", "unit": "km"}, 0.0, ["4 km"]),
        ({"type": "json", "schema": {}, "answer": {"b": 1, "a": 2}}, 0.0, ['{"a":2,"b":1}']),
        ({"type": "json", "schema": {}}, 0.0, []),
        ({"type": "logic", "task": "t", "entry": {"answer": "yes"}}, 0.5, ["yes"]),
        ({"type": "code", "entry_point": "f", "tests": "def check(c): pass"}, 0.0, []),
    ],
)
def test_what_a_reference_says_and_gives_away(reference: Any, floor: float, texts: list[str]) -> None:
    parsed = parse_reference(reference)
    assert (own_floor(parsed), gold_texts(parsed)) == (floor, texts)


def test_a_letter_is_told_by_its_option() -> None:
    choice = parse_reference({"type": "choice", "answer": "A", "options": ["x", "y"]})
    assert [spoken(choice, text) for text in ("B", "C", "word")] == ["y", "C", "word"]


def test_a_guesser_has_not_solved_a_question_and_a_solver_has() -> None:
    chance = random.Random(5)
    solved = 0
    for _ in range(2_000):
        passes = sum(chance.random() < 0.25 for _ in range(8))
        solved += solved_mass(passes, 8 - passes, 0.25, 0.01, 0.1) >= 0.95
    assert solved / 2_000 < 0.05
    assert solved_mass(8, 0, 0.25, 0.01, 0.1) > 0.99
    assert solved_mass(0, 8, 0.0, 0.01, 0.1) < 0.7
    assert solved_mass(8, 0, 1.0, 0.01, 0.1) == 0.0


@pytest.mark.slow
def test_the_commonest_reference_of_a_source_is_a_guess(tmp_path: Path) -> None:
    rows = [verifiable(f"Is {n} odd? 1 or 0.", str(n % 2), source="odd") for n in (1, 3, 5, 7, 2)]
    rows += [verifiable(f"What is {n} + 100?", str(n + 100), source="sums") for n in range(3)]
    run = ran(settings(tmp_path, rows, lanes=["verifiable"]), Model(lambda _: "The answer is 1."))
    sources = {row.question_id: row.source for row in run.rows("questions")}
    floors = {(sources[row.question_id], row.guess_floor) for row in run.rows("ratings")}
    assert floors == {("odd", 0.5), ("sums", 0.0)}
    assert all(row.solved_mass < 0.95 for row in run.rows("ratings"))


@pytest.mark.slow
def test_the_commonest_letter_is_a_guess_where_options_are_listed_too(tmp_path: Path) -> None:
    rows = [
        {
            **verifiable(f"Which of these, number {n}?", "0"),
            "reference": {
                "type": "choice",
                "answer": "B" if n == 0 else "A",
                "options": [f"{option} {n}" for option in ("one", "two", "three", "four")],
            },
        }
        for n in range(20)
    ]
    run = ran(settings(tmp_path, rows, lanes=["verifiable"]), Model(lambda _: "The answer is A."))
    assert {row.guess_floor for row in run.rows("ratings")} == {18 / 21}


@pytest.mark.slow
def test_only_solved_questions_are_taken_where_that_is_wanted(tmp_path: Path) -> None:
    def one(n: int) -> Any:
        return ran(
            settings(
                tmp_path,
                [verifiable("What is 1 + 3?", "4")],
                lanes=["verifiable"],
                generate={"n": n},
                keep={"solved": True},
                rate={"false_pass": 0.3},
            ),
            Model(lambda request: f"Seed {request.seed}.\nThe answer is 4."),
        )

    run = one(1)
    assert run.rows("kept") == []
    [dropped] = run.rows("dropped")
    assert dropped.reason.startswith("not solved: mass 0.")
    assert one(8).rows("kept")
