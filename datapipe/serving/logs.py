"""The log of one worker: appended to by its servers, begun anew when it is full, one older kept beside it."""

import shutil
from pathlib import Path
from typing import BinaryIO

from datapipe.escape import printable

_TAIL_LINES, _TAIL_BYTES = 30, 8192


class Log:
    """`path` and `path` + `.1`, together at most about twice `most` bytes."""

    def __init__(self, path: Path, most: int) -> None:
        self.path, self._most = path, most
        path.parent.mkdir(parents=True, exist_ok=True)

    def open(self) -> BinaryIO:
        """For a server to write to. Appended to, so that it goes on at the start of an emptied log."""
        return self.path.open("ab", buffering=0)

    def bound(self) -> None:
        """Keep the log's size. A line that is written just then may be lost, which a log can bear."""
        if self.path.exists() and self.path.stat().st_size > self._most:
            with self.path.open("r+b") as log, self.path.with_name(f"{self.path.name}.1").open("wb") as older:
                shutil.copyfileobj(log, older)
                log.truncate(0)

    def tail(self) -> str:
        """The last lines, control characters escaped, as the end of a message."""
        if not self.path.exists():
            return "; it has no log"
        with self.path.open("rb") as log:
            log.seek(max(0, self.path.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").split("\n")
        shown = [printable(line) for each in lines if (line := each.rstrip("\r"))][-_TAIL_LINES:]
        return "\n".join(["; the end of its log:", *shown]) if shown else "; its log is empty"
