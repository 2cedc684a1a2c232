"""Starts and ends what the demo needs beside itself: a Prefect server, a model server, a flow."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from datapipe.serving.ports import Reserved

ROOT = Path(__file__).resolve().parents[1]
TAIL_CHARS = 3_000
GRACE_S = 40.0
"""Seconds that a process has to end in good order; vLLM needs two or three."""
_interrupted = False


class Failed(Exception):
    """A process of the demo ended or did not start; the message says why."""


@contextmanager
def interrupts_while_waiting() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt in `Process.wait_until` and at the end of the block alone.

    Anywhere else they would leave a process behind: one that has just been started and that nobody has been
    told of, or, the second time, one that is being stopped.
    """

    def note(number: int, frame: FrameType | None) -> None:
        global _interrupted
        _interrupted = True

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
        raise_if_interrupted()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_if_interrupted() -> None:
    """Raises KeyboardInterrupt where Ctrl-C or SIGTERM came."""
    if _interrupted:
        raise KeyboardInterrupt


class Process:
    """A process group of its own: Ctrl-C at the terminal is for the demo alone, which ends the rest."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.log = name, log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def status(self) -> int | None:
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Raises Failed where the process ends first, or takes too long; KeyboardInterrupt where one came."""
        until = time.monotonic() + seconds
        while not ready():
            raise_if_interrupted()
            if self.status is not None:
                raise Failed(f"{self.name} ended with status {self.status}:\n{self.tail()}")
            if time.monotonic() > until:
                raise Failed(f"{self.name} was not ready after {seconds:g} s:\n{self.tail()}")
            time.sleep(0.2)

    def tail(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")[-TAIL_CHARS:]
        return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)

    def stop(self) -> None:
        """SIGTERM to the process, SIGKILL to its group where that is not enough."""
        if self.status is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_S)
        # Its leader may be gone before the others of the group.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class PrefectServer(Process):
    """A Prefect server on a free port, with a home of its own."""

    def __init__(self, home: Path, log: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._kept = Reserved("127.0.0.1", 0)
        self.page = f"http://127.0.0.1:{self._kept.port}"
        self.env = {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"{self.page}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # A database write for every event keeps SQLite too busy to let a task begin: Prefect tries again
            # after two seconds. Events are written together here, once a second.
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            "DO_NOT_TRACK": "1",
        }
        command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._kept.port)]
        super().__init__("the Prefect server", [sys.executable, "-m", *command], log, self.env)

    def stop(self) -> None:
        super().stop()
        self._kept.close()

    def up(self) -> bool:
        """Whether it answers."""
        with suppress(OSError):
            return bool(urllib.request.urlopen(f"{self.page}/api/health", timeout=5))
        return False


class ModelServer(Process):
    """The bundled model on vLLM."""

    def __init__(self, log: Path) -> None:
        folder = log.with_suffix(".serve")
        self._servers = folder / "generate.servers"
        recipe = ROOT / "infra" / "vllm" / "recipes" / "tiny-m2.toml"
        command = [sys.executable, "-m", "datapipe", "serve", str(recipe), "--folder", str(folder)]
        super().__init__("the model server", command, log)

    def up(self) -> bool:
        """Whether it has answered a request."""
        return bool(self._urls())

    @property
    def url(self) -> str:
        """Ends in /v1."""
        return self._urls()[0]

    def _urls(self) -> list[str]:
        return self._servers.read_text(encoding="utf-8").split() if self._servers.exists() else []
