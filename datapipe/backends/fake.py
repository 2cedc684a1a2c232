"""A model that is a function: the same request always gets the same answer, and faults come on demand."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from hashlib import blake2b

from datapipe.backends.base import BackendError, Completion, Prefix, Refused, Request, Transient
from datapipe.backends.prefix import CLOSE, OPEN, whole
from datapipe.backends.responder import SERVER, Habits, answer
from datapipe.errors import ConfigError

Said = str | Completion | BackendError
"""What a script or a function gives for a request: a text that ends by itself, a completion, an error."""
Respond = Callable[[Request], Said]


@dataclass(frozen=True, slots=True)
class Faults:
    """How often a try meets each fault, as shares of all tries; drawn by (request id, number of the try)."""

    reset: float = 0.0
    server_error: float = 0.0
    too_many: float = 0.0
    """429 with Retry-After."""
    refused: float = 0.0
    torn: float = 0.0
    slow: float = 0.0
    """Answers, but `slow_s` late."""
    hang: float = 0.0
    """Says nothing until a time-out after `hang_s`."""
    retry_after_s: float = 0.01
    slow_s: float = 0.05
    hang_s: float = 1.0
    fail_first: float = 0
    """Tries of every request that are reset before any other fault is drawn."""

    @classmethod
    def named(cls, values: Mapping[str, float]) -> "Faults":
        """Faults by name, as in the configuration. Raises ConfigError for a name that is none."""
        known = [each.name for each in fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise ConfigError(f"faults: unknown {', '.join(unknown)}; known are {', '.join(known)}")
        return cls(**values)

    def draw(self, request_id: str, attempt: int) -> str | None:
        """The fault that this try meets; `attempt` counts from 1."""
        if attempt <= self.fail_first:
            return "reset"
        digest = blake2b(f"{request_id}\0{attempt}".encode(), digest_size=8).digest()
        point = int.from_bytes(digest, "big") / 2**64
        for kind in _KINDS:
            point -= getattr(self, kind)
            if point < 0:
                return kind
        return None


_KINDS = ("reset", "server_error", "too_many", "refused", "torn", "slow", "hang")


class Fake:
    """A Backend without a model.

    `respond` is a function of the request, or a script: answers by request id or by the last user
    message, where a request that is not in it is refused. Without it, the questions that the product
    brings along are answered, well or badly as `habits` say. `latency_s` is slept before each answer,
    and not at all where it is 0. `counts` are tries by request id, kept only where there are faults.
    """

    def __init__(
        self,
        respond: Respond | Mapping[str, Said] | None = None,
        *,
        faults: Faults | None = None,
        habits: Habits | None = None,
        latency_s: float = 0.0,
        server: str = SERVER,
    ) -> None:
        self.server = server
        self._respond = _function(respond, habits or Habits())
        self._faults = faults
        self._latency_s = latency_s
        self._tries: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"Fake({self.server!r})"

    async def complete(self, request: Request) -> Completion:
        """The answer to the request. Raises what the faults or the script say."""
        if self._faults is not None:
            await self._meet(self._faults, request.id)
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        if request.also:
            return self._several(request)
        return self._one(request)

    def _several(self, request: Request) -> Completion:
        """Every choice as if it had been asked for alone; those that bring nothing are missing."""
        found: list[Completion] = []
        lost: BackendError | None = None
        for place in range(request.choices):
            try:
                found.append(replace(self._one(request.single(place)), place=place))
            except BackendError as error:
                lost = error
        if not found:
            raise lost or AssertionError("no choice was asked for")
        return replace(found[0], also=tuple(found[1:]))

    def _one(self, request: Request) -> Completion:
        said = self._respond(request)
        if isinstance(said, BackendError):
            raise said
        if isinstance(said, str):
            tokens = len(said) // 4 + 1
            said = Completion(said, "stop", self.server, completion_tokens=tokens, latency_s=self._latency_s)
        if request.prefix is not None:
            said = _gone_on(request.prefix, said)
        if said.server == self.server and not self._latency_s:
            return said
        return replace(said, server=self.server, latency_s=self._latency_s)

    async def close(self) -> None:
        """Nothing is held."""

    async def _meet(self, faults: Faults, request_id: str) -> None:
        attempt = self._tries[request_id] = self._tries.get(request_id, 0) + 1
        match faults.draw(request_id, attempt):
            case "reset":
                raise Transient(f"{self.server} broke the connection: reset on purpose")
            case "server_error":
                raise Transient(f"{self.server} answered 500: on purpose")
            case "too_many":
                raise Transient(f"{self.server} answered 429: on purpose", faults.retry_after_s)
            case "refused":
                raise Refused(f"{self.server} answered 400: on purpose")
            case "torn":
                raise Transient(f"{self.server} sent a malformed reply, which is not JSON: on purpose")
            case "slow":
                await asyncio.sleep(faults.slow_s)
            case "hang":
                await asyncio.sleep(faults.hang_s)
                raise Transient(f"{self.server} did not answer in {faults.hang_s} s: on purpose")


def _gone_on(prefix: Prefix, said: Completion) -> Completion:
    """What is said as the rest of what was begun, without a tag that stands there already."""
    thinking = "" if prefix.reasoning is None else prefix.reasoning + (CLOSE if prefix.content else "")
    begun = thinking + prefix.content
    rest = said.content.rpartition(CLOSE)[2] if CLOSE in begun else said.content.removeprefix(f"{OPEN}\n")
    return whole(prefix, said, begun + rest, rest)


def _function(respond: Respond | Mapping[str, Said] | None, habits: Habits) -> Respond:
    if respond is None:
        return lambda request: answer(request, habits)
    if not isinstance(respond, Mapping):
        return respond
    return lambda request: _scripted(respond, request)


def _scripted(script: Mapping[str, Said], request: Request) -> Said:
    asked = [str(m.get("content")) for m in request.messages if m.get("role") == "user"]
    for key in (request.id, asked[-1] if asked else ""):
        if key in script:
            return script[key]
    return Refused(f"the script has no answer for request {request.id}")
