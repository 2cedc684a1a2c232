"""Ask any OpenAI-compatible server for one chat completion at a time, and name what goes wrong."""

import asyncio
import io
import os
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import aiohttp
from yarl import URL

from datapipe.backends.base import BackendError, Completion, Request, Transient, Unfit, Unreachable
from datapipe.backends.prefix import go_on
from datapipe.backends.reply import Read, read_reply
from datapipe.backends.wire import chat_body, completion_of, error_of, json_body, quote, retry_after_of
from datapipe.errors import ConfigError

KEEP_IDLE_S = 4.0
"""uvicorn, which serves vLLM, closes a connection idle for 5 s; a request sent just then would be lost."""
_IN_MEMORY = 1 << 20
_ERROR_BYTES = 1 << 16


class OpenAI:
    """A Backend over one server.

    `server` is the base URL up to and including /v1. `api_key_env` names the environment variable that
    holds the key; it is read here, once, and kept out of every error, log and repr. A request may take
    `base_timeout_s + max_tokens / tokens_per_second` seconds; once its body has begun, no part of it may
    be later than `base_timeout_s` after the one before. A body over `body_limit` bytes is not read.

    Raises ConfigError for a URL that cannot be asked, or a key that is not there.
    """

    def __init__(
        self,
        server: str,
        *,
        api_key_env: str | None = None,
        connect_s: float = 10.0,
        base_timeout_s: float = 120.0,
        tokens_per_second: float = 5.0,
        body_limit: int = 64 << 20,
    ) -> None:
        self.server = _checked(server)
        self.api_key_env = api_key_env
        self._key = key_from(api_key_env, self.server)
        self._url = URL(self.server)
        self._root = URL(self.server.removesuffix("/v1"))
        self._connect_s = connect_s
        self._base_timeout_s = base_timeout_s
        self._tokens_per_second = tokens_per_second
        self._body_limit = body_limit
        self._session: aiohttp.ClientSession | None = None
        self._address = lru_cache(maxsize=64)(self._made_address)

    def __repr__(self) -> str:
        return f"OpenAI({self.server!r}, api_key_env={self.api_key_env!r})"

    async def complete(self, request: Request) -> Completion:
        """The choices of a request. Raises Transient for outages and torn replies, Refused for what will
        not change."""
        if request.prefix is not None:
            return await go_on(self, request)
        return await self.ask("chat/completions", chat_body(request), request)

    async def ask(
        self, path: str, body: Mapping[str, Any], request: Request, read: Read = read_reply
    ) -> Completion:
        """What a path below /v1 says to a body that asks for tokens."""
        reply, seconds = await self.post(path, body, request.max_tokens)
        return completion_of(reply, self.server, seconds, self._key, request, read)

    async def post(self, path: str, body: Mapping[str, Any], tokens: int = 0) -> tuple[bytes, float]:
        """The body of a 200 and the seconds it took, in which `tokens` may be generated; a path that begins
        with a slash is beside /v1."""
        total = self._base_timeout_s + tokens / self._tokens_per_second
        outcome = await self._post(self._address(path), json_body(body), total)
        # Raised here, outside of any handler: an aiohttp error in the chain would carry our headers.
        if isinstance(outcome, BackendError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Close every connection; the backend may be used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _made_address(self, path: str) -> URL:
        return self._root / path[1:] if path[0] == "/" else self._url / path

    async def _post(self, url: URL, body: bytes, total: float) -> tuple[bytes, float] | BackendError:
        # aiohttp warns of large bytes, which it copies in one go, and reads a file in pieces; for bytes that
        # are no payload it looks for one.
        data = aiohttp.BytesPayload(body) if len(body) < _IN_MEMORY else io.BytesIO(body)
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=self._connect_s)
        started = time.perf_counter()
        try:
            async with self._open().post(url, data=data, timeout=timeout, allow_redirects=False) as response:
                if response.status != 200:
                    return await self._refusal(response)
                return await self._body(response), time.perf_counter() - started
        except BackendError as error:
            return error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            said = quote(str(error).encode("utf-8", "replace"), self._key)
            return Unreachable(f"{self.server} cannot be reached: {type(error).__name__}: {said}")
        except TimeoutError as error:
            waited = time.perf_counter() - started
            return Transient(f"{self.server} did not answer in {waited:.1f} s ({type(error).__name__})")
        except aiohttp.InvalidURL:
            return Transient(f"{self.server} is not an address that can be asked")
        except Exception as error:  # noqa: BLE001  whatever a server can do to the transport is an outage
            said = quote(str(error).encode("utf-8", "replace"), self._key)
            return Transient(f"{self.server} broke the connection: {type(error).__name__}: {said}")

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body, in pieces, so that neither its size nor a server that stops is unbounded."""
        parts: list[bytes] = []
        size = 0
        part = await response.content.readany()
        while part:
            parts.append(part)
            size += len(part)
            if size > self._body_limit:
                response.close()
                raise Transient(f"{self.server} sent more than {self._body_limit} bytes")
            if response.content.at_eof():
                break  # mostly after the first part, which spares a timer
            async with asyncio.timeout(self._base_timeout_s):
                part = await response.content.readany()
        return b"".join(parts)

    async def _refusal(self, response: aiohttp.ClientResponse) -> BackendError:
        """The error that a status other than 200 stands for; only the beginning of its body is read."""
        body = b""
        try:
            async with asyncio.timeout(self._connect_s):
                while len(body) < _ERROR_BYTES and (part := await response.content.readany()):
                    body += part
        except (aiohttp.ClientError, OSError):
            # The status has said what went wrong; half of its explanation will do.
            pass
        finally:
            response.close()
        error = self._error(response.status, response.headers.get("Retry-After"), body)
        error.status = response.status
        return error

    def _error(self, status: int, retry_after: str | None, body: bytes) -> BackendError:
        if status in (401, 403):
            key = f"the key in ${self.api_key_env}" if self.api_key_env else "a request without a key"
            said = quote(body, self._key)
            return Unfit(f"{self.server} answered {status} to {key}: {said}")
        wait = retry_after_of(retry_after, time.time())
        return error_of(status, body, self.server, wait, self._key)

    def _open(self) -> aiohttp.ClientSession:
        """The session, opened in the loop that asks; it holds no limit of its own, reads no proxy."""
        if self._session is None or self._session.closed:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            if self._key is not None:
                headers["Authorization"] = f"Bearer {self._key}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_IDLE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                trust_env=False,
            )
        return self._session


def _checked(server: str) -> str:
    """The URL without a final slash. What is refused is not repeated: it may hold a password."""
    try:
        url = URL(server)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("a server is written http://host:port/v1")
    if url.user or url.password or url.query_string or url.fragment:
        raise ConfigError(f"the URL of {url.host} may hold no key; name its variable in api_key_env")
    return server.rstrip("/")


def key_from(variable: str | None, server: str) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"${variable}, which should hold the key of {server}, is not set")
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError(f"${variable} holds characters that a key cannot have")
    return key
