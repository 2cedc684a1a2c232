"""A store that takes no more makes a run wait, and nothing that is written is harmed."""

import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from datapipe import pausing
from datapipe.errors import Aborted, StoreError
from datapipe.journal import Journal, read_journal
from datapipe.manifest import Manifest
from datapipe.pausing import Patience, insist
from datapipe.shards import Entry, read_rows, write_part
from schemas.rows import Label
from tests.support import Model, ran, settings, stored

ROOT = Path(__file__).parents[2]
ROWS = [
    Label(lane="verifiable", answer_id=str(number), name="right", value=True, by="me") for number in range(9)
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "FIRST_S", 0.001)


@contextmanager
def patient(folder: Path, limit_s: float = 60.0) -> Iterator[tuple[list[str | None], threading.Event]]:
    told, abort = list[str | None](), threading.Event()
    patience = Patience(folder, limit_s, abort, told.append)
    patience.open()
    try:
        yield told, abort
    finally:
        patience.close()


class Trouble:
    """A system call that fails so often."""

    def __init__(self, real: Callable[..., object], code: int, times: int) -> None:
        self.real, self.code, self.left = real, code, times

    def __call__(self, *args: object, **more: object) -> object:
        self.left -= 1
        if self.left >= 0:
            raise OSError(self.code, os.strerror(self.code))
        return self.real(*args, **more)


def _part(folder: Path) -> Callable[[], bool]:
    path = folder / "part-00000.parquet"
    entry = write_part(path, Label, (row for row in ROWS), folder / "_tmp")
    return lambda: list(read_rows(path, Label, entry)) == ROWS


def _journal(folder: Path) -> Callable[[], bool]:
    with Journal(folder / "j.jsonl", 1) as journal:
        journal.append('{"n":1}', '{"n":2}')
    return lambda: list(read_journal(folder / "j.jsonl")) == [{"n": 1}, {"n": 2}]


def _manifest(folder: Path) -> Callable[[], bool]:
    Manifest(folder / "m.json").add("part-00000", Entry(rows=1, bytes=1, sha256="x"))
    return lambda: list(Manifest(folder / "m.json").entries()) == ["part-00000"]


WRITES = [
    *((_journal, os, call) for call in ("open", "write", "fsync")),
    *((write, os, "fsync") for write in (_part, _manifest)),
    *((write, Path, call) for write in (_part, _manifest) for call in ("open", "rename", "mkdir")),
]


@pytest.mark.parametrize(("write", "owner", "call"), WRITES)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_whatever_call_fails_the_write_is_done_in_the_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path], Callable[[], bool]],
    owner: object,
    call: str,
    code: int,
) -> None:
    trouble = Trouble(getattr(owner, call), code, 3)
    with patient(tmp_path) as (told, _), monkeypatch.context() as patch:
        patch.setattr(owner, call, lambda *args, **more: trouble(*args, **more))
        is_there = write(tmp_path)
    assert is_there()
    assert not list(tmp_path.rglob("*.tmp"))
    assert f"cannot be used: {os.strerror(code)} (" in (told[0] or "")
    assert told[-1] is None


WAY = "the run goes on by itself once it can; end it with Ctrl-C, nothing stored is lost"
GOES_ON = "the store can be used again: the run goes on"


def test_what_is_waited_for_is_told_with_the_room_there_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with patient(tmp_path) as (told, _):
        path = tmp_path / "not there yet" / "x"
        assert insist(path, Trouble(lambda: "done", errno.ENOSPC, 2)) == "done"
    said = rf"paused: {path} cannot be used: No space left on device \([\d.]+ GB of \d+ GB and [\d,]+ files"
    assert told[1:] == [None]
    assert told[0] is not None
    assert re.match(said, told[0])
    assert WAY in caplog.text
    assert GOES_ON in caplog.text


def test_after_the_longest_wait_it_is_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with patient(tmp_path, 0.01) as (told, _), pytest.raises(StoreError, match="No space left on device"):
        insist(tmp_path / "x", Trouble(print, errno.ENOSPC, 10**9))
    assert told[1:] == [None]
    assert WAY in caplog.text
    assert GOES_ON not in caplog.text


def test_what_waiting_cannot_mend_is_an_error_at_once(tmp_path: Path) -> None:
    with patient(tmp_path) as (told, _), pytest.raises(StoreError, match="Is a directory"):
        insist(tmp_path / "x", Trouble(print, errno.EISDIR, 10**9))
    assert told == []


def test_a_run_that_is_to_end_waits_no_longer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with patient(tmp_path) as (_, abort):
        abort.set()
        with pytest.raises(Aborted, match="could not be written before the run was told to end"):
            insist(tmp_path / "x", Trouble(print, errno.ENOSPC, 10**9))
    assert GOES_ON not in caplog.text


def test_only_the_run_that_owns_a_path_waits_for_it(tmp_path: Path) -> None:
    with patient(tmp_path / "a"), pytest.raises(StoreError, match="make it writable"):
        insist(tmp_path / "b" / "x", Trouble(print, errno.EACCES, 1))


@pytest.mark.slow
@pytest.mark.parametrize("call", ["fsync", "write", "rename"])
def test_a_run_over_a_disk_that_is_full_now_and_then_is_the_run_of_a_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    whole = ran(settings(tmp_path, store=str(tmp_path / "whole")))
    real = getattr(os, call)
    calls = 0

    def now_and_then(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls % 7 in (3, 4, 5):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **more)

    model = Model()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, now_and_then)
        other = ran(settings(tmp_path, store=str(tmp_path / "other"), pause_s=600), model)
    assert calls > 7
    assert len({request.id for request in model.asked}) == len(model.asked) == len(whole.model.asked)
    assert stored(other.path) == stored(whole.path)
    assert other.samples() == whole.samples()
    assert other.ctx.progress.paused is None


CHILD = """
import resource, signal, sys
from pathlib import Path
from datapipe import interrupts
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import run_pipeline
from tests.support import Inline, Model

config = RunConfig.model_validate_json(Path(sys.argv[1]).read_bytes())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
interrupts.hear()
interrupts.watch()
with Context(config, backend=lambda *_: Model()) as ctx:
    ctx.__dict__["pool"] = Inline(ctx.checks)
    tell = ctx.progress.pause

    def say(text):
        tell(text)
        print("paused" if text else "on", len(ctx.progress.notes), flush=True)

    ctx.progress.pause = ctx._patience._tell = say
    start = ctx.run.journal

    def full(*args):
        journal = start(*args)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.RLIM_INFINITY))
        return journal

    ctx.run.journal = full
    run_pipeline(ctx)
"""


@contextmanager
def _child(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A run that is paused, and its folder; whatever comes of it, it is gone when the block ends."""
    config = settings(tmp_path, pause_s=600)
    file = tmp_path / "config.json"
    file.write_text(config.model_dump_json())
    words = [sys.executable, "-c", CHILD, str(file)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline().startswith("paused")
            yield child, config.folder
        finally:
            child.kill()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_paused_run_can_be_killed_or_ended_and_goes_on_later(tmp_path: Path, how: signal.Signals) -> None:
    """Files may grow to 600 bytes: a real limit of the kernel that a full disk is like. A kill may come in
    the middle of a try, so what follows the last line break is nobody's."""
    with _child(tmp_path) as (child, folder):
        time.sleep(0.2)
        child.send_signal(how)
        _, err = child.communicate(timeout=120)
    assert child.returncode == -how if how == signal.SIGKILL else child.returncode != 0
    assert "File too large" in err
    for journal in folder.rglob("*.jsonl"):
        assert all(json.loads(line) for line in journal.read_text().split("\n")[:-1])
    whole = ran(settings(tmp_path, store=str(tmp_path / "whole")))
    again = ran(settings(tmp_path))
    assert stored(again.path) == stored(whole.path)
    assert [line.gap for line in again.lines] == [0] * len(again.lines)


@pytest.mark.slow
def test_a_run_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with _child(tmp_path) as (child, folder):
        until = time.monotonic() + 120
        while child.poll() is None:
            assert time.monotonic() < until
            resource.prlimit(child.pid, resource.RLIMIT_FSIZE, unlimited)
            time.sleep(0.05)
        out, err = child.communicate()
    assert child.returncode == 0, err
    assert "on" in out
    whole = ran(settings(tmp_path, store=str(tmp_path / "whole")))
    assert stored(folder) == stored(whole.path)


FORBIDDEN = """
import os, sys, threading
from pathlib import Path
from datapipe.pausing import Patience
from datapipe.shards import write_text

folder = Path(sys.argv[1])
os.setgid(65534)
os.setuid(65534)
Patience(folder, 600, threading.Event(), lambda text: print(text, flush=True)).open()
write_text(folder / "a", "one")
print("ready", flush=True)
sys.stdin.readline()
write_text(folder / "a", "two")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_a_folder_that_is_taken_away_is_waited_for() -> None:
    with TemporaryDirectory() as name:
        store = Path(name)
        store.chmod(0o777)
        words = [sys.executable, "-c", FORBIDDEN, name]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(words, text=True, cwd=ROOT, **pipes) as child:
            try:
                assert child.stdin is not None
                assert child.stdout is not None
                assert child.stdout.readline() == "ready\n"
                store.chmod(0)
                child.stdin.write("\n")
                child.stdin.flush()
                assert "Permission denied" in child.stdout.readline()
                store.chmod(0o777)
                out, _ = child.communicate(timeout=120)
            finally:
                child.kill()
        assert (child.returncode, out) == (0, "None\n")
        assert (store / "a").read_text() == "two"
