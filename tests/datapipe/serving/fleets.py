"""Fleets of fake servers for tests: files, a `vllm` on the path, a supervisor in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from datapipe.serving.state import Standing, State, read_state
from tests.leaving import ended

WITHIN_S = 180.0
RECIPE = """
model = "{model}"
served_name = "fake"
runtime = "path"
startup_timeout = 120
args = {args}
gpus = {gpus}
[warmup]
prompt = "?"
max_tokens = 1
requests = 1
"""
QUICK = {
    "poll_s": 0.1,
    "restart": {"backoff_s": 0.05, "most": 3, "steady_s": 600, "stuck_s": 0.6, "sick_s": 0.4},
}


def put_vllm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `vllm` on the path that is the fake one."""
    script = folder / "bin" / "vllm"
    script.parent.mkdir(exist_ok=True)
    script.write_text(
        f'#!/bin/sh\nexec {sys.executable} -S {Path(__file__).with_name("fake_vllm.py")} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")


def put_recipe(folder: Path, name: str = "fake", gpus: int = 0, fake: tuple[str, ...] = ()) -> Path:
    """A recipe of a model folder that is there; its name in the command line tells the test's processes."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text("{}")
    args = [word for each in fake for word in ("--fake", each)]
    path = folder / f"{name}.toml"
    path.write_text(RECIPE.format(model="./model", args=args, gpus=gpus))
    return path


def put_fleet(folder: Path, *tables: str, **top: object) -> Path:
    """`fleet.toml` over tables of `[[workers]]`."""
    path = folder / "fleet.toml"
    settings = {**QUICK, **top}
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items()]
    path.write_text("\n".join([*lines, *(f"[[workers]]\n{table}" for table in tables)]))
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def processes(folder: Path) -> list[psutil.Process]:
    """Every living process that serves from the folder, by its environment; not the supervisor."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            cache = process.environ().get("VLLM_CACHE_ROOT", "")
            if cache.startswith(f"{folder}/") and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def guards(worker: Standing) -> tuple[psutil.Process, psutil.Process]:
    """The first and the second guard of a server that runs."""
    second = psutil.Process(worker.pid).parent()
    assert second
    first = second.parent()
    assert first
    return first, second


def kill_at_once(*victims: int) -> None:
    """As one: none of them sees another go. All are gone when it returns."""
    killed = [psutil.Process(pid) for pid in victims]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in victims:
            os.kill(pid, number)
    wait_for(lambda: all(map(ended, killed)))


def wait_for(what: Callable[[], object], within_s: float = WITHIN_S) -> None:
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.05)


class Served:
    """`datapipe serve` in a process of its own."""

    def __init__(self, fleet: Path) -> None:
        self.folder = fleet.with_suffix(".serve")
        self.log = fleet.with_suffix(".log")
        with self.log.open("wb") as output:
            command = [sys.executable, "-m", "datapipe", "serve", str(fleet)]
            self.process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)

    def state(self) -> State:
        state = read_state(self.folder)
        assert state is not None
        return state

    def worker(self, number: int = 0) -> Standing:
        return self.state().workers[number]

    def urls(self, role: str = "generate") -> list[str]:
        path = self.folder / f"{role}.servers"
        return path.read_text().split() if path.exists() else []

    def until(self, what: Callable[["Served"], object], within_s: float = WITHIN_S) -> None:
        wait_for(lambda: self.process.poll() is not None or (self._wrote() and what(self)), within_s)
        assert self.process.poll() is None, self.log.read_text()

    def _wrote(self) -> bool:
        """Whether the state is of this life, not of one before."""
        state = read_state(self.folder)
        return state is not None and state.pid == self.process.pid

    def until_ready(self, count: int, within_s: float = WITHIN_S) -> None:
        self.until(lambda served: len(served.urls()) == count, within_s)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(WITHIN_S)


@contextmanager
def serving(fleet: Path, leaves: bool = False) -> Iterator[Served]:
    """Ended with the block, whatever happens in it; and nothing is left then, but where that is said."""
    served = Served(fleet)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()
        wait_for(lambda: leaves or not processes(fleet.parent))
