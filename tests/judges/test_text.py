"""Texts that differ by a sign are not the same, by case and spacing they are."""

from dataclasses import replace

import pytest

from judges.attempt import Attempt
from judges.verifiers.text import near_misses, text
from schemas.references import TextReference

VERIFIER = replace(text, kind="verifier")
GOLDS = [
    "-5", "C#", "C++", "50%", "2/3", "2.3", ".NET", "A-", "well-known", "U.S.", "U.S.A.", "Yahoo!",
    "Washington D.C.", "New York (state)", "The capital is Rome.", "Jeopardy!",
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "gold", "want"),
    [
        ("Answer: C", "C#", "fail"), ("Answer: 5", "-5", "fail"), ("Answer: 50", "50%", "fail"),
        ("Answer: x!", "x", "pass"), ("Answer: \u22125", "-5", "pass"), ("Answer: c#.", "C#", "pass"),
        ("The answer is $-5$.", "-5", "pass"), ("\\boxed{50\\%}", "50%", "pass"),
        ("Answer: 2.3", "2/3", "fail"),
        ("Answer: Well known", "well-known", "pass"), ("Answer:  PARIS ", "Paris", "pass"),
        ("The answer is not Paris.", "Paris", "fail"),
        ("Answer: twenty one", "21", "pass"), ("Answer: 21", "Twenty-One", "pass"),
        ("Answer: two hundred and five", "205", "pass"), ("Answer: a hundred", "100", "pass"),
        ("Answer: one two", "12", "fail"), ("Answer: twenty ten", "30", "fail"),
        ("Answer: 1,000", "one thousand", "pass"), ("Answer: 1,2", "12", "fail"),
        ("Answer: Se7en", "Seven", "fail"), ("Answer: three kings", "3 kings", "pass"),
        ("Answer: P\u0430ris", "Paris", "fail"), ("Answer: Paris or Rome", "Paris", "fail"),
        ("Answer: Paris Paris Paris", "Paris", "fail"), ("Paris\nRome\nLondon", "Paris", "fail"),
        ("Answer: Paris, Rome, London", "Paris", "fail"), ("Answer: two " + "million " * 99, "2", "fail"),
        ("A: Rome\nB: Paris\n\nThe answer is Paris.", "Paris", "pass"),
    ],
)  # fmt: skip
def test_text(said: str, gold: str, want: str) -> None:
    told = VERIFIER.judge(Attempt.of(said, {"type": "text", "answer": gold}))
    assert told.outcome == want, told.reason


@pytest.mark.parametrize("gold", GOLDS)
def test_gold_passes_and_near_misses_do_not(gold: str) -> None:
    reference = TextReference(type="text", answer=gold)
    assert VERIFIER.judge(Attempt.of(f"\\boxed{{{gold}}}", reference)).outcome == "pass"
    assert near_misses(reference)
    for miss in near_misses(reference):
        assert VERIFIER.judge(Attempt.of(miss, reference)).outcome != "pass", miss
        assert VERIFIER.judge(Attempt.of(f"\\boxed{{{miss}}}", reference)).outcome != "pass", miss


def test_a_near_miss_is_no_alias_and_says_something() -> None:
    assert "cat" not in near_misses(TextReference(type="text", answer="cats", aliases=["cat"]))
    assert "Paris." not in near_misses(TextReference(type="text", answer="Paris."))
    assert near_misses(TextReference(type="text", answer="A")) == ["not A", "A A"]
