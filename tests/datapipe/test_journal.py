"""What is in the journal counts; a torn line does not, and harms no other."""

import errno
import json
import os
import threading
import time
from pathlib import Path

import pytest

from datapipe.errors import StoreError
from datapipe.journal import ASIDE, Journal, journal_row, mend, read_journal, record, rewrite
from schemas.rows import Label


def test_entries_come_back_in_order_without_headers(tmp_path: Path) -> None:
    path = tmp_path / "j" / "part-00000.jsonl"
    for token in (1, 2):
        with Journal(path, token) as journal:
            journal.append(json.dumps({"n": token}))
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}]
    lines = path.read_text(encoding="utf-8").splitlines()
    told = [{**json.loads(line), "crc": 0} for line in lines]
    assert told == [{"crc": 0, "token": token} | more for token in (1, 2) for more in ({}, {"n": token})]


def test_no_journal_has_no_entries(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_end_costs_that_line_alone(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":2345}\n'[:-cut])
    assert list(read_journal(path)) == [{"n": 1}]
    with Journal(path, 1) as journal:
        journal.append('{"n":3}')
    assert list(read_journal(path)) == [{"n": 1}, {"n": 3}]


def test_an_entry_is_in_the_file_when_append_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", 1)
    journal.append('{"n":1}')
    assert list(read_journal(tmp_path / "j.jsonl")) == [{"n": 1}]
    journal.close()


def test_unreadable_lines_in_the_middle_cost_themselves_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"n":1}\n\x00\x00\x00\n{"n"\n[1]\n\xff\xfe\n\n{"n":2}\n')
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}]


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j.jsonl", 1)
    journal.append('{"n":1}')
    write = os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) > 5:
            return write(handle, data[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(StoreError, match=r"j\.jsonl: cannot be written: No space left on device"):
            journal.append('{"n":2, "long": "entry"}')
    assert journal.path.read_bytes() == record("{}", 1) + record('{"n":1}', 1)
    journal.append('{"n":3}')
    journal.close()
    assert list(read_journal(journal.path)) == [{"n": 1}, {"n": 3}]


def test_entries_are_synced_soon_though_none_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, done = list[int](), threading.Event()
    journal = Journal(tmp_path / "j.jsonl", 1, sync_s=0.01)
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), done.set()))
    journal.append('{"n":1}')
    assert done.wait(30)
    before = len(synced)
    journal.close()
    assert len(synced) > before


def test_nought_seconds_sync_before_an_entry_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    journal = Journal(tmp_path / "j.jsonl", 1, sync_s=0)
    monkeypatch.setattr(os, "fsync", synced.append)
    journal.append('{"n":1}', '{"n":2}')
    assert len(synced) == 1
    journal.close()


def test_a_sync_that_failed_is_told_by_the_next_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def fail(_: int) -> None:
        failed.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    journal = Journal(tmp_path / "j.jsonl", 1, sync_s=0.01)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        journal.append('{"n":1}')
        assert failed.wait(30)
        while not journal._unsynced:
            time.sleep(0.01)
        with pytest.raises(StoreError, match=r"j\.jsonl: cannot be written: Input/output error"):
            journal.append('{"n":2}')
    journal.close()


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_changed_byte_costs_its_record_alone_and_is_told(tmp_path: Path, place: int) -> None:
    path = tmp_path / "part-00000.jsonl"
    with Journal(path, 1) as journal:
        journal.append('{"n":1}', '{"answer":{"text":"one and two and three"}}', '{"n":3}')
    lines = path.read_bytes().splitlines(keepends=True)
    bad = lines[2][:place] + bytes([lines[2][place] ^ 1]) + lines[2][place + 1 :]
    path.write_bytes(b"".join([*lines[:2], bad, *lines[3:]]))
    assert list(read_journal(path)) == [{"n": 1}, {"n": 3}]
    assert mend(path, 2) == {"damaged": 1}
    assert path.with_name(path.name + ASIDE).read_bytes() == bad
    assert list(read_journal(path)) == [{"n": 1}, {"n": 3}]
    assert mend(path, 3) == {}


def test_what_a_former_owner_writes_after_it_lost_the_run_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.jsonl"
    old = Journal(path, 1)
    old.append('{"n":1}')
    assert mend(path, 2) == {}
    old.append('{"late":1}')
    new = Journal(path, 2)
    old.append('{"late":2}')
    new.append('{"n":2}')
    old.append('{"late":3}')
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}]
    for journal in (old, new):
        journal.close()
    assert mend(path, 3) == {"late": 3}
    assert path.with_name(path.name + ASIDE).read_bytes().count(b'"late"') == 3
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}]


def test_a_journal_of_before_checksums_is_read_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.jsonl"
    path.write_bytes(b'{"token": 1}\n{"n":1}\n{"token": 2}\n{"n":2}\n{"n":3')
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}]
    assert mend(path, 3) == {}
    with Journal(path, 3) as journal:
        journal.append('{"n":4}')
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}, {"n": 4}]
    path.write_bytes(path.read_bytes() + b'{"n":5}\n')
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}, {"n": 4}]


def test_another_writer_loses_nothing_to_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Journal(tmp_path / "j.jsonl", 1), Journal(tmp_path / "j.jsonl", 1)
    write = os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) < 9:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data[:-8])

    other.append('{"n":1}')
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(StoreError):
            one.append('{"n":2}')
    one.append('{"n":3}')
    assert list(read_journal(one.path)) == [{"n": 1}, {"n": 3}]
    one.close()
    other.close()


def test_a_journal_written_anew_holds_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with Journal(path, 1) as journal:
        journal.append('{"n":1}')
    rewrite(path, 1, ['{"n":2}', '{"n":2}'])
    assert list(read_journal(path)) == [{"n": 2}, {"n": 2}]
    rewrite(path, 1, [])
    assert not path.exists()


def test_a_name_that_no_reader_of_parts_would_take(tmp_path: Path) -> None:
    with Journal(tmp_path / "part-00000.jsonl", 1) as journal:
        assert not journal.path.name.endswith(".parquet")


def test_a_row_of_another_shape_is_refused_with_the_file_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.jsonl"
    with pytest.raises(StoreError, match=r"part-00000\.jsonl: holds what is no Label .*move it away"):
        journal_row(path, Label, {"name": "right"})
