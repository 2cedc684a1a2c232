"""Messages over a pipe: four bytes of length, then that many bytes of JSON."""

import json
import os
from collections.abc import Iterator
from typing import Any

import orjson

_HEAD = 4
READ_BYTES = 1 << 16


def frame(body: bytes) -> bytes:
    """The body with its length before it."""
    return len(body).to_bytes(_HEAD, "big") + body


def encode(value: Any) -> bytes:
    """Compact JSON, in ASCII where it must be, so that no text, lone surrogates included, fails to travel."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def decode(body: bytes) -> Any:
    """What `encode` was given. Raises ValueError for what is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # the quick way takes no lone surrogate
        return json.loads(body)


def read_frame(fd: int) -> bytes | None:
    """The next body from a blocking pipe; None at its end."""
    head = _exactly(fd, _HEAD)
    return None if head is None else _exactly(fd, int.from_bytes(head, "big"))


def write_all(fd: int, data: bytes) -> None:
    """Write everything to a blocking pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _exactly(fd: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(fd, min(size - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


class Reader:
    """Bodies out of pieces, as they come from a non-blocking pipe."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take a piece, give every body that is complete."""
        self._held += piece
        while len(self._held) >= _HEAD:
            end = _HEAD + int.from_bytes(self._held[:_HEAD], "big")
            if len(self._held) < end:
                return
            yield bytes(self._held[_HEAD:end])
            del self._held[:end]
