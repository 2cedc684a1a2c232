"""What a model is to the engine: one async method, from a request to a completion or a named error.

BackendError
├── Transient        an outage, a full server, a torn reply: worth another try
│   ├── Unreachable  nothing listens there: the request was not sent
│   ├── Unfit        a key, a model or an address that this server does not take
│   ├── Barred       both: it would spoil data, so the request was not sent
│   └── Outage       every server is down for longer than may be waited
└── Refused          this request will never be answered: too long, malformed
    └── Unable       this server does not do what is asked; another may
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from schemas.rows import ToolCall

TRIAL = "trial"
"""The id of the request by which a server that was set aside is tried before it is given others."""


class BackendError(Exception):
    """A request that brought no completion; the message names the server and what it said."""

    status: int | None = None
    """Of the HTTP reply, where there was one that was no 200."""
    prompt: int | None = None
    generated: int | None = None
    """Tokens read and generated, where there was a reply that counts them and cannot be used."""


class Transient(BackendError):
    """Worth another try, after `retry_after` seconds where the server said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(Transient):
    """No connection was made: the server never saw the request, which is no try of it."""


class Unfit(Transient):
    """Said of the server and not of the request: it takes no such key, model or path. Another may."""


class Barred(Unreachable, Unfit):
    """The server would spoil data: it is not given the request, which is no try of it."""


class Outage(Transient):
    """No server has answered for as long as may be waited: the end of a run, and no try of the request."""


class Refused(BackendError):
    """Will fail the same way every time, on a server that is as it should be."""


class Unable(Refused):
    """The server lacks what this request needs; what is asked is as it should be."""


@dataclass(frozen=True, slots=True)
class Request:
    """One choice to be sampled, or several. `messages` and `tools` are in the OpenAI wire format."""

    id: str
    """The request_id (or reply_id) that is owed."""
    affinity: str
    """Requests with equal affinity share a prefix and prefer one server."""
    model: str
    messages: tuple[Mapping[str, Any], ...]
    sampling: Mapping[str, Any]
    """temperature, top_p, top_k, …: passed on as they are."""
    max_tokens: int
    seed: int | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    role: str = "generator"
    """generator, judge or rewriter."""
    also: tuple[str, ...] = ()
    """The ids of further choices: the one at place i, from 1, is sampled with `seed + i`, as vLLM does."""
    served_as: tuple[str, ...] = ()
    """Other names under which a server may say that it is the model."""
    prefix: "Prefix | None" = None
    """What the model said so far, to be gone on from."""

    @property
    def choices(self) -> int:
        """How many choices are asked for."""
        return 1 + len(self.also)

    def single(self, place: int) -> "Request":
        """The request that asks for one of the choices alone, and gets the same one."""
        if not self.also:
            return self
        seed = None if self.seed is None else self.seed + place
        return replace(self, id=(self.id, *self.also)[place], seed=seed, also=())


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of an answer, as a server told it."""

    content: str
    reasoning: str | None = None
    tokens: int | None = None
    """How many tokens it has, where they were counted."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back, unsplit and unchanged."""

    content: str
    finish_reason: str
    server: str
    reasoning: str | None = None
    """The server's own thinking field (`reasoning`, or `reasoning_content` before vLLM 0.16)."""
    tool_calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    """Those of the completion that were thinking, where the server counts them."""
    latency_s: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)
    place: int = 0
    """Which of the choices asked for this is."""
    also: tuple["Completion", ...] = ()
    """The other choices that came, at most one a place."""
    flaws: tuple[str, ...] = ()
    """What was odd about the reply, though it could be read."""
    spoiled: int = 0
    """Tokens of choices that came beside these and cannot be used, as far as they were counted."""

    @property
    def every(self) -> tuple["Completion", ...]:
        """This choice and the others."""
        return (self, *self.also)

    @property
    def tokens_out(self) -> int:
        """Tokens generated for all choices, as far as they were counted."""
        return sum(each.completion_tokens or 0 for each in self.every)


def for_nothing(error: BackendError, said: Completion) -> BackendError:
    """The error that a completion stands for which cannot be used, with what it took."""
    error.prompt = sum(each.prompt_tokens or 0 for each in said.every)
    error.generated = said.tokens_out + said.spoiled
    return error


class Backend(Protocol):
    """Anything that answers requests. Called from one event loop, many at a time."""

    async def complete(self, request: Request) -> Completion:
        """One completion. Raises Transient or Refused."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
