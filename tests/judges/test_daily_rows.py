"""Answers that verifiers once ruled on wrongly, or that lie close to such: a row each, in our own words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.base import Check
from judges.catalog import catalog

ROWS = Path(__file__).with_name("daily_rows.jsonl")


def rows() -> Iterator[Any]:
    """`outcome` is one, or several of which any will do: what is wrong may as well be unscored."""
    for at, line in enumerate(ROWS.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        wanted = row["outcome"] if isinstance(row["outcome"], list) else [row["outcome"]]
        yield pytest.param(row["reference"], row["response"], wanted, id=f"{row['reference']['type']}-{at}")


@pytest.mark.parametrize(("reference", "response", "wanted"), list(rows()))
def test_row(reference: dict[str, Any], response: str, wanted: list[str]) -> None:
    verifier = catalog()[reference["type"]]
    assert isinstance(verifier, Check)
    said = verifier.judge(Attempt.of(response, reference))
    assert said.outcome in wanted, said.reason
