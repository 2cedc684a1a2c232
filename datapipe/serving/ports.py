"""A port that is kept for one server, from before it starts until it has ended for good."""

import socket
from types import TracebackType
from typing import Self

from datapipe.errors import ConfigError


class Reserved:
    """Keeps `port` of `host`, or a free one for 0, for as long as it is open. Raises ConfigError where taken.

    vLLM binds its port many seconds after it is told; a bound socket that does not listen keeps others off it
    and lets vLLM on, since both allow reuse. The lock keeps off another launcher, which would do the same.
    """

    def __init__(self, host: str, port: int) -> None:
        self._held = socket.socket()
        self._lock = socket.socket(socket.AF_UNIX)
        try:
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._held.bind((host, port))
            self.port: int = self._held.getsockname()[1]
            self._lock.bind(f"\0datapipe-vllm:{self.port}")
        except (OSError, OverflowError) as error:
            self.close()
            raise ConfigError(f"port {port} on {host} cannot be had: {error}") from error

    def close(self) -> None:
        self._held.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def refusal(host: str, port: int) -> str | None:
    """Why a port cannot be had now; None where it can."""
    try:
        Reserved(host, port).close()
    except ConfigError as error:
        return str(error)
    return None
