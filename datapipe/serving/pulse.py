"""Whether a living server still does anything: how long nothing of it has moved."""

from dataclasses import dataclass

from datapipe.server_metrics import Load


@dataclass
class Pulse:
    """What was last seen of a server. Times are those of one clock, in seconds."""

    born: float
    """When it became ready."""
    running: int | None = None
    waiting: int | None = None
    tokens_per_s: float | None = None
    _last: Load | None = None
    _seen: float = 0.0
    _moved: float = 0.0
    """When anything last moved, or nothing ran, or /health was well."""

    def __post_init__(self) -> None:
        self._moved = self.born

    def see(self, now: float, healthy: bool, load: Load | None) -> None:
        """One look; `load` is None where /metrics did not answer, which says nothing of what runs."""
        moved = healthy
        if load is not None:
            last, self._last = self._last, load
            self.running, self.waiting = int(load.running), int(load.waiting)
            moved = moved or not self.running or last is None or load.tokens != last.tokens
            if last is not None and load.generated is not None and last.generated is not None:
                self.tokens_per_s = max(0.0, load.generated - last.generated) / max(now - self._seen, 1e-9)
            self._seen = now
        if moved:
            self._moved = now

    def stuck(self, now: float, after: float) -> bool:
        """Whether for `after` seconds no token came, while requests ran, and /health failed each time."""
        return now - self._moved >= after
