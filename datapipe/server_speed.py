"""How fast each server is, and so what share of the requests it is given."""

from collections.abc import Iterable

START = 16
"""Tokens that beginning an answer is worth, so that servers that count none can be compared."""
KEEP = 0.9
"""What is left of all that was measured, at each weighing: a window of ten weighings."""
DOUBT = 0.5
"""Requests' worth of average speed that every server is believed to have shown."""
SLOWEST = 0.01


class Speed:
    """Work done by one server over the time that its places were taken.

    Taken places count whether or not anything came of them, so that a server whose first answer is still
    to come is known to be slow before it comes.
    """

    __slots__ = ("_at", "_taken", "busy", "count", "weight", "work")

    def __init__(self, now: float) -> None:
        self.work = 0.0
        self.busy = 0.0
        """Seconds times places taken."""
        self.count = 0.0
        self.weight = 1.0
        """Against the average of all; a server's share of what is in flight goes by it."""
        self._at = now
        self._taken = 0

    def step(self, now: float, step: int) -> None:
        """A place is taken (1) or given back (-1), or time has passed (0)."""
        self.busy += self._taken * (now - self._at)
        self._at = now
        self._taken += step

    def done(self, tokens: int | None) -> None:
        """An answer of so many tokens."""
        self.work += START + (tokens or 0)
        self.count += 1.0

    def forget(self) -> None:
        """It begins anew, as fast as the others."""
        self.work = self.busy = self.count = 0.0
        self.weight = 1.0


def weigh(speeds: Iterable[Speed], now: float) -> None:
    """Set every server's weight by what it did for the time it had, and forget a little of it."""
    known = list(speeds)
    for speed in known:
        speed.step(now, 0)
    work, busy = sum(speed.work for speed in known), sum(speed.busy for speed in known)
    count = sum(speed.count for speed in known)
    for speed in known:
        speed.weight = 1.0
        if work > 0 and busy > 0 and count > 0:
            doubt = DOUBT * busy / count
            pace = (speed.work + doubt * work / busy) / (speed.busy + doubt)
            speed.weight = min(max(pace * busy / work, SLOWEST), 1 / SLOWEST)
        speed.work *= KEEP
        speed.busy *= KEEP
        speed.count *= KEEP
