"""Verify answers on their own: rows of reference and answer in, one verdict a row out, in order."""

import gzip
import io
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from pydantic import ValidationError

from datapipe.errors import InputError
from datapipe.reading import RawRow, read_raw
from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.attempt import Attempt
from judges.base import Ruling, explain
from judges.catalog import catalog
from schemas.references import Reference, parse_reference

_CHUNK, _AHEAD = 128, 4
MAX_LINE_BYTES = 1 << 24
"""Longer rows are unscored unread."""
_CHUNK_CHARS = 1 << 24
"""Where rows are long, fewer are held at a time."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that can be judged, or why it cannot."""

    check: str | None
    attempt: Attempt | None
    reason: str | None = None
    size: int = 0
    """Bytes of its line, or of its text."""


def verify_lines(lines: Iterable[bytes | RawRow], settings: PoolSettings | None = None) -> Iterator[str]:
    """Rows `{"reference": {…}, "answer": "…"}` in, one JSON line a row out, in order.

    A row may also hold `prompt`, `thinking` and `finish_reason`; the rest is not looked at. Out come
    `outcome, unscored, check, reason, score, evidence, extracted`. `unscored` is `informative`, or `infra`
    where another try may tell; `score` is the share of cases, constraints or keys that are right, and
    `evidence` names the first that is not. Blank lines are no rows; a bad row is unscored with its line
    number and reason. A bounded number of rows is held at a time. Raises CatalogError and WorkerError.
    """
    settings = settings or PoolSettings(size=1)
    found = catalog(settings.folders, settings.params)
    verifiers = frozenset(name for name, check in found.items() if check.kind == "verifier")
    rows = (
        _row(line, at, verifiers)
        for at, line in enumerate(lines, 1)
        if isinstance(line, RawRow) or line.strip()
    )
    with WorkerPool(settings) as pool:
        ahead: deque[tuple[list[_Row], Future[list[list[Ruling]]]]] = deque()
        while chunk := list(_chunk(rows)):
            ahead.append((chunk, pool.submit([_job(row) for row in chunk])))
            if len(ahead) >= _AHEAD:
                yield from _told(*ahead.popleft())
        while ahead:
            yield from _told(*ahead.popleft())


def read_rows(file: str) -> Iterator[bytes | RawRow]:
    """The lines of a file or of stdin, as `read_lines`; the rows of a Parquet file. Raises InputError."""
    if not file.endswith(".parquet"):
        yield from read_lines(file)
        return
    for row in read_raw(Path(file), MAX_LINE_BYTES):
        if row.value is None and not row.bytes:  # not a bad row, but the end of what can be read
            raise InputError(f"{file}: {row.reason}")
        yield row


def read_lines(file: str) -> Iterator[bytes]:
    r"""The lines of a file (plain, .gz, .zst), or of stdin for `-`, split on \n alone.

    Of a line that is too long a little more than MAX_LINE_BYTES is held. Raises InputError.
    """
    try:
        with _opened(file) as lines:
            while line := lines.readline(MAX_LINE_BYTES + 1):
                yield line
                while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                    line = lines.readline(MAX_LINE_BYTES + 1)
    except (OSError, EOFError, pa.ArrowException) as error:
        raise InputError(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _opened(file: str) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    stream: Any = None
    if file.endswith(".gz"):
        stream = gzip.GzipFile(file)
    elif file.endswith(".zst"):
        stream = pa.CompressedInputStream(pa.OSFile(file, "rb"), "zstd")
    if stream is not None:
        return io.BufferedReader(stream)
    return open(file, "rb")


def _chunk(rows: Iterator[_Row]) -> Iterator[_Row]:
    """The next rows: so many, or so long."""
    held = 0
    for row in islice(rows, _CHUNK):
        yield row
        held += row.size
        if held > _CHUNK_CHARS:
            return


def read_question(line: bytes | RawRow) -> Attempt | None:
    """What a row asks, `prompt` and `reference`; None for one without a reference. Raises ValueError."""
    if isinstance(line, bytes) and not line.strip():
        return None
    try:
        row = _object(line)
        if isinstance(row, dict) and row.get("reference") is None:
            return None
        return Attempt.asking(_text(row, "prompt", "?"), _reference(row))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _row(line: bytes | RawRow, number: int, verifiers: frozenset[str]) -> _Row:
    try:
        attempt = _attempt(_object(line))
    except (ValueError, TypeError, RecursionError) as error:
        return _Row(None, None, f"line {number}: {error}")
    kind = attempt.reference.type if attempt.reference is not None else ""
    if kind not in verifiers:
        return _Row(None, None, f"line {number}: there is no verifier for references of type {kind!r}")
    return _Row(kind, attempt, size=line.bytes if isinstance(line, RawRow) else len(line))


def _object(line: bytes | RawRow) -> Any:
    if isinstance(line, RawRow):
        if line.value is None:
            raise ValueError(line.reason)
        return line.value
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"longer than {MAX_LINE_BYTES} bytes")
    return json.loads(line)


def _attempt(row: Any) -> Attempt:
    reference = _reference(row)
    return Attempt.of(
        _text(row, "answer"),
        reference,
        _text(row, "prompt", "?"),
        finish_reason=_text(row, "finish_reason", "stop"),
        thinking=_text(row, "thinking", "") or None,
    )


def _reference(row: Any) -> Reference:
    value = row.get("reference") if isinstance(row, dict) else None
    if isinstance(value, str):  # JSON text, as in a Parquet file
        value = json.loads(value)
    if not isinstance(value, dict):
        raise ValueError("not an object with a reference")
    try:
        return parse_reference(value)
    except ValidationError as error:
        raise ValueError(f"reference: {explain(error)}") from error


def _text(row: dict[str, Any], name: str, default: str | None = None) -> str:
    value = row.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name} is {'missing' if name not in row else 'no text'}")
    return value


def _job(row: _Row) -> Job:
    if row.check is None or row.attempt is None:
        return Job((), Attempt.of(""))
    return Job((row.check,), row.attempt.bare())


def _told(rows: list[_Row], future: Future[list[list[Ruling]]]) -> Iterator[str]:
    for row, rulings in zip(rows, future.result(), strict=True):
        said = rulings[0] if rulings else Ruling.undecided(row.reason or "")
        told = {name: getattr(said, name) for name in ("reason", "score", "evidence", "extracted")}
        # ASCII, since what an answer holds may speak to a terminal.
        yield json.dumps({"outcome": said.outcome, "unscored": said.unscored, "check": row.check, **told})
