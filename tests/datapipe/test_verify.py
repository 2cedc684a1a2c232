"""`verify_lines` gives one line a row, in order, whatever the rows hold."""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from datapipe.cli import app
from datapipe.errors import InputError
from datapipe.verify import read_lines, read_rows, verify_lines
from datapipe.workers import PoolSettings

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs


def row(answer: str, gold: str = "4", **more: Any) -> bytes:
    return (
        json.dumps({"reference": {"type": "math", "answer": gold}, "answer": answer} | more).encode() + b"\n"
    )


def json_row(gold: str) -> bytes:
    return b'{"reference": {"type": "json", "schema": {}, "answer": %b}, "answer": "1"}\n' % gold.encode()


def told(*lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in verify_lines(lines, PoolSettings(size=1))]


def test_rows_in_verdicts_out() -> None:
    choice = b'{"reference": {"type": "choice", "answer": "B"}, "answer": "<think>A?</think>(B)"}'
    rows = (row("\\boxed{4}"), row("A: 5"), choice, row("Who knows?"), row("4", finish_reason="length"))
    names = ("outcome", "check", "reason", "extracted")
    assert [{name: each[name] for name in names} for each in told(*rows)] == [
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
        b" " * (1 << 24) + b"1\n": "line 8: longer than 16777216 bytes",
        json_row("1e999"): "line 9: reference: answer: holds inf, which is no JSON number",
        json_row("{'a': [NaN]}".replace("'", '"')): "line 10: reference: answer: a: holds nan",
        json_row('{"\\ud800": 1}'): "line 11: reference: answer: holds a lone surrogate",
        json_row("[" * 220 + "]" * 220): "line 12: reference: answer: nested deeper than 150 levels",
    }
    said = told(*bad, b"\n", row("4"))
    assert [each["outcome"] for each in said] == ["unscored"] * len(bad) + ["pass"]
    assert {each["unscored"] for each in said[:-1]} == {"informative"}
    assert all(each["check"] is None for each in said[:-1])
    assert [each["reason"][: len(want)] for each, want in zip(said, bad.values(), strict=False)] == [
        *bad.values()
    ]


def test_share_and_first_failing_case_are_told() -> None:
    cases = [{"input": [n], "output": n + 1} for n in (1, 2)]
    reference = {"type": "code", "entry_point": "f", "cases": cases}
    program = "```python\ndef f(n):\n    return 2\n```"
    (said,) = told(json.dumps({"reference": reference, "answer": program}).encode())
    if said["unscored"] == "infra":
        pytest.skip(said["reason"])
    assert (said["outcome"], said["score"]) == ("fail", 0.5)
    assert said["evidence"] == "1 of 2 passed; failed: 2; first to fail: f(2)"


def test_a_parquet_file_is_read_as_a_run_reads_it(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    said = pa.array([b"\\boxed{4}", b"\xff"], pa.binary()).view(pa.string())
    gold = json.dumps({"type": "math", "answer": "4"})
    pq.write_table(pa.table({"reference": [gold, gold], "answer": said, "day": [date(2026, 1, 2)] * 2}), path)
    first, second = (json.loads(line) for line in verify_lines(read_rows(path), PoolSettings(size=1)))
    assert (first["outcome"], second["outcome"]) == ("pass", "unscored")
    assert second["reason"].startswith("line 2: not UTF-8")
    Path(path).write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"a\.parquet: Parquet file cannot be read on after row 0"):
        list(read_rows(path))


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


def test_files_of_every_kind_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [row("4"), b"\n", "\u2028é\r".encode() + b"\n", row("5")[:-1]]
    data = b"".join(lines)
    (tmp_path / "a.jsonl").write_bytes(data)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    (tmp_path / "a.jsonl.zst").write_bytes(pa.compress(data, "zstd", asbytes=True))
    for path in sorted(tmp_path.iterdir()):
        assert list(read_lines(str(path))) == lines
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert list(read_lines("-")) == lines


@pytest.mark.parametrize(
    "name", ["none.jsonl", "folder", "torn.jsonl.gz", "torn.jsonl.zst", "bad.gz", "bad.zst"]
)
def test_a_file_that_cannot_be_read_is_exit_code_3(tmp_path: Path, name: str) -> None:
    data = b"".join(row(str(number)) for number in range(9_999))
    (tmp_path / "folder").mkdir()
    (tmp_path / "torn.jsonl.gz").write_bytes(gzip.compress(data)[:-99])
    (tmp_path / "torn.jsonl.zst").write_bytes(pa.compress(data, "zstd", asbytes=True)[:-99])
    for kind in ("gz", "zst"):
        (tmp_path / f"bad.{kind}").write_bytes(data)
    with pytest.raises(InputError, match=name):
        list(read_lines(str(tmp_path / name)))
    if not name.startswith("torn"):
        said = CliRunner().invoke(app, ["verify", str(tmp_path / name)])
        assert (said.exit_code, said.stdout, said.stderr.count("\n")) == (3, "", 1)


def test_a_long_line_is_neither_held_nor_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.verify.MAX_LINE_BYTES", 100)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 1_000_000 + b"\n" + row("4") + b"y" * 101 + b"\n" + row("4"))
    lines = list(read_lines(str(path)))
    assert [len(line) for line in lines] == [101, len(row("4")), 101, len(row("4"))]
    said = [json.loads(line) for line in verify_lines(lines, PoolSettings(size=1))]
    assert [each["reason"] for each in said] == [
        "line 1: longer than 100 bytes",
        None,
        "line 3: longer than 100 bytes",
        None,
    ]


def test_few_long_rows_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.verify._CHUNK_CHARS", 1_000)
    read = 0

    def lines() -> Iterator[bytes]:
        nonlocal read
        for read in range(1, 101):  # noqa: B007
            yield row("4", prompt="p" * 600)

    answers = verify_lines(lines(), PoolSettings(size=1))
    next(answers)
    assert read == 8
    assert len(list(answers)) == 99
