"""One thread that syncs journals a while after they were written to, so that no answer waits for the disk."""

import os
import threading
import time
from typing import Protocol


class Synced(Protocol):
    """What can be synced."""

    def try_sync(self) -> None:
        """Raises nothing."""


class Syncer:
    """Syncs each journal once, so many seconds after the first entry that is not synced. The thread starts
    with the first entry, and waits while there is nothing to do."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[Synced, float] = {}
        self._thread: threading.Thread | None = None
        self._busy: Synced | None = None
        os.register_at_fork(after_in_child=self._forget_all)

    def due(self, journal: Synced, after_s: float) -> None:
        """Sync a journal after so many seconds, unless it is due already."""
        if journal in self._due:
            return
        with self._changed:
            self._due.setdefault(journal, time.monotonic() + after_s)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="datapipe-sync", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def forget(self, journal: Synced) -> None:
        """Touch a journal no more; one that is being synced is waited for."""
        with self._changed:
            self._due.pop(journal, None)
            while self._busy is journal:
                self._changed.wait()

    def _serve(self) -> None:
        while True:
            with self._changed:
                while (left := self._until_next()) is None or left > 0:
                    self._changed.wait(left)
                journal = min(self._due, key=self._due.__getitem__)
                del self._due[journal]
                self._busy = journal
            journal.try_sync()
            with self._changed:
                self._busy = None
                self._changed.notify_all()

    def _until_next(self) -> float | None:
        """Seconds until a journal is due; None where none is."""
        return min(self._due.values()) - time.monotonic() if self._due else None

    def _forget_all(self) -> None:
        """A forked child has none of the threads."""
        self._changed = threading.Condition()
        self._due, self._thread, self._busy = {}, None, None
