"""Kill a run at a moment, go on with it, and hold what comes out against a run that nobody touched."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from datapipe.config import RunConfig
from datapipe.journal import read_journal
from datapipe.run import RunFolder
from datapipe.settings import parse_config
from datapipe.shards import read_table
from datapipe.versions import check_version_folder, latest_version
from schemas.rows import LANES, Answer, Reply
from schemas.tables import TABLES
from tests.leaving import ended

ROOT = Path(__file__).parents[1]
CHILD = Path(__file__).with_name("kill_child.py")
GONE_S = 60.0
PHASES = {
    "reading": ("seeds", "quarantine", "questions", "duplicates", "policies"),
    "generation": ("generator", "answers"),
    "screening": ("judge", "replies", "verdicts", "rounds", "ratings"),
    "publishing": ("kept", "dropped", "pending", "rewrites", "rewrite_replies", "rewrite_verdicts", "_tmp"),
    "the last step": ("versions",),
}
"""Kinds of events by the phase they belong to."""


@dataclass(frozen=True)
class Moment:
    """`delay_s` after the `number`th event of a kind."""

    phase: str
    kind: str
    number: int
    delay_s: float

    def words(self) -> list[str]:
        return [self.kind, str(self.number), str(self.delay_s)]


@dataclass(frozen=True)
class Killed:
    """What a kill met, and what was not as it should be after the resume."""

    journalled: int
    """Answers and replies that stood in a journal alone."""
    workers: int
    faults: list[str]


class Killing:
    """Runs of one small configuration below a folder, the first of them uninterrupted."""

    def __init__(self, folder: Path, changes: dict[str, Any] | None = None) -> None:
        """`changes` are sections of the configuration that are not as usual."""
        self.folder, self.changes = folder, changes or {}
        self._questions(folder / "questions.jsonl")
        log, config = self._run("whole")
        self.asked = asked(log)
        self.events: dict[str, int] = json.loads((log / "events.json").read_text())
        self.rows = everything(config.folder)

    def moment(self, phase: str, seed: int) -> Moment:
        """A moment of a phase, each of its events alike."""
        pick = random.Random(f"{phase}/{seed}")
        kinds = [kind for kind in PHASES[phase] if self.events.get(kind)]
        [kind] = pick.choices(kinds, [self.events[kind] for kind in kinds])
        return Moment(phase, kind, pick.randint(1, self.events[kind]), pick.uniform(0, 0.004))

    def kill(self, moment: Moment) -> Killed:
        """Kill a run at a moment, go on with it, and hold it against the uninterrupted one."""
        name = f"{moment.kind}-{moment.number}-{moment.delay_s:.4f}"
        config, log = self._config(name), self.folder / f"log-{name}"
        children = self._killed(config, log, moment)
        journalled, known = in_journals(config.folder), in_parts(config.folder)
        alone, known = len(journalled - known), journalled | known
        self._run(name, f"{name}-again")
        again = asked(self.folder / f"log-{name}-again")
        faults = [f"worker {child.pid} outlived its run" for child in children if not _gone(child)]
        if twice := known & again:
            faults.append(
                f"{len(twice)} requests were asked again although their answers were in the journal"
            )
        if (owed := self.asked - known) != again:
            faults.append(f"{len(owed - again)} requests owed and not asked, {len(again - owed)} never owed")
        found = everything(config.folder)
        faults += [f"{table} differs" for table in self.rows if not found[table].equals(self.rows[table])]
        gaps = [line for line in json.loads((config.folder / "ledger.json").read_text()) if line["gap"]]
        faults += [f"the ledger has a gap: {gap}" for gap in gaps]
        return Killed(alone, len(children), faults)

    def _killed(self, config: RunConfig, log: Path, moment: Moment) -> list[psutil.Process]:
        """Freeze a run at the moment, look at it, kill it: the workers it had."""
        process = self._start(config, log, moment)
        try:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        finally:
            process.kill()
            process.wait()
        if process.returncode != -signal.SIGKILL:
            raise AssertionError(f"{moment} never came: the run ended with {process.returncode}")
        return children

    def _run(self, name: str, log: str = "") -> tuple[Path, RunConfig]:
        """A run to its end."""
        config, folder = self._config(name), self.folder / f"log-{log or name}"
        if code := self._start(config, folder).wait():
            raise AssertionError(f"{name}: the run ended with {code}")
        return folder, config

    def _start(self, config: RunConfig, log: Path, moment: Moment | None = None) -> subprocess.Popen[bytes]:
        log.mkdir()
        (log / "config.json").write_text(config.model_dump_json())
        words = [str(log / "config.json"), str(log), *(moment.words() if moment else [])]
        return subprocess.Popen([sys.executable, CHILD, *words], cwd=ROOT)

    def _config(self, name: str) -> RunConfig:
        data = {
            "name": "killed",
            "store": str(self.folder / f"store-{name}"),
            "shard_size": 8,
            "window": 3,
            "input": {"questions": [str(self.folder / "questions.jsonl")]},
            "generate": {"backend": "fake", "n": 4, "max_tokens": 256, "concurrency": 4},
            "judge": {"backend": "fake", "concurrency": 4},
            "workers": {"size": 1},
            "diversify": {"rewrites": 1.0},
        }
        return parse_config({**data, **self.changes}, "killing")

    def _questions(self, path: Path) -> None:
        lines: list[str] = []
        for name in ("verifiable", "non_verifiable"):
            text = (ROOT / f"data/seeds/{name}.jsonl").read_text(encoding="utf-8")
            lines += [line for line in text.split("\n") if line][::23]
        path.write_text("\n".join([*lines, lines[0], "not JSON"]) + "\n", encoding="utf-8")


def asked(log: Path) -> set[str]:
    """Ids of the requests that reached the backend."""
    return set((log / "asked").read_text().split()) if (log / "asked").exists() else set()


def in_journals(run: Path) -> set[str]:
    """Ids of the requests whose answers stand in a journal."""
    entries = [e for path in run.glob("_journal/*/lane=*/*.jsonl") for e in read_journal(path)]
    return {e["answer"]["request_id"] if "answer" in e else e["reply_id"] for e in entries}


def in_parts(run: Path) -> set[str]:
    """Ids of the requests whose answers stand in a finished part."""
    folder, tables = RunFolder(run), ("replies", "rewrite_replies")
    replies = {r.reply_id for lane in LANES for table in tables for r in folder.read(table, Reply, lane)}
    return replies | {a.request_id for lane in LANES for a in folder.read("answers", Answer, lane)}


def everything(run: Path) -> dict[str, pa.Table]:
    """Every table of a run and the published rows, sorted, without the columns that may differ."""
    folder = RunFolder(run)
    tables = {table: folder.paths(table, LANES) for table in TABLES if table != "samples"}
    version = latest_version(run)
    tables["samples"] = check_version_folder(version) if version else []
    return {table: _rows(table, paths) for table, paths in tables.items()}


def _rows(table: str, paths: list[Path]) -> pa.Table:
    model = TABLES[table]
    parts = [read_table(path, model).drop_columns(sorted(model.volatile)) for path in paths]
    if not parts:
        return pa.table({})
    simple = (pa.types.is_string, pa.types.is_integer)
    keys = [field.name for field in parts[0].schema if any(of(field.type) for of in simple)]
    return pa.concat_tables(parts).sort_by([(key, "ascending") for key in keys]).combine_chunks()


def _gone(process: psutil.Process) -> bool:
    until = time.monotonic() + GONE_S
    while not ended(process):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
