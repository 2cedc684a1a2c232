"""Sort rows that come shard by shard into published files, by hash of question, in bounded memory."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pyarrow as pa

from datapipe.shards import Entry, digest, write_tables
from schemas.arrow import arrow_schema
from schemas.columns import to_table
from schemas.rows import Sample

BUCKETS = 256
"""Fixed shares of the hash space that files are made of, so that rows keep their place."""
FILE_BYTES = 512 * 2**20
"""Most text of one file, since a file is sorted in memory."""
SPILL_BYTES = 64 * 2**20
"""Rows held in memory before they are spilled."""
_ROW_BYTES = 4_096
"""What a row weighs besides its text, about."""


class Bins:
    """Spill files by lane, domain and bucket below a draft folder, then one sorted Parquet file each.

    A bucket is a fixed share of the hash space; a domain with few rows has all its buckets in one file.
    """

    def __init__(self, folder: Path, rows_per_file: int) -> None:
        self.folder, self.rows_per_file = folder, rows_per_file
        self.spill = folder.parent / f"{folder.name}-spill"
        shutil.rmtree(self.spill, ignore_errors=True)  # of a publication that failed
        self.spill.mkdir(parents=True)
        self.rows: dict[tuple[str, str, int], int] = {}
        self.held: dict[tuple[str, str, int], list[Sample]] = {}
        self.size = 0
        self.bytes: Counter[tuple[str, str]] = Counter()
        self.schema = arrow_schema(Sample)

    def add(self, sample: Sample) -> None:
        """Take one sample."""
        bucket = crc32(sample.question_id.encode()) % BUCKETS
        self.held.setdefault((sample.lane, sample.domain, bucket), []).append(sample)
        text = sum(len(turn.content) + len(turn.thinking or "") for turn in sample.messages)
        self.size += _ROW_BYTES + text
        self.bytes[sample.lane, sample.domain] += _ROW_BYTES + text
        if self.size > SPILL_BYTES:
            self._spill()

    def finish(self, previous: dict[str, Entry]) -> dict[str, Entry]:
        """Write every file; one that is the same as the previous version's is shared with it."""
        self._spill()
        entries: dict[str, Entry] = {}
        for lane, domain in sorted({(lane, domain) for lane, domain, _ in self.rows}):
            total = sum(n for (at, of, _), n in self.rows.items() if (at, of) == (lane, domain))
            files = _files(max(total / self.rows_per_file, self.bytes[lane, domain] / FILE_BYTES))
            for number in range(files):
                name = f"samples/lane={lane}/domain={domain}/part-{number:05d}-of-{files:05d}.parquet"
                table = self._sorted(lane, domain, range(number, BUCKETS, files))
                if len(table):
                    entries[name] = self._write(name, table, previous.get(name))
        for path in self.spill.iterdir():
            path.unlink()
        self.spill.rmdir()
        self.folder.mkdir(parents=True, exist_ok=True)
        return entries

    def _spill(self) -> None:
        for key, rows in self.held.items():
            self._append(key, rows)
        self.held, self.size = {}, 0

    def _append(self, key: tuple[str, str, int], rows: list[Sample]) -> None:
        """One IPC stream a spill, one behind the other in the bin's file."""
        table = to_table(Sample, rows)
        with self._path(key).open("ab") as file, pa.ipc.new_stream(file, self.schema) as writer:
            writer.write_table(table)
        self.rows[key] = self.rows.get(key, 0) + len(rows)

    def _sorted(self, lane: str, domain: str, buckets: range) -> pa.Table:
        keys = [(lane, domain, bucket) for bucket in buckets if (lane, domain, bucket) in self.rows]
        tables = [table for key in keys for table in _streams(self._path(key))]
        whole = pa.concat_tables(tables) if tables else self.schema.empty_table()
        return whole.sort_by([("question_id", "ascending"), ("sample_id", "ascending")])

    def _write(self, name: str, table: pa.Table, before: Entry | None) -> Entry:
        path = self.folder / name
        entry = write_tables(path, Sample, [table], self.spill)
        old = self.folder.parent.parent / "versions"
        same = sorted(old.glob(f"v*/{name}")) if before and before.sha256 == entry.sha256 else []
        if same and digest(same[-1]) == entry.sha256:
            path.unlink()
            os.link(same[-1], path)
        return entry

    def _path(self, key: tuple[str, str, int]) -> Path:
        return self.spill / f"{key[0]}-{key[1]}-{key[2]:03d}.arrows"


def _files(needed: float) -> int:
    """A power of two up to BUCKETS, so that files split evenly as data grows and mostly stay."""
    files = 1
    while files < min(BUCKETS, needed):
        files *= 2
    return files


def _streams(path: Path) -> Iterator[pa.Table]:
    with path.open("rb") as file:
        end = path.stat().st_size
        while file.tell() < end:
            yield pa.ipc.open_stream(file).read_all()
