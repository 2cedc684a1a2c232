"""What is finished but not yet in a part: one JSON line each, written before it counts."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from datapipe.errors import StoreError
from datapipe.shards import naming

M = TypeVar("M", bound=BaseModel)

SYNC_S = 1.0
"""A killed process loses nothing; a machine that loses power loses at most this much."""


class Journal:
    """An append-only file of JSON objects. A torn last line is cut off before the first append."""

    def __init__(self, path: Path, token: int) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cut_torn_line()
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = threading.Lock()
        self._synced = time.monotonic()
        self.append(json.dumps({"token": token}))

    def append(self, entry: str) -> None:
        """Have one JSON object, a line, in the file when this returns. Raises StoreError on a full disk,
        the line cut off."""
        line = entry.encode() + b"\n"
        with self._lock, naming(self.path):
            start = os.fstat(self._handle).st_size
            try:
                while line:
                    line = line[os.write(self._handle, line) :]
                if time.monotonic() - self._synced > SYNC_S:
                    os.fsync(self._handle)
                    self._synced = time.monotonic()
            except OSError:
                os.ftruncate(self._handle, start)
                raise

    def close(self) -> None:
        os.fsync(self._handle)
        os.close(self._handle)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut_torn_line(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            data = file.read()
            if data and not data.endswith(b"\n"):
                file.truncate(data.rfind(b"\n") + 1)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Its whole entries, in order; headers, a torn end and unreadable lines are left out.

    An unreadable line costs the work it stood for, which is owed again; nothing else.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            entry = _entry(line)
            if entry is not None and entry.keys() != {"token"}:
                yield entry


def journal_row(path: Path, model: type[M], value: Any) -> M:
    """A row out of a journal. Raises StoreError where another version of this program wrote it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        what = f"holds what is no {model.__name__} ({error.error_count()} faults)"
        raise StoreError(f"{path}: {what}; move it away to have its work done again") from None


def _entry(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
