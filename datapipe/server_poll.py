"""Look at a server from outside: GET /health and GET /metrics, apart from the requests it works on."""

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

import aiohttp
from yarl import URL

from datapipe.backends.wire import quote
from datapipe.server_metrics import Load, load_of

METRICS_BYTES = 4 << 20
"""vLLM's are some 60 KB an engine."""
_SAID_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Look:
    """`gone`: nothing listens there. `sick`: it says so itself. `silent`: no answer in time, or one that
    says nothing of its health, as of a server that has no such page."""

    health: Literal["well", "sick", "gone", "silent"]
    said: str = ""
    load: Load | None = None


class Looker(Protocol):
    """Whoever looks at servers, by name; never raises, and takes a bounded time."""

    async def look(self, server: str) -> Look: ...

    async def close(self) -> None: ...


class Poll:
    """Looks at servers over HTTP, on connections of its own; no key is sent, since none is asked for."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._session: aiohttp.ClientSession | None = None

    async def look(self, server: str) -> Look:
        """Both pages at once; `server` is a base URL that ends in /v1, which they lie beside."""
        root = URL(server.removesuffix("/v1") + "/")
        found, load = await asyncio.gather(self._health(root / "health"), self._load(root / "metrics"))
        return Look(found.health, found.said, load)

    async def close(self) -> None:
        """Give the connections back; it may look again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _health(self, url: URL) -> Look:
        try:
            async with asyncio.timeout(self._within_s), self._open().get(url) as response:
                if response.status == 200:
                    return Look("well")
                if response.status < 500:
                    return Look("silent")
                said = quote(await begin(response, _SAID_BYTES))
                return Look("sick", f"/health answered {response.status}: {said}")
        except aiohttp.ClientConnectorError as error:
            return Look("gone", f"cannot be reached: {quote(str(error).encode('utf-8', 'replace'))}")
        except Exception:  # noqa: BLE001  around a request to a model server, which can break it in any way
            return Look("silent")

    async def _load(self, url: URL) -> Load | None:
        try:
            async with asyncio.timeout(self._within_s), self._open().get(url) as response:
                if response.status != 200:
                    return None
                return load_of(await begin(response, METRICS_BYTES))
        except Exception:  # noqa: BLE001  as above
            return None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


async def begin(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The beginning of a body; what is longer is cut off with its connection."""
    parts: list[bytes] = []
    size = 0
    while size < most and (part := await response.content.readany()):
        parts.append(part)
        size += len(part)
    response.close()
    return b"".join(parts)[:most]
