"""A run that is being opened waits for its store, and says at once what waiting cannot mend."""

import errno
import io
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import pytest

from datapipe import pausing
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.errors import LeaseHeld, StoreError
from datapipe.journal import ASIDE, Journal
from datapipe.lease import Lease, held, read_lease
from datapipe.pausing import Patience, insist
from datapipe.progress import Progress
from datapipe.run import Run
from tests.datapipe.test_cli_process import DATAPIPE, configured
from tests.support import ran, settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "FIRST_S", 0.0001)
    monkeypatch.setattr(pausing, "LONGEST_S", 0.0002)


class Trouble:
    """A system call that fails a few times in a row below a folder, from one of its calls on."""

    def __init__(self, owner: object, call: str, below: Path, code: int, start: int, times: int = 3) -> None:
        self.real, self.below, self.code = getattr(owner, call), f"{below}/", code
        self.last, self.left, self.calls = start + times, range(start, start + times), 0

    def __call__(self, *args: object, **more: object) -> object:
        where = os.fspath(args[0]) if args and isinstance(args[0], str | os.PathLike) else self.below
        if str(where).startswith(self.below):
            self.calls += 1
            if self.calls - 1 in self.left:
                raise OSError(self.code, os.strerror(self.code))
        return self.real(*args, **more)


class Told(Progress):
    """What is said of a pause."""

    def __init__(self) -> None:
        super().__init__()
        self.said = list[str | None]()

    def pause(self, why: str | None) -> None:
        self.said.append(why)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose opening has everything to do: a part gone, another too many, a journal to mend."""
    folder = tmp_path_factory.mktemp("left")
    run = ran(settings(folder)).path
    (run / "ratings/lane=verifiable/part-00000.parquet").unlink()
    shutil.copy(
        run / "kept/lane=verifiable/part-00000.parquet", run / "kept/lane=verifiable/part-00077.parquet"
    )
    journal = run / "_journal/answers/lane=verifiable/part-00001.jsonl"
    with Journal(journal, 1) as entries:
        entries.append('{"n":1}')
    with journal.open("a") as file:
        file.write("nobody's\n")
    return folder


def _opened(config: RunConfig) -> tuple[list[str | None], Run]:
    """What is said of pauses while a run is opened, and the run."""
    told = Told()
    with Context(config, progress=told) as ctx:
        return told.said, ctx.run


def _found(run: Run) -> tuple[object, ...]:
    """The same of runs that stand in different folders."""
    return (
        [path.relative_to(run.path) for path in run.missing],
        [path.relative_to(run.path).parts[2:] for path in run.orphans],
        {path.relative_to(run.path): bad for path, bad in run.mended.items()},
        (run.lease.token, run.lease.before.get("token")),
        sorted(each.name for each in (run.path / "configs").iterdir()),
        run.parts("ratings", "verifiable"),
        # Twice where a read failed between two writes: then it is all done again.
        [set(each.read_text().splitlines()) for each in run.path.rglob(f"*{ASIDE}")],
    )


CALLS = [
    *((os, call, errno.ENOSPC) for call in ("open", "pwrite", "write", "fsync", "rename", "mkdir")),
    *((os, call, errno.EACCES) for call in ("open", "rename", "mkdir", "scandir")),
    (os, "open", errno.EROFS),
    (os, "scandir", errno.EIO),
    (io, "open", errno.EACCES),
]


@pytest.mark.slow
@pytest.mark.parametrize(("owner", "call", "code"), CALLS)
def test_whatever_call_fails_a_run_is_opened_in_the_end(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, call: str, code: int
) -> None:
    def fresh(name: str) -> RunConfig:
        store = tmp_path / name
        shutil.copytree(left / "store", store)
        return settings(left, store=str(store), pause_s=600, seed=0, window=7, spend={"budget": 10**9})

    said, run = _opened(fresh("good"))
    good = _found(run)
    assert said == []
    for start in itertools.count():
        config = fresh(f"{start}")
        with monkeypatch.context() as patch:
            trouble = Trouble(owner, call, config.folder, code, start)
            patch.setattr(owner, call, lambda *args, trouble=trouble, **more: trouble(*args, **more))
            said, run = _opened(config)
        if trouble.calls <= start:
            break
        assert _found(run) == good
        if trouble.calls > trouble.last:
            assert f"cannot be used: {os.strerror(code)} (" in said[0]
            assert said[-1] is None
        assert not held(config.folder)
        shutil.rmtree(config.folder)
    assert start > 0


def _full(monkeypatch: pytest.MonkeyPatch, owner: object, call: str, code: int) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(owner, call, refuse)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
@pytest.mark.parametrize("call", ["mkdir", "open"])
def test_a_store_that_was_never_ones_own_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    config, told = settings(tmp_path, pause_s=600), Told()
    if call == "open":
        config.folder.mkdir(parents=True)
    _full(monkeypatch, os, call, code)
    near = config.folder if call == "open" else tmp_path
    way = (
        rf"cannot write there: {os.strerror(code)}; make {near} writable, or set `store` to a folder that is"
    )
    with pytest.raises(StoreError, match=way):
        Context(config, progress=told)
    assert told.said == []


def test_a_run_of_another_user_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, told = settings(tmp_path, pause_s=600), Told()
    Run(config).close()
    _full(monkeypatch, os, "open", errno.EACCES)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(StoreError, match="user 12345 cannot write there: Permission denied"):
        Context(config, progress=told)
    assert told.said == []


def test_who_owns_a_run_is_told_though_its_store_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(tmp_path, pause_s=600)
    owner, told = Run(config), Told()
    _full(monkeypatch, Path, "mkdir", errno.EROFS)
    with pytest.raises(LeaseHeld, match=f"owned by process {os.getpid()}"):
        Context(config, progress=told)
    assert told.said == []
    owner.close()


def test_after_the_longest_wait_an_opening_is_an_error_and_gives_the_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, told = settings(tmp_path, pause_s=0.01), Told()
    with monkeypatch.context() as patch:
        _full(patch, os, "fsync", errno.ENOSPC)
        with pytest.raises(StoreError, match="cannot be written: No space left on device"):
            Context(config, progress=told)
    assert told.said[0] is not None
    assert told.said[1:] == [None]
    assert not held(config.folder)
    Run(config).close()


def test_who_is_refused_a_run_takes_no_patience_from_its_owner(tmp_path: Path) -> None:
    config, calls = settings(tmp_path, pause_s=600), list[int]()
    with Context(config) as ctx:
        with pytest.raises(LeaseHeld):
            Context(config)
        first, told = ctx.run.lease.token, list[str | None]()
        ctx._patience._tell = told.append

        def twice() -> int:
            calls.append(1)
            if len(calls) < 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return first

        assert insist(ctx.run.path / "x", twice) == 1
    assert told[-1] is None


def test_a_lease_of_which_half_fits_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk takes what there is room for and says so, and refuses the next byte."""
    real, room = os.pwrite, [100, 0, 0, 10**6]

    def pwrite(handle: int, data: memoryview, place: int) -> int:
        size = room.pop(0) if len(room) > 1 else room[0]
        if not size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data[:size], place)

    monkeypatch.setattr(os, "pwrite", pwrite)
    patience = Patience(tmp_path, 600, threading.Event(), lambda _: None)
    patience.open()
    try:
        lease = Lease(tmp_path)
    finally:
        patience.close()
    assert read_lease(tmp_path)["token"] == 1
    lease.release()


def _begun(file: Path, room: int) -> subprocess.Popen[str]:
    """The command, whose files may grow to so many bytes: a limit of the kernel that a full disk is like."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    words = [*DATAPIPE, "run", str(file), "--fake"]
    child = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit
    )
    _await(child.stderr, "paused: ")
    return child


def _await(stream: IO[str] | None, word: str) -> None:
    assert stream is not None
    said = list[str]()
    while word not in (line := stream.readline()):
        said.append(line)
        assert line, said


@pytest.mark.slow
@pytest.mark.parametrize("room", [100, 600], ids=["lease", "configuration"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_opening_that_waits_can_be_ended_and_leaves_the_run_to_others(
    tmp_path: Path, room: int, how: signal.Signals
) -> None:
    file = configured(tmp_path)
    child = _begun(file, room)
    time.sleep(0.2)
    child.send_signal(how)
    _, err = child.communicate(timeout=30)
    assert child.returncode == (-how if how == signal.SIGKILL else 128 + how), err
    assert "Traceback" not in err
    folder = tmp_path / "store" / "run=r"
    assert not held(folder)
    assert not list((folder / "configs").glob("*.json"))
    done = subprocess.run(
        [*DATAPIPE, "run", str(file), "--fake"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_an_opening_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    child = _begun(configured(tmp_path), 100)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert "the store can be used again: the run goes on" in err


OTHER_USER = """
import os, sys, threading
from pathlib import Path
from datapipe.lease import Lease
from datapipe.pausing import Patience

folder = Path(sys.argv[1]) / "run=r"
os.setgid(65534)
os.setuid(65534)
Patience(folder, 600, threading.Event(), lambda text: print(text, flush=True)).open()
for mode in sys.argv[2:]:
    os.chmod(sys.argv[1], int(mode, 8))
    lease = Lease(folder)
    print("opened", lease.token, flush=True)
    lease.release()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_a_run_that_its_users_folder_hides_is_waited_for() -> None:
    with TemporaryDirectory() as name:
        os.chown(name, 65534, 65534)
        words = [sys.executable, "-c", OTHER_USER, name, "0700", "0"]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert child.stdout is not None
        assert child.stdout.readline() == "opened 1\n"
        assert "Permission denied" in child.stdout.readline()
        Path(name).chmod(0o700)
        out, _ = child.communicate(timeout=60)
        assert (child.returncode, out) == (0, "None\nopened 2\n")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_a_store_that_only_another_user_can_make_is_told_at_once() -> None:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        store = f"{name}/store"
        script = OTHER_USER.replace("os.chmod(", "# ")
        words = [sys.executable, "-c", script, store, "0700"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        assert f"user 65534 cannot write there: Permission denied; make {name} writable" in done.stderr
        assert done.stdout == ""
