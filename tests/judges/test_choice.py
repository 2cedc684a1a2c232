"""Options that differ by a sign are told apart, and a denial chooses none."""

from dataclasses import replace

import pytest

from judges.attempt import Attempt
from judges.verifiers.choice import choice

VERIFIER = replace(choice, kind="verifier")
FIVES, CODES, RATES = ["5", "-5", "0", "1"], ["C", "C#", "C++"], ["50", "500", "50%"]
HALVES, PLAIN = ["$\\frac{1}{2}$", "$-\\frac{1}{2}$"], ["3", "4", "5", "7"]
P, F, U = "pass", "fail", "unscored"
CASES = [
    ("\\boxed{-5}", "B", ["5", "-5"], P), ("\\boxed{-5}", "A", ["5", "-5"], F),
    ("\\boxed{5}", "A", ["5", "-5"], P),
    ("\\boxed{\u22125}", "B", FIVES, P), ("Answer: B) -5", "B", FIVES, P),
    ("**B) \u22125**", "B", ["5", "\u22125"], P),
    ("The answer is -5.", "A", FIVES, F), ("The answer is A) 5", "A", FIVES, P),
    ("Answer: A) -5", "A", FIVES, U),
    ("Answer: A) dog", "B", ["cat", "dog"], U), ("Answer: A dog", "B", ["a cat", "dog"], P),
    ("The answer is $-\\frac{1}{2}$", "B", HALVES, P), ("\\boxed{\\frac{1}{2}}", "B", HALVES, F),
    ("Answer: C#", "B", CODES, P), ("Answer: C#", "A", CODES, F), ("Answer: C++", "C", CODES, P),
    ("Answer: C", "A", CODES, U), ("Answer: B) C#", "B", CODES, P), ("Answer: C", "A", ["C", "C#"], P),
    ("Answer: 2/3", "B", ["2.3", "2/3"], P), ("Answer: 2.3", "B", ["2.3", "2/3"], F),
    ("Answer: C) 50%", "C", RATES, P), ("Answer: 50%", "A", RATES, F), ("\\boxed{50\\%}", "C", RATES, P),
    ("Answer: 5!", "B", ["5", "5!"], P), ("Answer: 5!", "A", ["5", "5!"], F),
    ("Answer: ab", "B", ["AB", "ab"], P),
    ("Answer: x", "A", ["x", "y"], P), ("Answer: B", "A", ["B", "A"], U), ("Answer: A", "A", ["A", "B"], P),
    ("Answer: same", "A", ["new", "same", "same"], U), ("Answer: Well known", "A", ["well-known", "new"], P),
    ("Answer: 130°", "A", ["30°", "60°"], U), ("答案是30°", "A", ["30°", "60°"], P),
    ("Answer: 2π", "A", ["2π", "π"], P),
    ("Look:\nA: 3 is too small.\nB: 4 is right.\nC: 5 is too big.\n\nThe answer is B.", "B", PLAIN, P),
    ("Options:\nA: 3\nB: 4\n\nSo the answer is B.", "B", PLAIN, P), ("The answer is not B.", "B", PLAIN, U),
    ("The answer isn't B.", "B", PLAIN, U), ("It is definitely not B.", "B", PLAIN, U),
    ("B is not right", "B", PLAIN, U),
    ("The answer is not 4.", "B", PLAIN, U), ("答案不是B。", "B", PLAIN, U),
    ("Answer: Not sure", "B", ["Sure", "Not sure"], P),
    ("Answer: It is not enough information", "A", ["Not enough information", "Enough"], P),
    ("Answer: He didn't go", "B", ["He went", "He didn't go at all"], U),
    ("It is that he can't go", "B", ["go", "he can't go"], P),
    ("It isn't that he can't go", "A", ["go", "x"], U),
    ("The answer is B: 4", "B", PLAIN, P), ("The answer is 14", "A", ["14", "4"], P),
]  # fmt: skip


@pytest.mark.parametrize(("text", "gold", "options", "want"), CASES)
def test_choice(text: str, gold: str, options: list[str], want: str) -> None:
    said = VERIFIER.judge(Attempt.of(text, {"type": "choice", "answer": gold, "options": options}))
    assert said.outcome == want, said.reason


PETS = ["a cat", "a dog", "a hot dog", "Paris, France"]
ECHO = "A) a cat\nB) a dog\nC) a hot dog\nD) Paris, France"


@pytest.mark.parametrize("gold", ["A", "B", "C", "D"])
@pytest.mark.parametrize(
    "text",
    [
        ECHO, f"{ECHO}\n", ECHO.replace("\n", "\n\n"), "A B C D", "\\boxed{A, B, C, D}",
        "(A) and (B)", "(C) and (D)",
        "Answer: \u0410", "Answer: \u0392", "Answer: A/B/C/D",
        "Answer: a cat or a dog or a hot dog or Paris, France",
        "\\boxed{A}\\boxed{B}\\boxed{C}\\boxed{D}", "All of the above.", "Answer: any",
        "Answer: (A)(B)(C)(D)",
    ],
)  # fmt: skip
def test_spam_and_echoes_never_pass(text: str, gold: str) -> None:
    said = VERIFIER.judge(Attempt.of(text, {"type": "choice", "answer": gold, "options": PETS}))
    assert said.outcome == "unscored", said


@pytest.mark.parametrize(
    "text",
    [
        "(B)", "**B**", "\\text{B}", "Option B", "B: a dog", "The answer is B, not A", "A DOG!", "b",
        "故选B。", "𝐁", "Ⓑ",
        f"{ECHO}\n\nB", f"{ECHO}\n\nThe answer is B.", "B rather than C", "Answer: B (a dog)",
    ],
)  # fmt: skip
def test_the_ways_to_say_b(text: str) -> None:
    said = VERIFIER.judge(Attempt.of(text, {"type": "choice", "answer": "B", "options": PETS}))
    assert said.outcome == "pass", said


def test_numbers_count_where_the_question_numbers_its_options() -> None:
    reference = {"type": "choice", "answer": "B", "options": PETS}
    asked = "Which barks?\n1. a cat\n2. a dog\n3. a hot dog\n4. Paris, France"
    for text, want in [("Answer: 2", "pass"), ("Option 3", "fail"), ("Answer: 7", "unscored")]:
        assert VERIFIER.judge(Attempt.of(text, reference, asked)).outcome == want, text
    assert VERIFIER.judge(Attempt.of("Answer: 2", reference, "Which?")).outcome == "unscored"
