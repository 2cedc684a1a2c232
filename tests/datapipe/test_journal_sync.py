"""What the disk has of a journal, though a sync failed or the power went."""

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from datapipe.errors import StoreError
from datapipe.journal import Journal, mend, read_journal, rewrite


class Dropping:
    """A disk under Linux: a sync that fails drops what it could not write, and the next knows of nothing."""

    def __init__(self, path: Path, fails: int) -> None:
        self.path, self.fails = path, fails
        self.good = path.stat().st_size
        self.failed = threading.Event()

    def __call__(self, handle: int) -> None:
        size = self.path.stat().st_size
        if self.fails:
            self.fails -= 1
            with self.path.open("r+b") as file:
                file.seek(self.good)
                file.write(b"\0" * (size - self.good))
            self.failed.set()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.good = size


@pytest.mark.parametrize("fails", [1, 3])
def test_what_a_failed_sync_dropped_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    journal = Journal(tmp_path / "j.jsonl", 1, sync_s=0)
    journal.append('{"n":1}')
    monkeypatch.setattr(os, "fsync", Dropping(journal.path, fails))
    for _ in range(fails):
        with pytest.raises(StoreError, match="Input/output error"):
            journal.append('{"n":2}', '{"n":3}')
    assert list(read_journal(journal.path)) == [{"n": 1}]
    journal.append('{"n":4}')
    told = [{"n": 1}, *[{"n": 2}, {"n": 3}] * fails, {"n": 4}]
    assert list(read_journal(journal.path)) == told
    journal.append('{"n":5}')
    journal.close()
    assert list(read_journal(journal.path)) == [*told, {"n": 5}]
    assert mend(journal.path, 2) == {}


def test_what_a_failed_sync_in_between_dropped_is_there_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "j.jsonl", 1, sync_s=0.01)
    journal.sync()
    disk = Dropping(journal.path, 1)
    monkeypatch.setattr(os, "fsync", disk)
    journal.append('{"n":1}')
    assert disk.failed.wait(30)
    journal.close()
    assert list(read_journal(journal.path)) == [{"n": 1}]


def test_lines_of_another_are_left_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (Journal(tmp_path / "j.jsonl", 1, sync_s=1000) for _ in range(2))
    one.append('{"n":1}')
    other.append('{"n":2}')
    one.append('{"n":3}')
    before = one.path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        one.try_sync()
    place = before.index(b'{"n":3}'[1:])
    one.path.write_bytes(before[:place] + b"\0" * (len(before) - place))
    one.sync()
    assert one.path.read_bytes() == before
    other.append('{"n":4}')
    one.append('{"n":5}')
    assert list(read_journal(one.path)) == [{"n": number} for number in range(1, 6)]
    one.close()
    other.close()


def test_no_more_than_so_much_waits_for_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    journal = Journal(tmp_path / "j.jsonl", 1, sync_s=1000)
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr("datapipe.journal.HELD", 1000)
    for number in range(100):
        journal.append(json.dumps({"n": number}))
        assert journal._held_bytes <= 1100
    assert 3 <= len(synced) <= 6
    journal.close()


def test_a_new_journal_outlasts_a_power_cut_in_its_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    path = tmp_path / "lane=x" / "j.jsonl"

    def fail(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("datapipe.journal.sync_folder", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        Journal(path, 1)
    monkeypatch.setattr("datapipe.journal.sync_folder", synced.append)
    for _ in range(2):
        Journal(path, 1).close()
    assert synced == [path.parent]
    rewrite(path, 1, [])
    Journal(path, 1).close()
    assert synced == [path.parent] * 2
