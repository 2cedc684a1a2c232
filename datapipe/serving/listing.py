"""The servers files: a URL a line of each ready server, by role, for a run to read; standard library only."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SUFFIX = ".servers"


def servers_file(folder: Path, role: str) -> Path:
    """`generate.servers`: what `[generate] servers_file` of a run names."""
    return folder / f"{role}{SUFFIX}"


def enlist(folder: Path, url: str, roles: Iterable[str], pid: int) -> None:
    """Add a server that has answered to the files of its roles.

    Its first process, `pid`, may have died since: its guard reaps that first and takes it off next, so one
    that is still there is taken off later, and one that is not is not added again.
    """
    with _alone(folder):
        if not _is_there(pid):
            return
        for role in roles:
            path = servers_file(folder, role)
            if url not in (urls := _read(path)):
                _write(path, [*urls, url])


def unlist(folder: Path, url: str) -> None:
    """Take a server off every file, whatever became of it."""
    with _alone(folder):
        for path in folder.glob(f"*{SUFFIX}"):
            if url in (urls := _read(path)):
                _write(path, [each for each in urls if each != url])


def clear(folder: Path, roles: Iterable[str]) -> None:
    """Empty the files of these roles and remove others: what a life before left is not to be believed."""
    kept = {servers_file(folder, role) for role in roles}
    with _alone(folder):
        for path in set(folder.glob(f"*{SUFFIX}")) - kept:
            path.unlink()
        for path in kept:
            _write(path, [])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The supervisor writes, and so does the guard of each server that outlived it."""
    with open(folder / ".servers-lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _read(path: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    return []


def _write(path: Path, urls: list[str]) -> None:
    """Whole or not at all: a run reads it at any moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text("".join(f"{url}\n" for url in urls), encoding="utf-8")
    draft.replace(path)
