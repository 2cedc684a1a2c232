"""What is finished but not yet in a part: one checksummed JSON line each, written before it counts."""

import fcntl
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from zlib import crc32

from pydantic import BaseModel, ValidationError

from datapipe.errors import StoreError
from datapipe.journal_sync import Syncer
from datapipe.pausing import insist
from datapipe.shards import sync_folder, write_bytes

M = TypeVar("M", bound=BaseModel)

SYNC_S = 1.0
"""A killed process loses nothing; a machine that loses power loses at most this much."""
HELD = 2**25
"""Bytes that wait for a sync at most, whatever the seconds: until then they are held in memory as well."""
ASIDE = ".aside"
"""Ends the name of the file that lines go to which cannot be used."""
_HEAD = b'{"crc":"'
_REST = len(_HEAD) + 8 + 2
_TOKEN = re.compile(rb'"token":(\d{1,18})(?:,|(?=\}))')
_syncer = Syncer()


class Journal:
    """An append-only file of JSON objects. A torn last line is cut off before the first append.

    A line is `{"crc":"9ae7f2c4","token":3,…}`: the CRC-32 of all that follows its comma, and the fencing
    token of the lease it was written under. Safe to share between threads.

    After a sync that fails, Linux may take what it could not write for written, and the next sync says
    nothing. So all since the last good one is held, and written again to where it stands before the next.
    """

    def __init__(self, path: Path, token: int, sync_s: float | None = None) -> None:
        """`sync_s`: seconds between two syncs; 0 syncs before an entry counts."""
        self.path, self.token = path, token
        self.sync_s = SYNC_S if sync_s is None else sync_s
        self._lock, self._syncing = threading.Lock(), threading.Lock()
        self._handle = insist(path, self._open)
        self._size = os.fstat(self._handle).st_size
        self._torn = self._unsynced = False
        self._held, self._held_bytes = list[tuple[int, bytes]](), 0
        """What no sync has had on the disk yet, by its place in the file."""
        self.append("{}")

    def append(self, *entries: str | bytes) -> None:
        """Have JSON objects, a line each, in the file when this returns. Raises StoreError on a full disk,
        the lines cut off."""
        data = b"".join(record(entry, self.token) for entry in entries)
        with self._lock:
            insist(self.path, lambda: self._write(data))
        if self._unsynced or not self.sync_s or self._held_bytes > HELD:
            self.sync()
        else:
            _syncer.due(self, self.sync_s)

    def sync(self) -> None:
        """Have everything on the disk that was appended."""
        insist(self.path, self._sync)

    def try_sync(self) -> None:
        """As `sync`, once; the next append insists on it where this fails."""
        with suppress(OSError):
            self._sync()

    def close(self) -> None:
        _syncer.forget(self)
        try:
            self.sync()
        finally:
            os.close(self._handle)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        if self.path.stat().st_size:
            _cut_torn_line(self.path)
        else:  # new, or its folder could not be synced before
            sync_folder(self.path.parent)
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def _sync(self) -> None:
        with self._syncing:
            with self._lock:
                if self._unsynced:
                    self._write_again()
                count = len(self._held)
            try:
                os.fsync(self._handle)
            except OSError:
                self._unsynced = True
                raise
            with self._lock:
                del self._held[:count]
                self._held_bytes = sum(len(data) for _, data in self._held)
                self._unsynced = False

    def _write_again(self) -> None:
        """The same bytes in the same places, so that who reads meanwhile sees no difference."""
        flags = fcntl.fcntl(self._handle, fcntl.F_GETFL)
        fcntl.fcntl(self._handle, fcntl.F_SETFL, flags & ~os.O_APPEND)  # with it, every write is at the end
        try:
            for place, data in self._held:
                done = 0
                while done < len(data):
                    done += os.pwrite(self._handle, data[done:], place + done)
        finally:
            fcntl.fcntl(self._handle, fcntl.F_SETFL, flags)

    def _write(self, data: bytes) -> None:
        if self._torn:
            data = b"\n" + data
        done, written = 0, list[tuple[int, bytes]]()
        try:
            while done < len(data):
                count = os.write(self._handle, data[done:] if done else data)
                # Others may append as well, so the place is asked for.
                place = os.lseek(self._handle, 0, os.SEEK_CUR) - count
                written.append((place, data[done : done + count]))
                done += count
        except OSError:
            self._cut(done)
            raise
        self._size, self._torn = self._size + done, False
        self._held += written
        self._held_bytes += done

    def _cut(self, done: int) -> None:
        """Take back the beginning of a line; where another process has written since, it is ended instead."""
        if os.fstat(self._handle).st_size == self._size + done:
            os.ftruncate(self._handle, self._size)
        else:
            self._size, self._torn = self._size + done, self._torn or done > 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a journal, and whether it counts."""

    text: bytes
    """As it stands in the file."""
    state: Literal["whole", "torn", "damaged", "late"]
    """Torn: the last one, not written to its end. Damaged: not what was written. Late: written under a lease
    that another owner had taken over by then."""
    token: int
    """The highest so far."""
    start: int = 0
    """Where its entry begins, one byte after the brace that opens it; 0 where it has no checksum."""

    @property
    def entry(self) -> dict[str, Any]:
        """Without checksum and token; empty for a header."""
        entry: dict[str, Any] = json.loads(b"{" + self.text[self.start :] if self.start else self.text)
        if not self.start:
            entry.pop("token", None)
        return entry

    def row(self, kind: bytes) -> bytes | None:
        """The JSON of the one value that the entry holds by a name, or, with no name, of the entry itself."""
        if not self.start:
            value = self.entry if not kind else self.entry.get(kind.decode())
            return json.dumps(value).encode() if value else None
        if not kind:
            return b"{" + self.text[self.start : -1] if len(self.text) > self.start + 2 else None
        name = b'"%s":' % kind
        return self.text[self.start + len(name) : -2] if self.text.startswith(name, self.start) else None


def read_lines(path: Path) -> Iterator[Line]:
    """Every line of a journal. Without a checksum, as older versions wrote them, only at its beginning."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    newest, checked = 0, False
    with file:
        for text in file:
            if not text.endswith(b"\n"):
                yield Line(text, "torn", newest)
            elif (found := _checked(text) if checked or text.startswith(_HEAD) else _older(text)) is None:
                yield Line(text, "damaged", newest)
            else:
                token, start = found
                checked, token = checked or start > 0, newest if token is None else token
                late, newest = token < newest, max(newest, token)
                yield Line(text, "late" if late else "whole", newest, start)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The entries that count, in order. What else is there costs the work it stood for, which is owed
    again, and nothing more; `mend` reports it."""
    entries = (line.entry for line in read_lines(path) if line.state == "whole")
    return (entry for entry in entries if entry)


def newest_token(path: Path) -> int:
    """The highest token of a journal; 0 where it has none."""
    return max((line.token for line in read_lines(path)), default=0)


def mend(path: Path, token: int) -> Counter[str]:
    """Move what does not count into a file beside the journal, and shut out who owned it before.

    Returns lines by state, of those moved. Only for the owner of the run, before it reads the journal.
    """
    bad = [line for line in read_lines(path) if line.state in ("damaged", "late")]
    if bad:
        aside = path.with_name(path.name + ASIDE)
        old = aside.read_bytes() if aside.exists() else b""
        write_bytes(aside, old + b"".join(line.text for line in bad))
        write_bytes(path, b"".join(line.text for line in read_lines(path) if line.state == "whole"))
    Journal(path, token).close()
    return Counter(line.state for line in bad)


def rewrite(path: Path, token: int, entries: Iterable[str]) -> None:
    """Have these entries in a journal and no others, all at once; no file where there are none."""
    data = b"".join(record(entry, token) for entry in entries)
    if data:
        write_bytes(path, data)
    else:
        insist(path, lambda: path.unlink(missing_ok=True))


def record(entry: str | bytes, token: int) -> bytes:
    """The line of a JSON object."""
    text = entry if isinstance(entry, bytes) else entry.encode()
    rest = b'"token":%d%b%b\n' % (token, b"," if len(text) > 2 else b"", text[1:])
    return b'%s%08x",%s' % (_HEAD, crc32(rest), rest)


def journal_row(path: Path, model: type[M], value: Any) -> M:
    """A row out of a journal. Raises StoreError where another version of this program wrote it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        what = f"holds what is no {model.__name__} ({error.error_count()} faults)"
        raise StoreError(f"{path}: {what}; move it away to have its work done again") from None


def _checked(line: bytes) -> tuple[int, int] | None:
    """(token, start) of a line with a checksum that is right."""
    if line[: len(_HEAD)] != _HEAD or line[len(_HEAD) : _REST] != b'%08x",' % crc32(line[_REST:]):
        return None
    found = _TOKEN.match(line, _REST)
    return (int(found[1]), found.end()) if found else None


def _older(line: bytes) -> tuple[int | None, int] | None:
    """As _checked, of a line of before checksums; no token but in a header."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    token = entry.get("token") if isinstance(entry, dict) else "no object"
    return (token, 0) if token is None or type(token) is int else None


def _cut_torn_line(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
