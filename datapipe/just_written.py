"""Rows of the parts that this process wrote last, for the stage that reads them next: once, and not many."""

import threading
from collections.abc import Sequence
from typing import Any

from datapipe.shards import Entry
from schemas.rows import Row

ROWS = 8_192
"""Held at a time, over all parts."""
BYTES = 16 * 2**20
"""The same in bytes of their files, which texts fill several times over in memory."""
Place = tuple[str, str, str]
"""Table, lane and part."""


class JustWritten:
    """A queue of parts with their rows, the oldest given up for the newest. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Place, tuple[Entry, Sequence[Row]]] = {}

    def keep(self, place: Place, entry: Entry, rows: Sequence[Row]) -> None:
        """Hold the rows of a part, unless they alone are too many."""
        with self._lock:
            self._held.pop(place, None)
            self._held[place] = entry, rows
            while self._too_many():
                del self._held[next(iter(self._held))]

    def take(self, place: Place, entry: Entry) -> Sequence[Any] | None:
        """The rows of the part that a manifest promises now; None where they are not held."""
        with self._lock:
            written, rows = self._held.pop(place, (None, None))
        return rows if written is not None and written.sha256 == entry.sha256 else None

    def _too_many(self) -> bool:
        entries = [entry for entry, _ in self._held.values()]
        return sum(each.rows for each in entries) > ROWS or sum(each.bytes for each in entries) > BYTES
