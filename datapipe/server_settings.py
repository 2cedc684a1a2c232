"""How one role's servers are asked, and how long is waited for what."""

from dataclasses import dataclass
from random import uniform

from datapipe.errors import ConfigError

TAKEN_BACK = 8
"""Times `attempts` that a request may be taken back from servers: by then it may be what stops them."""
_ABOVE_ZERO = (
    "concurrency",
    "attempts",
    "connect_s",
    "base_timeout_s",
    "tokens_per_second",
    "strikes",
    "poll_s",
    "stall_s",
)
_NOT_BELOW_ZERO = ("backoff_s", "backoff_max_s", "retry_after_max_s", "aside_s", "outage_s", "startup_s")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How one role's servers are asked, times in seconds. Raises ConfigError where a value makes no sense."""

    servers: tuple[str, ...]
    """Base URLs that end in /v1."""
    servers_file: str | None = None
    """More of them, read again when it changes."""
    role: str = "generator"
    api_key_env: str | None = None
    concurrency: int = 64
    """Requests in flight over all servers and shards."""
    attempts: int = 6
    """Tries of one request."""
    connect_s: float = 10.0
    base_timeout_s: float = 120.0
    tokens_per_second: float = 5.0
    """A request may take base_timeout_s + max_tokens / tokens_per_second."""
    backoff_s: float = 0.5
    """The first wait before the same server is asked again; each wait is up to twice the one before."""
    backoff_max_s: float = 30.0
    retry_after_max_s: float = 300.0
    """The longest that a server's Retry-After is believed."""
    strikes: int = 3
    """Failures in a row after which a server is set aside."""
    aside_s: float = 15.0
    """How long it is set aside before one token is asked of it; doubles to 16 times with each relapse."""
    poll_s: float = 2.0
    """Between two looks at a server's /health and /metrics, and at the file of servers."""
    stall_s: float = 300.0
    """A server that has requests and makes no token for so long is set aside, where its metrics tell."""
    outage_s: float = 86_400.0
    """How long a request waits while every server is down."""
    startup_s: float = 300.0
    """The same before any server has answered."""

    def __post_init__(self) -> None:
        if not self.servers and self.servers_file is None:
            raise ConfigError("no model server is configured")
        if twice := sorted({s for s in self.servers if self.servers.count(s) > 1}):
            raise ConfigError(f"servers are named twice: {', '.join(twice)}")
        for name in _ABOVE_ZERO:
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in _NOT_BELOW_ZERO:
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} may not be below 0: {getattr(self, name)}")

    def delay(self, rounds: int) -> float:
        """Seconds until the next try: jittered, so that those who failed together do not return together."""
        longest = min(self.backoff_max_s, self.backoff_s * 2.0 ** min(rounds, 60))
        return uniform(longest / 2, longest)
