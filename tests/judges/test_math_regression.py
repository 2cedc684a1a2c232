"""The regression set of math: gold, answer and the verdict of a careful reader, over all types of answer."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.verifiers.math import math

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "math_triples.jsonl").read_text(encoding="utf-8").split("\n")
    if line
]
TYPES = sorted({row["type"] for row in ROWS})
MOST_FALSE_FAILS = 0.02
VERIFIER = replace(math, kind="verifier")


def told(row: dict[str, Any]) -> str:
    text = row["response"] if "response" in row else f"Thus $\\boxed{{{row['answer']}}}$."
    reference = {"type": "math", "answer": row["gold"], "comparison": row.get("comparison")}
    return VERIFIER.judge(Attempt.of(text, reference)).outcome


def test_the_set_is_large_and_has_near_misses_of_every_type() -> None:
    assert len(ROWS) >= 400
    assert sum(row["near_miss"] for row in ROWS) >= 100
    assert {row["type"] for row in ROWS if row["near_miss"]} == set(TYPES)
    keys = Counter(
        json.dumps([row.get(key) for key in ("gold", "answer", "response", "comparison")]) for row in ROWS
    )
    assert max(keys.values()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
def test_no_false_pass(kind: str) -> None:
    wrong = [row for row in ROWS if row["type"] == kind and row["verdict"] != "pass" and told(row) == "pass"]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
def test_what_nobody_can_tell_is_unscored(kind: str) -> None:
    rows = [row for row in ROWS if row["type"] == kind and row["verdict"] == "unscored"]
    assert [row for row in rows if told(row) != "unscored"] == []


@pytest.mark.slow
def test_few_false_fails() -> None:
    right = [row for row in ROWS if row["verdict"] == "pass"]
    wrong = [row for row in right if told(row) != "pass"]
    assert len(wrong) <= MOST_FALSE_FAILS * len(right), wrong
