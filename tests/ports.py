"""Ports of this machine that nobody else is given while a test needs them, with a server there or without."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def kept(port: int = 0) -> socket.socket:
    """A socket at a port, a free one for 0, that never listens, so that connections there are refused.

    As long as it is open the port goes to none but a server that asks for this very one, and no connection
    of another process starts there, as it may where a free port was looked for and let go.
    """
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
    except OSError:
        held.close()
        raise
    return held


def port_of(held: socket.socket) -> int:
    return int(held.getsockname()[1])


@contextmanager
def kept_port() -> Iterator[int]:
    """The port, for as long as the block goes on."""
    with kept() as held:
        yield port_of(held)
