"""Whole responses: how real ones state an answer, and how one may seem to be stated that is not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.verifiers.math import math

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "math_responses.jsonl").read_text(encoding="utf-8").split("\n")
    if line
]
MOST_FALSE_FAILS = 0.03
VERIFIER = replace(math, kind="verifier")


def outcome(row: dict[str, Any]) -> str:
    reference = {"type": "math", "answer": row["gold"], "comparison": row.get("comparison")}
    return VERIFIER.judge(Attempt.of(row["response"], reference)).outcome


def test_the_set_has_right_and_wrong_rows_of_its_own() -> None:
    assert sum(row["passes"] for row in ROWS) > 150
    assert sum(not row["passes"] for row in ROWS) > 200
    assert len({(row["gold"], row["response"]) for row in ROWS}) == len(ROWS)


@pytest.mark.slow
def test_no_wrong_response_passes() -> None:
    assert [row for row in ROWS if not row["passes"] and outcome(row) == "pass"] == []


@pytest.mark.slow
def test_few_right_responses_do_not_pass() -> None:
    right = [row for row in ROWS if row["passes"]]
    failed = [row for row in right if outcome(row) != "pass"]
    assert len(failed) <= MOST_FALSE_FAILS * len(right), failed


@pytest.mark.parametrize("gold", ["12", "\\frac{1}{2}", "2\\pi", "(1, 2)", "x^2+1"])
@pytest.mark.parametrize(
    "stated",
    [
        "\\boxed{%s}", "$$\n\\boxed{%s}\n$$", "The answer is $%s$.", "**Answer:** $%s$",
        "### Final Answer\n\n\\[\n%s\n\\]",
        "**Final Answer**\n\n$$%s$$", "The final answer is:\n\n$$\n%s\n$$", "<answer>$%s$</answer>",
        "Final Answer: The final answer is $%s$. I hope it is correct.", "答案是 $%s$。", "故答案为：$%s$．",
        "La respuesta es $%s$.", "La réponse est $%s$.", "Die Antwort lautet $%s$.", "Ответ: $%s$",
        "So $\\fbox{%s}$.",
    ],
)  # fmt: skip
def test_every_form_states_every_kind_of_answer(gold: str, stated: str) -> None:
    assert outcome({"gold": gold, "response": "We add up.\n\n" + stated % gold}) == "pass"
    assert outcome({"gold": gold, "response": "We add up.\n\n" + stated % ("3" + gold)}) != "pass"


@pytest.mark.parametrize(
    "stated", ["\\boxed{12}", "The answer is 12.", "**Answer:** 12", "#### 12", "<answer>12</answer>"]
)
@pytest.mark.parametrize(
    "later",
    [
        "Wait, no, it's 13.", "Actually, it should be 13.", "Correction: 13.", "Oops, I meant 13.",
        "That is wrong.",
        "On reflection it is 13.", "Let me redo it. So 13.", "Sorry, I miscounted.", "The answer is 13.",
        "**Answer:** 13",
        "\\boxed{13", "不对，应该是 13。",
    ],
)  # fmt: skip
def test_what_is_taken_back_does_not_pass(stated: str, later: str) -> None:
    assert outcome({"gold": "12", "response": f"{stated} {later}"}) != "pass"
    assert outcome({"gold": "12", "response": f"{stated}\n\n{later}"}) != "pass"


@pytest.mark.parametrize(
    "before",
    [
        "Bob claims",
        "Suppose",
        "It is not true",
        "I doubt",
        "We check whether",
        "If",
        "One might think",
        "It would be wrong to say",
    ],
)
def test_what_others_say_is_no_statement(before: str) -> None:
    assert outcome({"gold": "12", "response": f"{before} that the answer is 12."}) == "unscored"
    assert outcome({"gold": "12", "response": f"{before} that the answer is 13. The answer is 12."}) == "pass"
