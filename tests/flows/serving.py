"""A Prefect server for tests, and flows and commands in processes of their own that speak to it."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from tests.ports import kept, port_of

T = TypeVar("T")
BIN = Path(sys.executable).parent
START_S, LONGEST_S = 300.0, 600.0
"""How long is waited for what comes in seconds: a busy machine is no fault."""


class Server:
    """A server with a home of its own; `like` is a server whose empty database it begins with."""

    def __init__(self, home: Path, like: Path | None = None) -> None:
        home.mkdir(parents=True)
        if like is not None:  # making the tables takes longer than everything else
            shutil.copy(like, home / "prefect.db")
        self.home, self._port = home, kept()
        port = port_of(self._port)
        self.env = {
            **{name: text for name, text in os.environ.items() if not name.startswith("PREFECT_")},
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # A database write for every event keeps SQLite too busy to let a task begin: Prefect tries again
            # after two seconds. Events are written together here, once a second.
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            "DO_NOT_TRACK": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.started: list[subprocess.Popen[bytes]] = []
        self.process = self.start("server", [str(BIN / "prefect"), "server", "start", "--port", str(port)])

    def start(self, log: str, command: Sequence[str], cwd: Path = Path("/")) -> "subprocess.Popen[bytes]":
        """A process group that speaks to this server; what it says goes to a log in the server's home."""
        with (self.home / f"{log}.log").open("ab") as output:
            process = subprocess.Popen(
                command, env=self.env, cwd=cwd, stdout=output, stderr=output, start_new_session=True
            )
        self.started.append(process)
        return process

    def said(self, log: str) -> str:
        return (self.home / f"{log}.log").read_text(encoding="utf-8", errors="replace")

    def ask(self, path: str, body: Any = None) -> Any:
        """The answer of the API to a POST."""
        request = urllib.request.Request(
            f"{self.env['PREFECT_API_URL']}{path}",
            json.dumps(body or {}).encode(),
            {"Content-Type": "application/json"},
        )
        with closing(urllib.request.urlopen(request, timeout=60)) as answer:
            return json.load(answer)

    def states(self, flow_run: str) -> list[str]:
        """The states of all flow runs of that name, oldest first."""
        body = {"flow_runs": {"name": {"any_": [flow_run]}}, "sort": "EXPECTED_START_TIME_ASC"}
        return [run["state_type"] for run in self.ask("/flow_runs/filter", body)]

    def wait_until_up(self) -> None:
        def up() -> bool:
            assert self.process.poll() is None, self.said("server")
            with suppress(OSError):
                return bool(urllib.request.urlopen(f"{self.env['PREFECT_API_URL']}/health", timeout=5))
            return False

        wait_for(up, START_S)

    def stop(self) -> None:
        """End it, and before it whatever a failed test has left running."""
        for process in reversed(self.started):
            if process.poll() is None:
                end(process, signal.SIGTERM if process is self.process else signal.SIGKILL)
        self._port.close()


def flow_command(flow: str, config: Path, *words: str) -> list[str]:
    overrides = [part for word in words for part in ("--set", word)]
    return [sys.executable, "-m", "flows", flow, str(config), "--fake", *overrides]


def end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Send a signal to a process group that was started here, and see its leader end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.wait(LONGEST_S)


def wait_for(look: Callable[[], T], seconds: float = LONGEST_S) -> T:
    """The first thing that `look` finds. Fails where it finds nothing for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing came in {seconds} s")


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database in use."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)
