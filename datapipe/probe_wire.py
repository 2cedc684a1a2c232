"""The HTTP of a probe: one page or one completion of a server, bounded in size and time."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from datapipe.backends.openai import key_from
from datapipe.backends.reply import count
from datapipe.backends.wire import quote
from datapipe.server_list import checked_url
from datapipe.server_poll import begin
from datapipe.server_state import Besides

_BODY = 8 << 20
"""Bytes of a body that are read; metrics of many engines are some of them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `status` is None where nothing did; `said` is its JSON, None where it is none."""

    status: int | None
    body: bytes = b""
    said: Any = None
    error: str = ""
    """What is wrong with it, safe to be shown; empty where a 200 holds JSON."""

    @property
    def good(self) -> bool:
        return self.status == 200 and isinstance(self.said, dict)


class Wire:
    """One server, `http://host:port/v1`. Use with `async with`. Raises ConfigError for a bad URL or key."""

    def __init__(
        self,
        server: str,
        api_key_env: str | None = None,
        connect_s: float = 10.0,
        spent: Besides | None = None,
    ) -> None:
        self.server = checked_url(server, "the server")
        self._key = key_from(api_key_env, self.server)
        self._connect_s = connect_s
        self._session: aiohttp.ClientSession | None = None
        self.spent = Besides() if spent is None else spent
        """What its replies cost is added here."""

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def page(self, name: str, within_s: float) -> Reply:
        """GET of a page that lies beside /v1, or below it: `health`, `v1/models`."""
        return await self._ask("GET", self._root() / name, None, within_s)

    async def post(self, name: str, body: Mapping[str, Any], within_s: float) -> Reply:
        """POST of JSON."""
        return await self._ask("POST", self._root() / name, body, within_s)

    def _root(self) -> URL:
        return URL(self.server.removesuffix("/v1") + "/")

    async def _ask(self, method: str, url: URL, body: Mapping[str, Any] | None, within_s: float) -> Reply:
        assert self._session is not None, "use it with `async with`"
        data = None if body is None else json.dumps(body).encode()
        timeout = aiohttp.ClientTimeout(total=within_s, sock_connect=self._connect_s)
        headers = {"Content-Type": "application/json"} if body is not None else None
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return self._reply(response.status, await begin(response, _BODY))
        except TimeoutError:
            return Reply(None, error=f"no answer in {within_s:.0f} s")
        except Exception as error:  # noqa: BLE001  around a model request, which can break in any way
            said = quote(str(error).encode("utf-8", "replace"), self._key)
            return Reply(None, error=f"{type(error).__name__}: {said}")

    def _reply(self, status: int, body: bytes) -> Reply:
        said: Any = None
        with contextlib.suppress(ValueError, RecursionError):
            said = json.loads(body.decode("utf-8"))
        if status != 200:
            return Reply(status, body, said, f"answered {status}: {quote(body, self._key)}")
        usage = said.get("usage") if isinstance(said, dict) else None
        if usage is not None:
            self.spent.add(count(usage, "prompt_tokens"), count(usage, "completion_tokens"))
        error = (
            ""
            if isinstance(said, dict)
            else f"answered with something else than JSON: {quote(body, self._key)}"
        )
        return Reply(status, body, said, error)


async def all_within(
    seconds: float, asks: Mapping[str, Any], sign: str | None = None, sign_s: float = 0.0
) -> dict[str, Reply]:
    """Coroutines that make replies, at once; what has not ended in time is a reply that says so.

    Where there is a `sign`, the time is `sign_s` for all of them unless that one has ended by then.
    """
    tasks = {name: asyncio.ensure_future(each) for name, each in asks.items()}
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    try:
        if sign is not None and not (await asyncio.wait([tasks[sign]], timeout=sign_s))[0]:
            seconds, ends = sign_s, loop.time()
        await asyncio.wait(tasks.values(), timeout=max(0.0, ends - loop.time()))
        late = Reply(None, error=f"no answer in {seconds:.0f} s")
        return {name: task.result() if task.done() else late for name, task in tasks.items()}
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
