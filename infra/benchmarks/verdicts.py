"""Wrong verdicts of math on the regression set, beside those of math-verify alone on the same pairs."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.gates import Measured
from math_verify import parse, verify

from judges.attempt import Attempt
from judges.verifiers.math import math

TRIPLES = Path(__file__).parents[2] / "tests/judges/math_triples.jsonl"
FALSE_FAILS = 0.02
_SHOWN = 3
Row = dict[str, Any]
Say = Callable[[Row], str]
_MATH = replace(math, kind="verifier")


def measure(_folder: Path) -> Iterator[Measured]:
    """False passes of what must not pass, false fails of what must, unscored or not."""
    logging.disable(logging.CRITICAL)  # math-verify logs what it cannot read
    triples = [json.loads(line) for line in TRIPLES.read_text("utf-8").split("\n") if line]
    right = [row for row in triples if row["verdict"] == "pass"]
    wrong = [row for row in triples if row["verdict"] != "pass"]
    passed, failed = _wrong(triples, _ours)
    their_passed, their_failed = _wrong(triples, _theirs)
    logging.disable(logging.NOTSET)
    told = f"{len(passed)} of {len(wrong)} (math-verify alone {len(their_passed)}){_shown(passed)}"
    yield Measured("math, false passes", told, "= 0", not passed)
    told = f"{len(failed)} of {len(right)} (math-verify alone {len(their_failed)}){_shown(failed)}"
    yield Measured("math, false fails", told, f"< {FALSE_FAILS:.0%}", len(failed) < FALSE_FAILS * len(right))


def _wrong(triples: list[Row], say: Say) -> tuple[list[Row], list[Row]]:
    told = [(row, say(row)) for row in triples]
    return (
        [row for row, outcome in told if outcome == "pass" and row["verdict"] != "pass"],
        [row for row, outcome in told if outcome != "pass" and row["verdict"] == "pass"],
    )


def _ours(row: Row) -> str:
    reference = {"type": "math", "answer": row["gold"], "comparison": row.get("comparison")}
    return _MATH.judge(Attempt.of(_response(row), reference)).outcome


def _theirs(row: Row) -> str:
    """Of math-verify as it comes: nothing read is unscored, and so is whatever it raises."""
    try:
        gold, answer = parse(f"${row['gold']}$"), parse(_response(row))
        return "unscored" if not (gold and answer) else "pass" if verify(gold, answer) else "fail"
    except Exception:  # noqa: BLE001
        return "unscored"


def _response(row: Row) -> str:
    return str(row["response"]) if "response" in row else f"Thus $\\boxed{{{row['answer']}}}$."


def _shown(rows: list[Row]) -> str:
    return "".join(f"; {_response(row)!r} for {row['gold']!r}" for row in rows[:_SHOWN])
