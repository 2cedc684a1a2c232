"""Show how a run gets on: a live table on a terminal, else a plain line every few seconds."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from datapipe.escape import one_line
from datapipe.progress import Progress

PERIOD_S = 5.0
"""Seconds between two plain lines."""
_REASONS = 6


class Outlook:
    """Answers that are still to come: what `left` says when it first knows, less what this run got.

    That is asked before the first answers are stored, however late: those that only a journal holds are left.
    """

    def __init__(self, progress: Progress, left: Callable[[], int | None]) -> None:
        self._progress, self._left = progress, left
        self._total: int | None = None
        self._known = 0

    def answers(self) -> int | None:
        """None as long as nobody knows."""
        if self._total is None and (left := self._left()) is not None:
            # Of what decisions ask for later, nobody has told yet.
            self._total, self._known = left, self._progress.more
        if self._total is None:
            return None
        return max(self._total + self._progress.more - self._known - self._progress.answers, 0)

    def seconds(self) -> float | None:
        """Until the last answer, at the pace so far; None where there is no telling."""
        left, (pace, _) = self.answers(), self._progress.rates()
        return left / pace if left and pace else None


class Display:
    """Shows a run's progress in `file` while it is open. Only reads, and from a thread of its own."""

    def __init__(self, progress: Progress, file: IO[str], left: Callable[[], int | None]) -> None:
        self.progress, self.file = progress, file
        self.outlook = Outlook(progress, left)
        self._ended = threading.Event()
        self._live: Live | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.file.isatty():
            console = Console(file=self.file)
            self._live = Live(console=console, get_renderable=self._drawn, refresh_per_second=4)
            self._live.start()
        else:
            self._thread = threading.Thread(target=self._tell, name="datapipe-display", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._live is not None:
            self._live.stop()
        if self._thread is not None:
            self._thread.join()

    def line(self) -> str:
        """Everything on one line."""
        counts = [f"{name} {done}/{owed}" for name, done, owed, _ in self._stages()]
        return " · ".join(
            [*counts, self._pace(), *filter(None, [self._dropped(), *self._watched(), self._paused()])]
        )

    def _tell(self) -> None:
        told = ""
        while not self._ended.wait(PERIOD_S):
            if (line := self.line()) != told:
                print(line, file=self.file, flush=True)
                told = line

    def _stages(self) -> list[tuple[str, int, int, float]]:
        """(name, done, owed, seconds) of each stage; owed answers are those of the whole run."""
        left, now = self.outlook.answers(), time.monotonic()
        return [
            (
                name,
                count.done,
                max(count.owed, count.done + left) if name == "answer" and left else count.owed,
                (count.ended or now) - count.started,
            )
            for name, count in list(self.progress.stages.items())
        ]

    def _pace(self) -> str:
        answers, tokens = self.progress.rates()
        words = f"{answers:.3g} answers/s, {tokens:,.0f} tokens/s"
        seconds = self.outlook.seconds()
        return words if seconds is None else f"{words}, about {clock(seconds)} of answers left"

    def _dropped(self) -> str:
        reasons = sorted(dict(self.progress.dropped).items(), key=lambda each: -each[1])
        named = ", ".join(f"{one_line(name)} {count}" for name, count in reasons[:_REASONS])
        rest = sum(count for _, count in reasons[_REASONS:])
        return f"against: {named}{f', others {rest}' if rest else ''}" if reasons else ""

    def _watched(self) -> list[str]:
        return [line for line in (one_line(watched()) for watched in list(self.progress.watched)) if line]

    def _paused(self) -> str:
        return one_line(self.progress.paused or "")

    def _drawn(self) -> Group:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("stage")
        for name in ("done", "owed", "time"):
            table.add_column(name, justify="right")
        for name, done, owed, seconds in self._stages():
            table.add_row(Text(name), f"{done:,}", f"{owed:,}", clock(seconds))
        lines = [self._pace(), self._dropped(), *self._watched()]
        return Group(table, *map(Text, lines), Text(self._paused(), style="bold"))


def clock(seconds: float) -> str:
    """`1:05` or `2:03:04`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
