"""A run that dies at a chosen effect on the disk or the model, and goes on."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datapipe.config import RunConfig
from datapipe.journal import Journal, read_journal, record
from datapipe.lease import Lease
from datapipe.run import RunFolder
from schemas.rows import LANES, Answer
from tests.support import Ran, ran, settings, stored, verifiable, write_jsonl, writing

ROWS = [
    verifiable("What is 1 + 3?", "4"),
    verifiable("Compute 2 + 0.", "2"),
    verifiable("What is 74 + 58?", "132"),
]
ROWS += [writing("village, cold"), writing("river, lamp, cat")]


class Dead(BaseException):
    """The process is gone; no handler of errors sees it."""


class Death:
    """Comes before the effect of this number: a rename, a removal, or an entry of a journal, half written."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.at, self.seen = at, 0
        for owner, name in ((Path, "rename"), (Path, "unlink"), (os, "link")):
            patch.setattr(owner, name, self._mortal(getattr(owner, name)))
        append, release = Journal.append, Lease.release

        def torn(journal: Journal, *entries: str) -> None:
            try:
                self.pass_by()
            except Dead:
                if self.seen == self.at:
                    line = b"".join(record(entry, journal.token) for entry in entries)
                    os.write(journal._handle, line[: len(line) // 2])
                raise
            append(journal, *entries)

        def dropped(lease: Lease) -> None:
            if self.seen < self.at:
                release(lease)
            elif lease._handle >= 0:
                os.close(lease._handle)
                lease._handle = -1

        patch.setattr(Journal, "append", torn)
        patch.setattr(Lease, "release", dropped)

    def pass_by(self) -> None:
        self.seen += 1
        if self.seen >= self.at:
            raise Dead

    def _mortal(self, effect: Any) -> Any:
        def act(*args: Any, **kwargs: Any) -> Any:
            if (
                args
                and isinstance(args[0], Path)
                and args[0].suffix == ".tmp"
                and effect.__name__ == "unlink"
            ):
                return effect(*args, **kwargs)  # a draft that nobody reads
            self.pass_by()
            return effect(*args, **kwargs)

        return act


def config_in(folder: Path, name: str, **more: Any) -> RunConfig:
    questions = folder / "questions.jsonl"
    if not questions.exists():
        write_jsonl(questions, ROWS)
    return settings(folder, store=str(folder / name), shard_size=2, diversify={"rewrites": 1.0}, **more)


def effects(folder: Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        death = Death(patch, 10**9)
        config = config_in(folder, "count")
        ran(config)
        shutil.rmtree(config.store)
    return death.seen


def paid(path: Path) -> set[str]:
    """Ids of the requests that were answered before, by parts and journals."""
    folder = RunFolder(path)
    found = {row.request_id for lane in LANES for row in folder.read("answers", Answer, lane)}
    for journal in (path / "_journal").rglob("*.jsonl"):
        for entry in read_journal(journal):
            found |= {entry["answer"]["request_id"]} if "answer" in entry else set()
            found |= {entry["reply_id"]} if "reply_id" in entry else set()
    return found | {
        row.reply_id for lane in LANES for t in ("replies", "rewrite_replies") for row in _rows(path, t, lane)
    }


def _rows(path: Path, table: str, lane: str) -> Iterator[Any]:
    from schemas.tables import TABLES

    return RunFolder(path).read(table, TABLES[table], lane)


def equal(one: Ran, other: Ran) -> None:
    mine, theirs = stored(one.path), stored(other.path)
    assert {table for table in mine if mine[table] != theirs[table]} == set()
    assert one.samples() == other.samples()
    assert [line.gap for line in one.lines] == [0] * len(one.lines)
    pointer = json.loads((one.path / "versions" / "latest.json").read_text(encoding="utf-8"))
    assert pointer == {"version": one.version.name}


def die_and_go_on(folder: Path, whole: Ran, at: int) -> None:
    config = config_in(folder, f"killed-{at}")
    with pytest.MonkeyPatch.context() as patch:
        Death(patch, at)
        with pytest.raises(Dead):
            ran(config)
    before = paid(config.folder)
    again = ran(config)
    assert before & {request.id for request in again.model.asked} == set()
    equal(again, whole)
    shutil.rmtree(config.store)
