"""Answers that verifiers once ruled on wrongly, or that lie close to such: a row each, in our own words."""

import json
from pathlib import Path
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.base import Check
from judges.catalog import catalog

ROWS = Path(__file__).with_name("daily_rows.jsonl")
TYPES = ("choice", "text", "quantity", "json", "instruction")


def rows() -> list[dict[str, Any]]:
    """`outcome` is one, or several of which any will do: what is wrong may as well be unscored."""
    return [json.loads(line) for line in ROWS.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
def test_every_row_is_ruled_on_as_it_says(kind: str) -> None:
    verifier = catalog()[kind]
    assert isinstance(verifier, Check)
    wrong, tried = [], 0
    for row in rows():
        if row["reference"]["type"] == kind:
            tried += 1
            said = verifier.judge(Attempt.of(row["response"], row["reference"]))
            if said.outcome not in row["outcome"]:
                wrong.append((row["reference"], row["response"], said.outcome, said.reason))
    assert tried
    assert wrong == []


def test_every_row_is_of_a_type_that_is_tried() -> None:
    assert {row["reference"]["type"] for row in rows()} == set(TYPES)
