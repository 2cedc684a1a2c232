"""What is known of a fleet: one small JSON file, written by its supervisor and read by whoever asks."""

import fcntl
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationError

from datapipe.errors import ConfigError

Doing = Literal["starting", "ready", "waiting", "given up", "stopped"]


class Standing(BaseModel):
    """One worker. Times are seconds since 1970."""

    name: str
    roles: list[str]
    state: Doing = "starting"
    since: float = Field(default_factory=time.time)
    """When it came into this state."""
    url: str = ""
    pid: int | None = None
    """The server's first process and the number of its process group, while there is one."""
    restarts: int = 0
    healthy: bool | None = None
    running: int | None = None
    waiting: int | None = None
    tokens_per_s: float | None = None
    said: str = ""
    """Why it last died, on one line."""


class State(BaseModel):
    """All workers, and who supervises them."""

    fleet: str
    pid: int = Field(default_factory=os.getpid)
    host: str = Field(default_factory=socket.gethostname)
    written: float = 0.0
    workers: list[Standing] = Field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Replace the file as a whole."""
        self.written = time.time()
        draft = folder / f".state.{os.getpid()}"
        draft.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / "state.json")


def read_state(folder: Path) -> State | None:
    """What was last written; None where nothing was. Raises ConfigError where it is something else."""
    path = folder / "state.json"
    try:
        return State.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ConfigError(f"{path}: not the state of a fleet; remove it ({error})") from error


class Ownership:
    """A folder belongs to one supervisor for as long as this is open. Raises ConfigError where it has one."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / ".lock").open("ab")
        except OSError as error:
            raise ConfigError(f"{folder}: logs and servers files cannot be written here: {error}") from error
        if not _locked(self._lock.fileno()):
            self._lock.close()
            state = read_state(folder)
            who = f"process {state.pid} on {state.host}" if state else "another process"
            raise ConfigError(f"{folder}: {who} serves this fleet already; see `--status`")

    def close(self) -> None:
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def supervised(folder: Path) -> bool:
    """Whether a living supervisor owns the folder."""
    path = folder / ".lock"
    if not path.exists():
        return False
    with path.open("ab") as lock:
        return not _locked(lock.fileno())


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
