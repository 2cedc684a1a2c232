"""What a model is to the engine: one async method, from a request to a completion or a named error.

BackendError
├── Transient   an outage, a full server, a torn reply, a wrong key or address: worth another try
└── Refused     this request will never be answered: too long, malformed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.rows import ToolCall


class BackendError(Exception):
    """A request that brought no completion; the message names the server and what it said."""


class Transient(BackendError):
    """Worth another try, after `retry_after` seconds where the server said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(BackendError):
    """Will fail the same way every time, on a server that is as it should be."""


@dataclass(frozen=True, slots=True)
class Request:
    """One choice to be sampled. `messages` and `tools` are in the OpenAI wire format."""

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


class Backend(Protocol):
    """Anything that answers requests. Called from one event loop, many at a time."""

    async def complete(self, request: Request) -> Completion:
        """One completion. Raises Transient or Refused."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
