"""What becomes of a request that no server answered, beyond what the last of them said."""

from datapipe.backends.base import Transient


class Exhausted(Transient):
    """The last error of a request whose tries are used up; `attempts` is how many there were."""

    def __init__(self, last: Transient, attempts: int) -> None:
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        super().__init__(f"gave up after {tries}: {last}", last.retry_after)
        self.attempts = attempts


class Withdrawn(Transient):
    """Taken back from a server that was set aside: no try of the request."""
