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
    """When a token last came, or /health was well."""
    _wanted: float = 0.0
    """When that, or anything last ran or waited, or /metrics was silent, so that something might."""

    def __post_init__(self) -> None:
        self._moved = self._wanted = self.born

    def see(self, now: float, healthy: bool, load: Load | None) -> None:
        """One look; `load` is None where /metrics did not answer, which says nothing of what runs."""
        moved, wanted = healthy, True
        if load is not None:
            last, self._last = self._last, load
            self.running, self.waiting = int(load.running), int(load.waiting)
            moved = moved or last is None or load.tokens != last.tokens
            wanted = bool(self.running or self.waiting)
            if last is not None and load.generated is not None and last.generated is not None:
                self.tokens_per_s = max(0.0, load.generated - last.generated) / max(now - self._seen, 1e-9)
            self._seen = now
        if moved:
            self._moved = now
        if moved or wanted:
            self._wanted = now

    def stuck(self, now: float, stuck_s: float, sick_s: float) -> str | None:
        """Why it is to be ended: no token came and /health failed each time, for `stuck_s` seconds, or for
        `sick_s` in which it had nothing to do, as one that was set aside; None where it is not."""
        if now - self._moved >= stuck_s:
            return f"/health failed and no token came for {stuck_s:g} s"
        if now - self._wanted >= sick_s:
            return f"/health failed for {sick_s:g} s in which it had nothing to do"
        return None
