"""`verify_lines` gives one line a row, in order, whatever the rows hold."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from datapipe.verify import verify_lines
from datapipe.workers import PoolSettings

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs


def row(answer: str, gold: str = "4", **more: Any) -> bytes:
    return (
        json.dumps({"reference": {"type": "math", "answer": gold}, "answer": answer} | more).encode() + b"\n"
    )


def told(*lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in verify_lines(lines, PoolSettings(size=1))]


def test_rows_in_verdicts_out() -> None:
    choice = b'{"reference": {"type": "choice", "answer": "B"}, "answer": "<think>A?</think>(B)"}'
    assert told(
        row("\\boxed{4}"), row("A: 5"), choice, row("Who knows?"), row("4", finish_reason="length")
    ) == [
        {"outcome": "pass", "check": "math", "reason": None, "extracted": "4"},
        {"outcome": "fail", "check": "math", "reason": "'5' is not '4'", "extracted": "5"},
        {"outcome": "pass", "check": "choice", "reason": None, "extracted": "B"},
        {"outcome": "unscored", "check": "math", "reason": "no final answer", "extracted": None},
        {"outcome": "unscored", "check": "math", "reason": "truncated at max_tokens", "extracted": None},
    ]


def test_bad_rows_are_named_and_the_rest_goes_on() -> None:
    bad = {
        b"nonsense\n": "line 1: Expecting value",
        b"\xff\xfe\n": "line 2: 'utf-",
        b"[1]\n": "line 3: not an object with a reference",
        b'{"reference": {"type": "math"}, "answer": "4"}\n': "line 4: reference: math.answer: Field required",
        b'{"reference": {"type": "math", "answer": "4"}}\n': "line 5: answer is missing",
        b'{"reference": {"type": "math", "answer": "4"}, "answer": 4}\n': "line 6: answer is no text",
        b"[" * 100_000 + b"\n": "line 7: maximum recursion depth",
        b'{"reference": {"type": "quantity", "answer": "9"}, "answer": "9"}\n': (
            "line 8: there is no verifier for references of type 'quantity'"
        ),
        b" " * (1 << 24) + b"1\n": "line 9: longer than 16777216 bytes",
    }
    said = told(*bad, b"\n", row("4"))
    assert [each["outcome"] for each in said] == ["unscored"] * len(bad) + ["pass"]
    assert all(each["check"] is None for each in said[:-1])
    assert [each["reason"][: len(want)] for each, want in zip(said, bad.values(), strict=False)] == [
        *bad.values()
    ]


def test_what_an_answer_says_to_a_terminal_stays_escaped() -> None:
    (line,) = verify_lines([row("\\boxed{\x1b[2J\x9b\ud800}")])
    assert line.isascii()
    assert "\x1b" not in line


@pytest.mark.slow
def test_rows_are_read_as_verdicts_are_taken() -> None:
    read = 0

    def lines() -> Iterator[bytes]:
        nonlocal read
        for number in range(100_000):
            read += 1
            yield row(str(number), str(number))

    verdicts = verify_lines(lines())
    first = [json.loads(next(verdicts))["outcome"] for _ in range(10)]
    verdicts.close()  # type: ignore[attr-defined]
    assert first == ["pass"] * 10
    assert read < 2000
