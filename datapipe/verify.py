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
from typing import IO, Any

import pyarrow as pa
from pydantic import ValidationError

from datapipe.errors import InputError
from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.attempt import Attempt
from judges.base import Ruling, explain
from judges.catalog import catalog

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
    """Bytes of its line."""


def verify_lines(lines: Iterable[bytes], settings: PoolSettings | None = None) -> Iterator[str]:
    """JSON lines `{"reference": {…}, "answer": "…"}` in, one JSON line a row out, in order.

    Out come `outcome, check, reason, extracted`. A row may also hold `prompt`, `thinking` and
    `finish_reason`. Blank lines are no rows; a bad row is unscored with its line number and reason.
    A bounded number of rows is held at a time. Raises CatalogError and WorkerError.
    """
    settings = settings or PoolSettings(size=1)
    found = catalog(settings.folders, settings.params)
    verifiers = frozenset(name for name, check in found.items() if check.kind == "verifier")
    rows = (_row(line, at, verifiers) for at, line in enumerate(lines, 1) if line.strip())
    with WorkerPool(settings) as pool:
        ahead: deque[tuple[list[_Row], Future[list[list[Ruling]]]]] = deque()
        while chunk := list(_chunk(rows)):
            ahead.append((chunk, pool.submit([_job(row) for row in chunk])))
            if len(ahead) >= _AHEAD:
                yield from _told(*ahead.popleft())
        while ahead:
            yield from _told(*ahead.popleft())


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


def _row(line: bytes, number: int, verifiers: frozenset[str]) -> _Row:
    try:
        attempt = _attempt(line)
    except ValidationError as error:
        return _Row(None, None, f"line {number}: reference: {explain(error)}")
    except (ValueError, TypeError, RecursionError) as error:
        return _Row(None, None, f"line {number}: {error}")
    kind = attempt.reference.type if attempt.reference is not None else ""
    if kind not in verifiers:
        return _Row(None, None, f"line {number}: there is no verifier for references of type {kind!r}")
    return _Row(kind, attempt, size=len(line))


def _attempt(line: bytes) -> Attempt:
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"longer than {MAX_LINE_BYTES} bytes")
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("reference"), dict):
        raise ValueError("not an object with a reference")
    return Attempt.of(
        _text(row, "answer"),
        row["reference"],
        _text(row, "prompt", "?"),
        finish_reason=_text(row, "finish_reason", "stop"),
        thinking=_text(row, "thinking", "") or None,
    )


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
        # ASCII, since what an answer holds may speak to a terminal.
        yield json.dumps(
            {"outcome": said.outcome, "check": row.check, "reason": said.reason, "extracted": said.extracted}
        )
