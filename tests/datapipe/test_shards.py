"""One part: whole or not there at all, and read only where it is what was promised."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datapipe import shards
from datapipe.errors import DamagedPart, StoreError
from datapipe.pausing import insist
from datapipe.shards import (
    Entry,
    check_part,
    digest,
    read_rows,
    read_table,
    write_part,
    write_tables,
    write_text,
)
from schemas.arrow import VERSION_KEY, arrow_schema
from schemas.rows import SCHEMA_VERSION, Label, Policy


def labels(count: int, by: str = "x") -> Iterator[Label]:
    return (
        Label(lane="verifiable", answer_id=f"{n:032x}", name="right", value=n % 2 == 0, by=by)
        for n in range(count)
    )


@pytest.fixture
def part(tmp_path: Path) -> tuple[Path, Entry]:
    path = tmp_path / "labels" / "lane=verifiable" / "part-00000.parquet"
    return path, write_part(path, Label, labels(5), tmp_path / "_tmp")


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_rows_come_back_as_they_went(part: tuple[Path, Entry]) -> None:
    path, entry = part
    assert list(read_rows(path, Label, entry)) == list(labels(5))
    assert entry == Entry(rows=5, bytes=path.stat().st_size, sha256=digest(path))


def test_no_rows_are_a_part_too(tmp_path: Path) -> None:
    entry = write_part(tmp_path / "part-00000.parquet", Label, [], tmp_path)
    assert entry.rows == 0
    assert read_table(tmp_path / "part-00000.parquet", Label, entry).schema.equals(arrow_schema(Label))


def test_a_part_is_zstd_3_and_carries_the_schema_version(part: tuple[Path, Entry]) -> None:
    meta = pq.ParquetFile(part[0]).metadata
    kinds = {meta.row_group(0).column(n).compression for n in range(meta.num_columns)}
    assert kinds == {"ZSTD"}
    assert meta.metadata[VERSION_KEY] == SCHEMA_VERSION.encode()


def test_the_level_is_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    writer = pq.ParquetWriter
    monkeypatch.setattr(pq, "ParquetWriter", lambda *a, **k: seen.append(k) or writer(*a, **k))
    write_part(tmp_path / "p.parquet", Label, labels(1), tmp_path)
    assert [each["compression_level"] for each in seen] == [3]


def test_row_groups_are_bounded_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "GROUP_BYTES", 10_000)
    rows = list(labels(40, by="y" * 1_000))
    path = tmp_path / "p.parquet"
    entry = write_part(path, Label, rows, tmp_path)
    file = pq.ParquetFile(path)
    sizes = [file.read_row_group(n).nbytes for n in range(file.num_row_groups)]
    assert len(sizes) > 3
    assert max(sizes) <= 10_000
    assert list(read_rows(path, Label, entry)) == rows


def test_one_row_larger_than_a_group_is_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "GROUP_BYTES", 100)
    path = tmp_path / "p.parquet"
    write_part(path, Label, labels(3, by="y" * 1_000), tmp_path)
    assert pq.ParquetFile(path).num_row_groups == 3


def test_synced_then_renamed_then_the_folder_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    rename = Path.rename

    def renamed(self: Path, target: Path) -> Path:
        seen.append(f"rename to {target.name}")
        return rename(self, target)

    def synced(handle: int) -> None:
        seen.append(f"sync {Path(os.readlink(f'/proc/self/fd/{handle}')).suffix or 'folder'}")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    write_part(tmp_path / "t" / "p.parquet", Label, labels(1), tmp_path / "_tmp")
    write_text(tmp_path / "t" / "m.json", "{}")
    files = ("p.parquet", "m.json")
    assert seen == [step for name in files for step in ("sync .tmp", f"rename to {name}", "sync folder")]


def test_temporary_names_never_end_like_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda self, to: seen.append(self.name) or rename(self, to))
    write_part(tmp_path / "p.parquet", Label, labels(1), tmp_path)
    write_text(tmp_path / "m.json", "{}")
    assert len(seen) == 2
    assert all(name.endswith(".tmp") for name in seen)


def broken() -> Iterator[Label]:
    yield from labels(1)
    raise RuntimeError("the stage broke")


def test_a_stage_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the stage broke"):
        write_part(tmp_path / "p.parquet", Label, broken(), tmp_path / "_tmp")
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("at", ["fsync", "rename"])
def test_a_full_disk_is_named_and_leaves_what_was_there(
    at: str, part: tuple[Path, Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path, entry = part
    told: list[str] = []
    monkeypatch.setattr(*((os, "fsync") if at == "fsync" else (Path, "rename")), full)
    with pytest.raises(StoreError, match=r"part-00000\.parquet: cannot be written: No space left on device"):
        write_part(path, Label, labels(9), tmp_path / "_tmp", lambda: told.append("taken back"))
    with pytest.raises(StoreError, match=r"m\.json: cannot be written: No space left.*make room and run"):
        write_text(tmp_path / "m.json", "{}")
    assert told == (["taken back"] if at == "rename" else [])
    assert left_over(tmp_path) == ["part-00000.parquet"]
    assert list(read_rows(path, Label, entry)) == list(labels(5))


def test_a_small_file_of_the_file_system_is_a_full_disk(tmp_path: Path) -> None:
    """The real thing: writes to /dev/full fail with ENOSPC."""
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(StoreError, match="No space left on device"):
        insist(tmp_path / "x", lambda: os.write(full, b"x"))
    os.close(full)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda path: path.unlink(), "the manifest names it, but it is not there"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "truncated or replaced"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "truncated or replaced"),
        (lambda path: path.write_bytes(b"x" * path.stat().st_size), "changed since it was written"),
    ],
    ids=["gone", "truncated", "longer", "changed"],
)
def test_what_is_not_what_was_promised_is_named(harm: Any, why: str, part: tuple[Path, Entry]) -> None:
    path, entry = part
    harm(path)
    with pytest.raises(DamagedPart, match=f"{path}: .*{why}"):
        list(read_rows(path, Label, entry))
    with pytest.raises(DamagedPart, match=why):
        check_part(path, entry)


def promised(path: Path) -> Entry:
    return Entry(rows=1, bytes=path.stat().st_size, sha256=digest(path))


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(DamagedPart, match=r"p\.parquet: .*move \S+ away and run again"):
        read_table(path, Label, promised(path))


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(DamagedPart, match=r"p\.parquet: carries no schema version"):
        read_table(path, Label, promised(path))


def test_a_file_of_another_table_is_refused(part: tuple[Path, Entry]) -> None:
    with pytest.raises(DamagedPart, match=r"part-00000\.parquet: not a Policy: unknown columns"):
        read_table(part[0], Policy, part[1])


def test_another_major_version_is_refused_by_its_number(tmp_path: Path) -> None:
    path, schema = tmp_path / "p.parquet", arrow_schema(Label).with_metadata({VERSION_KEY: b"2.0"})
    pq.write_table(schema.empty_table(), path)
    with pytest.raises(DamagedPart, match=r"schema version 2\.0, this program reads 1\.\d"):
        read_table(path, Label, promised(path))


def test_an_earlier_minor_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    names = [name for name in arrow_schema(Policy).names if name != "tools"]
    old = pa.schema([arrow_schema(Policy).field(name) for name in names], {VERSION_KEY: b"1.0"})
    pq.write_table(pa.Table.from_pylist([dict.fromkeys(names, "x")], schema=old), path)
    assert read_table(path, Policy, promised(path))["tools"].to_pylist() == [None]


def test_tables_may_be_written_as_they_are(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row.model_dump() for row in labels(3)], schema=arrow_schema(Label))
    entry = write_tables(tmp_path / "p.parquet", Label, [table, table], tmp_path)
    assert entry.rows == 6


def test_a_manifest_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "m.json", "one")
    write_text(tmp_path / "a" / "m.json", "two")
    assert (tmp_path / "a" / "m.json").read_text(encoding="utf-8") == "two"
    assert left_over(tmp_path) == ["m.json"]


def test_some_columns_are_read_and_no_others(part: tuple[Path, Entry]) -> None:
    path, entry = part
    table = read_table(path, Label, entry, ["value", "lane"])
    assert table.column_names == ["value", "lane"]
    assert table.schema.metadata == arrow_schema(Label).metadata
    assert table.to_pylist() == [{"value": row.value, "lane": row.lane} for row in labels(5)]


def test_a_column_that_an_earlier_version_lacks_is_null_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    policy = Policy(policy_id="p", lane="verifiable", model="m", sampling="{}", revision="r")
    write_part(path, Policy, [policy], tmp_path)
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["revision"]), path)
    assert read_table(path, Policy, None, ["revision", "model"]).to_pylist() == [
        {"revision": None, "model": "m"}
    ]
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["model"]), path)
    with pytest.raises(DamagedPart, match=r"missing columns \['model'\]"):
        read_table(path, Policy, None, ["revision", "model"])


def test_a_part_with_a_word_that_is_none_of_its_column_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_part(path, Label, labels(1), tmp_path)
    table = pq.ParquetFile(path).read()
    pq.write_table(table.set_column(0, table.schema.field(0), [["sideways"]]), path)
    with pytest.raises(DamagedPart, match="lane: 'sideways' is none of non_verifiable, verifiable"):
        list(read_rows(path, Label))
