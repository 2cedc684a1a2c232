"""As much of HTTP/1.1 as a model server needs, on a bare asyncio protocol: cheap, and able to misbehave."""

import asyncio
import json
import socket
import weakref
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from tests.ports import kept, port_of

Serve = Callable[["Exchange"], Awaitable[None] | None]
"""Answers an exchange: at once, or by something to await, which is cancelled when the client goes."""

_END = b"\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "


class Exchange:
    """One request and the connection that its answer goes to."""

    __slots__ = ("_head", "body", "method", "path", "raw", "transport")

    def __init__(self, head: bytes, raw: bytes, transport: asyncio.Transport) -> None:
        self._head, self.raw, self.transport = head, raw, transport
        self.method, self.path, _ = head[: head.index(b"\r\n")].decode("latin-1").split(" ", 2)
        self.body: Any = json.loads(raw) if raw else {}

    @property
    def headers(self) -> Mapping[str, str]:
        """Header values by name, as they were sent."""
        lines = self._head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return {name: value.strip() for name, _, value in pairs}

    def reply(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; JSON unless a header says otherwise."""
        if status == 200 and headers is None:
            self.transport.write(b"%b%d%b%b" % (_PLAIN, len(body), _END, body))
            return
        self.begin(
            {"Content-Type": "application/json", **(headers or {}), "Content-Length": str(len(body))}, status
        )
        self.transport.write(body)

    def begin(self, headers: Mapping[str, str], status: int = 200) -> None:
        """The head alone."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode("latin-1")
        )

    def write(self, part: bytes) -> None:
        """A part of the body, as it is."""
        self.transport.write(part)

    def abort(self) -> None:
        """Cut the connection: the client sees a reset."""
        self.transport.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, serve: Serve, open_now: set["_Connection"]) -> None:
        self._serve, self._open = serve, open_now
        self._buffer = bytearray()
        self._head: bytes | None = None
        self._task: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._open.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        """Serve what has come whole, one request after the other."""
        while self._task is None and (exchange := self._whole()) is not None:
            waiting = self._serve(exchange)
            if waiting is not None:
                self._task = asyncio.ensure_future(waiting)
                self._task.add_done_callback(self._served)

    def _served(self, task: "asyncio.Future[None]") -> None:
        self._task = None
        if task.cancelled():
            return
        if error := task.exception():
            self.transport.abort()
            raise error
        self._next()

    def _whole(self) -> Exchange | None:
        if self._head is None:
            end = self._buffer.find(_END)
            if end < 0:
                return None
            self._head = bytes(self._buffer[: end + 2])
            del self._buffer[: end + 4]
            if b"\r\nexpect:" in self._head.lower():
                self.transport.write(_CONTINUE)
        length = _length(self._head)
        if len(self._buffer) < length:
            return None
        head, self._head = self._head, None
        raw = bytes(self._buffer[:length])
        del self._buffer[:length]
        return Exchange(head, raw, self.transport)


def _length(head: bytes) -> int:
    low = head.lower()
    at = low.find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    return int(low[at + 17 : low.index(b"\r\n", at + 17)])


class Listening:
    """A port of this machine that can close and open again; the port stays the same, and its own."""

    def __init__(self, serve: Serve, port: int = 0) -> None:
        self._serve, self.port = serve, port
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._kept: socket.socket | None = None

    async def up(self) -> None:
        """Take connections."""
        loop = asyncio.get_running_loop()
        if self._kept is None:
            self._kept = kept(self.port)
            self.port = port_of(self._kept)
            weakref.finalize(self, self._kept.close)
        listening = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self._server = await loop.create_server(lambda: _Connection(self._serve, self._open), sock=listening)

    def down(self) -> None:
        """Refuse connections and cut those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._open):
            connection.transport.abort()
