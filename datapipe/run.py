"""A run's folder: what is done, what is owed, and the only way to change either."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.compute as pc

from datapipe.config import RunConfig
from datapipe.errors import StoreError
from datapipe.journal import Journal, mend, newest_token
from datapipe.just_written import JustWritten
from datapipe.lease import Lease
from datapipe.manifest import Manifest
from datapipe.pausing import insist
from datapipe.shards import Entry, read_rows, read_table, remove, write_part, write_text
from schemas.rows import LANES, Lane, Row
from schemas.tables import TABLES

R = TypeVar("R", bound=Row)


def part_name(shard: int, batch: int | None = None) -> str:
    """`part-00003`, or `part-00003-r01` for the second batch of answers of shard 3."""
    return f"part-{shard:05d}" if batch is None else f"part-{shard:05d}-r{batch:02d}"


MARKS = {
    "seeds": "quarantine",
    "quarantine": "quarantine",
    "questions": "duplicates",
    "policies": "unmatched",
    "answers": "unmatched",
    "labels": "unmatched",
}
"""Tables that are made together, and the one whose first part says that all of it is there."""


def batch_of(part: str) -> int:
    """The batch a part is; 0 where its name tells none."""
    _, _, batch = part.partition("-r")
    return int(batch or 0)


def shard_of(part: str) -> int:
    """The shard a part belongs to."""
    return int(part.split("-")[1])


class RunFolder:
    """Read access to a run: tables by lane and part. Opens no lock and changes nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifests: dict[tuple[str, str], Manifest] = {}
        self._lock = threading.Lock()

    def manifest(self, table: str, lane: str) -> Manifest:
        with self._lock:
            key = (table, lane)
            if key not in self._manifests:
                self._manifests[key] = Manifest(self.path / "_manifests" / f"{table}.{lane}.json")
            return self._manifests[key]

    def part_path(self, table: str, lane: str, part: str) -> Path:
        return self.path / table / f"lane={lane}" / f"{part}.parquet"

    def journal_path(self, table: str, lane: str, shard: int) -> Path:
        return self.path / "_journal" / table / f"lane={lane}" / f"{part_name(shard)}.jsonl"

    def parts(self, table: str, lane: str, shard: int | None = None) -> list[str]:
        """Names of the finished parts, in order; of one shard where it is given."""
        names = self.manifest(table, lane).entries()
        return [name for name in names if shard is None or shard_of(name) == shard]

    def paths(self, table: str, lanes: Iterable[str]) -> list[Path]:
        return [self.part_path(table, lane, part) for lane in lanes for part in self.parts(table, lane)]

    def read(
        self,
        table: str,
        model: type[R],
        lane: str,
        shard: int | None = None,
        where: pc.Expression | None = None,
    ) -> Iterator[R]:
        """The rows of a table, a part at a time, each part held against its manifest."""
        for part in self.parts(table, lane, shard):
            yield from self.read_part(table, model, lane, part, where)

    def read_part(
        self, table: str, model: type[R], lane: str, part: str, where: pc.Expression | None = None
    ) -> Iterator[R]:
        entry = self.manifest(table, lane).get(part)
        yield from read_rows(self.part_path(table, lane, part), model, entry, where)

    def columns(self, table: str, lane: str, shard: int | None, *names: str) -> Iterator[tuple[Any, ...]]:
        """Some columns of the rows of a table, as tuples: many times quicker than whole rows."""
        for part in self.parts(table, lane, shard):
            entry = self.manifest(table, lane).get(part)
            found = read_table(self.part_path(table, lane, part), TABLES[table], entry, names)
            yield from zip(*(column.to_pylist() for column in found.columns), strict=True)

    def rows(self, table: str, lane: str, shard: int | None = None) -> int:
        """Row count by the manifests."""
        entries = self.manifest(table, lane).entries()
        return sum(e.rows for name, e in entries.items() if shard is None or shard_of(name) == shard)

    def counts(self, table: str, lane: str, name: str) -> int:
        """Sum of one tally over the parts of a table."""
        return sum(e.counts.get(name, 0) for e in self.manifest(table, lane).entries().values())

    def fingerprint(self, table: str, lane: str, shard: int | None = None) -> list[str]:
        """Checksums of the parts a later stage is made from."""
        entries = self.manifest(table, lane).entries()
        return [f"{n}:{e.sha256}" for n, e in entries.items() if shard is None or shard_of(n) == shard]

    def fingerprints(self, table: str, lane: str) -> dict[int, list[str]]:
        """The same by shard, for whoever asks of many."""
        found: dict[int, list[str]] = {}
        for name, entry in self.manifest(table, lane).entries().items():
            found.setdefault(shard_of(name), []).append(f"{name}:{entry.sha256}")
        return found

    def config(self) -> RunConfig:
        """The configuration last run with. Raises StoreError where there is no run."""
        saved = sorted((self.path / "configs").glob("*.json"))
        if not saved:
            raise StoreError(f"{self.path}: there is no run here")
        return RunConfig.model_validate_json(saved[-1].read_text(encoding="utf-8"))


class Run(RunFolder):
    """A run that this process owns and may write."""

    def __init__(
        self, config: RunConfig, note: dict[str, Any] | None = None, folder: Path | None = None
    ) -> None:
        """`folder` is the run's where it is not the one that the configuration names, as of a copy."""
        super().__init__(folder or config.folder)
        self._just_written = JustWritten()
        self.lease = Lease(self.path, note)
        try:
            self.settings = config
            insist(self.lease.path, lambda: self._save_config(config))
            self.missing = insist(self.lease.path, self._forget_missing)
            self.orphans = self._sweep()
            self.mended = self._mend_journals()
            """Journals with lines that do not count, and how many of each kind were moved beside them."""
        except BaseException:
            self.lease.release()
            raise

    @property
    def tmp(self) -> Path:
        return self.path / "_tmp"

    def commit(
        self,
        table: str,
        lane: Lane,
        part: str,
        rows: Iterable[R] | Iterable[tuple[Any, ...]],
        inputs: str = "",
        **promise: Any,
    ) -> Entry:
        """Write a part and promise it. `promise`: covers, counts. An older part of the name goes, but not
        before the new one is whole. Raises LeaseHeld where the run belongs to another process by now."""
        manifest, path = self.manifest(table, lane), self.part_path(table, lane, part)
        model: type[R] = TABLES[table]  # type: ignore[assignment]  # the name fixes the model
        insist(path, self.lease.check)
        entry = write_part(path, model, rows, self.tmp, lambda: manifest.remove(part))
        insist(path, self.lease.check)
        manifest.add(part, entry.model_copy(update={"inputs": inputs, **promise}))
        if table in ("seeds", "answers") and isinstance(rows, list):
            self._just_written.keep((table, lane, part), entry, rows)
        return entry

    def read_part(
        self, table: str, model: type[R], lane: str, part: str, where: pc.Expression | None = None
    ) -> Iterator[R]:
        """As of any run; rows that this process has just written are told once without reading them."""
        if where is None and (entry := self.manifest(table, lane).get(part)) is not None:
            rows = self._just_written.take((table, lane, part), entry)
            if rows is not None:
                return iter(rows)
        return super().read_part(table, model, lane, part, where)

    def journal(self, table: str, lane: Lane, shard: int) -> Journal:
        """The journal of a shard, opened to append under this run's token."""
        return Journal(self.journal_path(table, lane, shard), self.lease.token, self.settings.sync_s)

    def next_part(self, table: str, lane: str, shard: int) -> str:
        """The name of one more batch of a shard. It follows the last, for one in between may be missing."""
        numbers = [batch_of(part) for part in self.parts(table, lane, shard)]
        return part_name(shard, max(numbers, default=-1) + 1)

    def done(self, table: str, lane: Lane, part: str, inputs: str) -> bool:
        """Whether the part is there and was made from these inputs."""
        entry = self.manifest(table, lane).get(part)
        return entry is not None and entry.inputs == inputs

    def retire(self, table: str, lane: str, parts: Iterable[str]) -> None:
        """Drop derived parts whose shards are no more. Only what can be made again is ever retired."""
        gone = list(parts)
        self.manifest(table, lane).remove(*gone)
        for part in gone:
            remove(self.part_path(table, lane, part))

    def close(self) -> None:
        shutil.rmtree(self.tmp, ignore_errors=True)
        self.lease.release()

    def _files(self, end: str, *kept: str) -> list[Path]:
        """Files below these folders by the end of their names. Not by a pattern, which finds nothing in a
        folder that cannot be listed."""

        def act() -> list[Path]:
            walks = [os.walk(self.path / each, onerror=_unless_gone) for each in kept]
            return [Path(top, name) for walk in walks for top, _, names in walk for name in names]

        return sorted(path for path in insist(self.lease.path, act) if path.name.endswith(end))

    def _save_config(self, config: RunConfig) -> None:
        """Keep every changed configuration beside the others, in the order they were run."""
        folder = self.path / "configs"
        saved = self._files(".json", "configs")
        text = json.dumps(config.model_dump(mode="json"), indent=1) + "\n"
        if not saved or saved[-1].read_text(encoding="utf-8") != text:
            number = int(saved[-1].stem) + 1 if saved else 1
            write_text(folder / f"{number:04d}.json", text)

    def _forget_missing(self) -> list[Path]:
        """Take back promises whose files are gone, so that they are owed again; reported, never silent."""
        gone: dict[Path, tuple[str, str, str]] = {}
        for manifest in self._files(".json", "_manifests"):
            table, lane = manifest.stem.split(".")
            for part in self.parts(table, lane):
                path = self.part_path(table, lane, part)
                if not path.exists():
                    gone[path] = table, lane, part
        for mark in sorted({MARKS[table] for table, _, _ in gone.values() if table in MARKS}):
            for lane in LANES:
                self.manifest(mark, lane).remove(part_name(0))
        for table, lane, part in gone.values():
            self.manifest(table, lane).remove(part)
        return list(gone)

    def _mend_journals(self) -> dict[Path, dict[str, int]]:
        """Move away what does not count, so that it is reported once, and shut out the owner before."""
        journals = self._files(".jsonl", "_journal")
        newest = [insist(path, partial(newest_token, path)) for path in journals]
        insist(self.lease.path, lambda: self.lease.pass_token(max(newest, default=0)))
        found = {path: dict(insist(path, partial(mend, path, self.lease.token))) for path in journals}
        return {path: bad for path, bad in found.items() if bad}

    def _sweep(self) -> list[Path]:
        """Move parts away that no manifest names: a kill came between a rename and its promise."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        moved: list[Path] = []
        for path in self._files(".parquet", *TABLES):
            table, lane = path.parts[-3], path.parts[-2].removeprefix("lane=")
            stands = path == self.part_path(table, lane, path.stem)
            if stands and self.manifest(table, lane).get(path.stem) is None:
                target = self.path / "orphans" / f"{time.time_ns()}" / path.relative_to(self.path)
                insist(target, partial(_move, path, target))
                moved.append(target)
        return moved


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
