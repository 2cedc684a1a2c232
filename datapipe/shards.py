"""Read and write one part: fixed schema, zstd, row groups bounded by bytes, whole or not there at all."""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel

from datapipe.errors import DamagedPart
from datapipe.pausing import insist, patiently
from schemas.arrow import VERSION_KEY, arrow_schema, conform
from schemas.columns import to_rows, to_table
from schemas.rows import SCHEMA_VERSION, Row

GROUP_BYTES = 64 * 2**20
"""Arrow bytes per row group: a reader's memory is bounded by it."""
GROUP_ROWS = 122_880
_CHUNK = 2_048
R = TypeVar("R", bound=Row)


class Entry(BaseModel):
    """What a manifest promises of a part."""

    rows: int
    bytes: int
    sha256: str
    schema_version: str = SCHEMA_VERSION
    inputs: str = ""
    """Hash of everything the part was made from; equal inputs mean the part is done."""
    covers: list[str] = []
    """For verdicts, the answer part and the `check@version` set the part holds."""
    counts: dict[str, int] = {}
    """Tallies the ledger adds up, by name."""


def write_part(
    path: Path,
    model: type[R],
    rows: Iterable[R] | Iterable[tuple[Any, ...]],
    tmp: Path,
    before: Callable[[], None] | None = None,
) -> Entry:
    """Write rows to `path` by a synced temporary file in `tmp` and a rename. Same file system, please.

    A row may be the tuple of its model's fields, in their order.

    `before` is called when the new part is whole and the old one still there. Raises StoreError where
    the disk takes no more; what was there before is then untouched.
    """
    held: Collection[R | tuple[Any, ...]] = rows if isinstance(rows, Collection) else list(rows)
    return _write_whole(path, model, lambda: _tables(model, held), tmp, before)


def write_tables(path: Path, model: type[R], tables: Sequence[pa.Table], tmp: Path) -> Entry:
    """As write_part, from tables in the model's schema."""
    return _write_whole(path, model, lambda: tables, tmp, None)


def _write_whole(
    path: Path,
    model: type[R],
    tables: Callable[[], Iterable[pa.Table]],
    tmp: Path,
    before: Callable[[], None] | None,
) -> Entry:
    """`tables` is called anew for every try."""
    draft = tmp / f"{path.stem}-{os.getpid()}-{os.urandom(4).hex()}.tmp"

    def act() -> Entry:
        path.parent.mkdir(parents=True, exist_ok=True)
        tmp.mkdir(parents=True, exist_ok=True)
        try:
            count = _write(draft, model, tables())
            entry = Entry(rows=count, bytes=draft.stat().st_size, sha256=digest(draft))
            if before is not None:
                before()
            draft.rename(path)
        finally:
            _clear(draft)
        sync_folder(path.parent)
        return entry

    return insist(path, act)


def read_table(
    path: Path, model: type[Row], entry: Entry | None = None, names: Sequence[str] | None = None
) -> pa.Table:
    """The whole part, or some of its columns.

    Raises DamagedPart that names it, where it is not what its manifest promised.
    """
    check_part(path, entry)
    try:
        table = patiently(path, lambda: _read(path, names))
        check_version(path, table.schema)
        return conform(table, model, names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DamagedPart(f"{path}: {error}; {way_out(path)}") from error


def _read(path: Path, names: Sequence[str] | None) -> pa.Table:
    """Columns that the file does not know are left out."""
    with pq.ParquetFile(path) as file:
        known = file.schema_arrow.names
        return file.read(None if names is None else [name for name in names if name in known])


def read_columns(path: Path, names: list[str], entry: Entry | None = None) -> list[dict[str, Any]]:
    """Some columns of a part, a record a row. Without an entry the bytes are taken on trust."""
    check_part(path, entry)
    try:
        records: list[dict[str, Any]] = pq.ParquetFile(path).read(names).to_pylist()
        return records
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DamagedPart(f"{path}: {error}; {way_out(path)}") from error


def read_rows(
    path: Path, model: type[R], entry: Entry | None = None, where: pc.Expression | None = None
) -> Iterator[R]:
    """The rows of a part, or those that a condition selects, a batch of them in memory at a time."""
    table = read_table(path, model, entry)
    if where is not None:
        table = table.filter(where)
    for batch in table.to_batches(max_chunksize=_CHUNK):
        try:
            yield from to_rows(model, batch)
        except ValueError as error:
            raise DamagedPart(f"{path}: {error}; {way_out(path)}") from error


def check_part(path: Path, entry: Entry | None) -> None:
    """Hold a file against its manifest entry: there, as long, and the same bytes."""
    if not patiently(path, path.is_file):
        raise DamagedPart(f"{path}: the manifest names it, but it is not there; {way_out(path)}")
    if entry is None:
        return
    size = path.stat().st_size
    if size != entry.bytes:
        raise DamagedPart(
            f"{path}: {size} bytes, the manifest says {entry.bytes}: truncated or replaced; {way_out(path)}"
        )
    if patiently(path, lambda: digest(path)) != entry.sha256:
        raise DamagedPart(
            f"{path}: its checksum is not the manifest's: changed since it was written; {way_out(path)}"
        )


def way_out(path: Path) -> str:
    """What to do about a part that cannot be used: a run makes anew what is not there."""
    version = next((each for each in path.parents if each.parent.name == "versions"), None)
    if version is not None:
        return f"move {version} away and run again to have it published anew"
    asked = ", answers asked for once more" if path.parts[-3:-2] == ("answers",) else ""
    return f"{f'move {path} away and ' if path.exists() else ''}run again to have it made anew{asked}"


def check_version(path: Path, schema: pa.Schema) -> None:
    """Refuse a file that is not ours, or of another major version."""
    found = (schema.metadata or {}).get(VERSION_KEY, b"").decode()
    if not found:
        raise DamagedPart(
            f"{path}: carries no schema version; it was not written by this pipeline; {way_out(path)}"
        )
    try:
        check_major(found)
    except ValueError as error:
        raise DamagedPart(f"{path}: {error}") from error


def check_major(found: str) -> None:
    """Raise ValueError for the schema version of a file that this program cannot read."""
    if found.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ValueError(f"schema version {found or 'unknown'}, this program reads {SCHEMA_VERSION}")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Replace a small file as a whole: temporary file, fsync, rename."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """As write_text."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")

    def act() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            _clear(draft)
        sync_folder(path.parent)

    insist(path, act)


def remove(path: Path) -> None:
    """Have no such file."""
    insist(path, lambda: path.unlink(missing_ok=True))


def _clear(draft: Path) -> None:
    """A draft that cannot be removed hides no error; the next run sweeps it."""
    with suppress(OSError):
        draft.unlink(missing_ok=True)


def _tables(model: type[Row], rows: Iterable[Row | tuple[Any, ...]]) -> Iterator[pa.Table]:
    source = iter(rows)
    while chunk := list(islice(source, _CHUNK)):
        yield to_table(model, chunk)


def _write(draft: Path, model: type[Row], tables: Iterable[pa.Table]) -> int:
    schema, count = arrow_schema(model), 0
    with draft.open("wb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd", compression_level=3) as writer:
            for group in _groups(tables):
                writer.write_table(group, row_group_size=len(group))
                count += len(group)
        file.flush()
        os.fsync(file.fileno())
    return count


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    size = rows = 0
    for table in tables:
        for piece in _pieces(table):
            if held and (size + piece.nbytes > GROUP_BYTES or rows + len(piece) > GROUP_ROWS):
                yield pa.concat_tables(held)
                held, size, rows = [], 0, 0
            held.append(piece)
            size, rows = size + piece.nbytes, rows + len(piece)
    if held:
        yield pa.concat_tables(held)


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    """A table in slices of at most GROUP_BYTES each, by its mean row."""
    if table.nbytes <= GROUP_BYTES:
        yield table
        return
    step = max(1, len(table) * GROUP_BYTES // table.nbytes)
    for start in range(0, len(table), step):
        yield table.slice(start, step)
