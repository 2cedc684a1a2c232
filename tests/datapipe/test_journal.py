"""What is in the journal counts; a torn line does not, and harms no other."""

import errno
import json
import os
from pathlib import Path

import pytest

from datapipe.errors import StoreError
from datapipe.journal import Journal, journal_row, read_journal
from schemas.rows import Label


def test_entries_come_back_in_order_without_headers(tmp_path: Path) -> None:
    path = tmp_path / "j" / "part-00000.jsonl"
    for token in (1, 2):
        with Journal(path, token) as journal:
            journal.append(json.dumps({"n": token}))
    assert list(read_journal(path)) == [{"n": 1}, {"n": 2}]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"token": 1}, {"n": 1}, {"token": 2}, {"n": 2}]


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
    assert journal.path.read_bytes() == b'{"token": 1}\n{"n":1}\n'
    journal.append('{"n":3}')
    journal.close()
    assert list(read_journal(journal.path)) == [{"n": 1}, {"n": 3}]


def test_lines_are_synced_now_and_then_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr("datapipe.journal.SYNC_S", -1.0)
    journal = Journal(tmp_path / "j.jsonl", 1)
    before = len(synced)
    journal.append('{"n":1}')
    assert len(synced) == before + 1
    journal.close()
    assert len(synced) == before + 2


def test_a_name_that_no_reader_of_parts_would_take(tmp_path: Path) -> None:
    with Journal(tmp_path / "part-00000.jsonl", 1) as journal:
        assert not journal.path.name.endswith(".parquet")


def test_a_row_of_another_shape_is_refused_with_the_file_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.jsonl"
    with pytest.raises(StoreError, match=r"part-00000\.jsonl: holds what is no Label .*move it away"):
        journal_row(path, Label, {"name": "right"})
