"""How many requests one server is given at once: up while it takes them, down when it queues them.

With metrics the server's own queue is held short but not empty, so that its batch is always full and
nothing waits there. Without, additive increase and multiplicative decrease (Jacobson 1988) at each 429.
"""

from datapipe.server_metrics import Load

QUEUE_SHARE = 16
"""One request may wait in the server for so many that run: the next to run when one ends."""
KV_HIGH, KV_FULL = 0.9, 0.98
"""No more above the first; less above the second, where sequences are thrown out and begun again."""
FIRST = 8
"""Requests of a server that has just come back."""


class Limit:
    """The limit of one server; `most` is that of all together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.value = most
        self._calm = most
        """Below it the limit doubles with each round of answers, above it it grows by one."""
        self._credit = 0.0
        self._queued = 0
        self._guessed = False
        self.metered = False
        """Metrics tell, so that answers alone change nothing."""

    def begin(self, share: int) -> None:
        """Before anything is known of a server that may have metrics."""
        self.value = max(1, min(share, self.most))
        self._guessed = True

    def answered(self) -> None:
        """One more answer came."""
        if self.metered or self.value >= self.most:
            return
        self._credit += 1.0 if self.value < self._calm else 1.0 / self.value
        if self._credit > 1 - 1e-9:
            self._credit = 0.0
            self.value += 1

    def full(self, in_flight: int) -> None:
        """The server turned a request away."""
        self.value = max(1, min(self.value, in_flight) * 7 // 10)
        self._calm = self.value

    def back(self) -> None:
        """The server was away and begins anew."""
        self._calm = max(1, self.value // 2)
        self.value = min(self.value, FIRST)

    def told(self, load: Load | None, in_flight: int) -> None:
        """What the metrics say while so many of our requests are in flight."""
        self.metered = load is not None
        if load is None:
            if self._guessed:
                self.value = self.most
            self._guessed = False
            return
        self._guessed = False
        spare = max(1, int(load.running) // QUEUE_SHARE)
        self._queued = self._queued + 1 if load.waiting > spare else 0
        if self._queued > 1:
            # A request may be several sequences there, and others may ask the same server: what is ours of
            # all that it has is ours of what runs, too.
            ours = in_flight / (load.running + load.waiting)
            self._settle(int(ours * load.running) + max(1, int(ours * spare)))
        elif load.kv is not None and load.kv >= KV_FULL:
            self._settle(min(self.value, in_flight) - max(1, in_flight // QUEUE_SHARE))
        elif not self._queued and in_flight >= self.value and (load.kv is None or load.kv < KV_HIGH):
            more = self.value if self.value < self._calm else max(1, self.value // 8)
            self.value = min(self.most, self.value + more)

    def _settle(self, value: int) -> None:
        self.value = max(1, min(self.value, value))
        self._calm = self.value
