"""What a run is doing right now, counted by the stages and read by whoever shows it."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

NOTES, ONCE = 1_000, 50
"""Notes of a run, and texts among them that come again and again: days of trouble fill no memory."""


@dataclass
class Count:
    """One stage: units done and owed."""

    done: int = 0
    owed: int = 0
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None


class Progress:
    """Counters that any thread may raise. `version` rises with them, for a display that draws on change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.stages: dict[str, Count] = {}
        self.dropped: Counter[str] = Counter()
        self.notes: list[str] = []
        self._once: set[str] = set()
        self._untold = 0
        self.paused: str | None = None
        """What the run waits for before it does any more."""
        self.watched: list[Callable[[], str]] = []
        """Each says how something stands that the run leans on, such as the servers of a role."""
        self.answers = 0
        self.tokens = 0
        self.more = 0
        self.started = time.monotonic()
        self.first_answer: float | None = None

    def owe(self, stage: str, units: int) -> None:
        """A stage has so many more units before it."""
        with self._lock:
            self.stages.setdefault(stage, Count()).owed += units

    def step(self, stage: str, units: int = 1) -> None:
        """So many of them are done."""
        with self._lock:
            count = self.stages.setdefault(stage, Count())
            count.done += units
            count.ended = time.monotonic() if count.done >= count.owed else None

    def ask_more(self, draws: int) -> None:
        """A decision asks for so many answers that nobody knew of."""
        with self._lock:
            self.more += draws

    def answered(self, answers: int, tokens: int) -> None:
        """So many answers came from a model."""
        with self._lock:
            if self.first_answer is None:
                self.first_answer = time.monotonic()
            self.answers += answers
            self.tokens += tokens

    def drop(self, reason: str, units: int = 1) -> None:
        with self._lock:
            self.dropped[reason] += units

    def note(self, text: str) -> None:
        """Something a person should read: a warning, an orphan, a server down."""
        with self._lock:
            self._note(text)

    def note_once(self, text: str) -> None:
        """As `note`, of what may be said of any answer: a text is told once, and so many texts are."""
        with self._lock:
            if text not in self._once and len(self._once) <= ONCE:
                self._once.add(text)
                self._note(
                    text if len(self._once) <= ONCE else "of the kind there was more, which is not told"
                )

    def pause(self, text: str | None) -> None:
        """The run waits for something; None when it goes on."""
        with self._lock:
            self.paused = text
            if text is not None:
                self._note(text)

    def rates(self) -> tuple[float, float]:
        """(answers/s, tokens/s) since the first answer."""
        if self.first_answer is None:
            return 0.0, 0.0
        seconds = max(time.monotonic() - self.first_answer, 0.1)
        return self.answers / seconds, self.tokens / seconds

    def _note(self, text: str) -> None:
        """Of too many those in the middle go: the first tell how trouble began, the last what came of it."""
        half = NOTES // 2
        self.notes.append(text)
        while len(self.notes) > NOTES:
            if not self._untold:
                self.notes.insert(half, "")
            self._untold += 1
            del self.notes[half + 1]
            self.notes[half] = f"{self._untold:,} notes between these are not told"
