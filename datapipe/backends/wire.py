"""The chat-completions wire format: the body to send, what to make of the body that comes, and its errors."""

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from datapipe.backends.base import BackendError, Completion, Refused, Request, Transient, Unfit
from datapipe.backends.reply import QUOTE, Malformed, Read, WrongModel, count, read_reply

OURS = frozenset({"model", "messages", "n", "stream", "seed", "max_tokens", "max_completion_tokens", "tools"})
"""Fields that a request sets itself, so that no sampling can contradict what is recorded of it."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
_REFUSED = frozenset({400, 413, 414, 422, 431})
"""What a request is to blame for. Any other 3xx and 4xx is about a key, an address or a proxy: a person
mends it, and a request that it took must not be given up for ever."""
_NOT_NOW = frozenset({408, 425, 429, 499})
FULL_S = 1.0
"""What a 429 without Retry-After means: full, and not broken."""
_TOO_LONG = "context_length_exceeded"
_REFUSED_CODES = frozenset({_TOO_LONG, "invalid_request_error", "BadRequestError"})
_VAGUE = frozenset({200, 500, 502})
"""What servers and proxies send for anything."""


def chat_body(request: Request) -> dict[str, Any]:
    """What is asked of a chat. Raises Refused where sampling would contradict what is recorded of it."""
    if taken := sorted(OURS & request.sampling.keys()):
        raise Refused(f"sampling may not set {', '.join(taken)}")
    body: dict[str, Any] = {"model": request.model, "messages": request.messages, **request.sampling}
    body["max_tokens"] = request.max_tokens
    if request.also:
        body["n"] = request.choices
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        body["tools"] = request.tools
    return body


def json_body(body: Mapping[str, Any]) -> bytes:
    """A body as it is sent. Raises Refused where it cannot be written."""
    try:
        return _ENCODER.encode(body).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"the request cannot be written as JSON: {error}") from None


def completion_of(
    body: bytes,
    server: str,
    latency_s: float = 0.0,
    secret: str | None = None,
    request: Request | None = None,
    read: Read = read_reply,
) -> Completion:
    """The choices of a 200. Raises Transient where it is torn, malformed or empty, or another model's;
    Refused where the body is an error that will come again.

    A lone surrogate, which JSON can spell and UTF-8 cannot hold, becomes U+FFFD: the answer is kept, and
    the character that was broken is seen to be broken.
    """
    flaw: object = "which is not JSON"
    reply: Any = None
    try:
        reply = _loads(body)
        if not _is_error(reply):
            return read(reply, server, latency_s, request)
        flaw = None
    except Malformed as error:
        flaw = error
    except (ValueError, RecursionError):
        pass
    # Raised here, so that no chain of errors keeps the body in memory.
    raise _with_tokens(_unusable(flaw, body, server, secret), reply)


def _unusable(flaw: object, body: bytes, server: str, secret: str | None) -> BackendError:
    if flaw is None:
        return error_of(200, body, server, secret=secret)
    if isinstance(flaw, WrongModel):
        return Unfit(f"{server} sent a reply {quote(str(flaw).encode(), secret)}")
    return Transient(f"{server} sent a malformed reply, {flaw}: {quote(body, secret)}")


def _with_tokens(error: BackendError, reply: Any) -> BackendError:
    """What the server generated for nothing, where it says so all the same."""
    usage = reply.get("usage") if isinstance(reply, dict) else None
    error.prompt, error.generated = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    return error


def error_of(
    status: int, body: bytes, server: str, retry_after: float | None = None, secret: str | None = None
) -> BackendError:
    """The error that a status and its body stand for; 401 and 403 are left to the caller to explain.

    A structured code in the body decides over a status that says little: a full context is no outage,
    whatever it is sent as. But some call an empty account or a full server a request that is invalid.
    """
    code = _code(body)
    real = code if isinstance(code, int) and 400 <= code < 600 else status
    message = f"{server} answered {status}: {quote(body, secret)}"
    told = code == _TOO_LONG or (code in _REFUSED_CODES and real in _VAGUE)
    if real in _REFUSED or (told and real not in (401, 403, 404)):
        return Refused(message)
    if 300 <= real < 500 and real not in _NOT_NOW:
        return Unfit(message, retry_after)
    return Transient(message, FULL_S if retry_after is None and real == 429 else retry_after)


def retry_after_of(header: str | None, now: float) -> float | None:
    """Seconds to wait from a Retry-After header, given in seconds or as a date; None where unreadable."""
    if header is None:
        return None
    text = header.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError, OSError):
        return None


def quote(body: bytes, secret: str | None = None) -> str:
    """At most QUOTE characters of a body, on one line, without control characters and without the secret."""
    # Cut after hiding the secret, so that no part of it is left at the edge.
    text = body[: 64 * QUOTE].decode("utf-8", "replace")
    if secret:
        text = text.replace(secret, "***")
    shown = _UNPRINTABLE.sub(lambda m: m.group().encode("unicode_escape").decode(), text[:QUOTE])
    return shown[:QUOTE] or "(nothing)"


def _loads(body: bytes) -> Any:
    """What a body spells. Raises ValueError or RecursionError where it is no JSON.

    What orjson refuses is read once more by a reader that takes lone surrogates and NaN.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body.decode("utf-8"))


def _is_error(reply: Any) -> bool:
    return isinstance(reply, dict) and bool(reply.get("error") or reply.get("object") == "error")


def _code(body: bytes) -> Any:
    """The code or the type of an error object, as OpenAI, old and new vLLM spell it."""
    try:
        reply = _loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(reply, dict):
        return None
    error = reply.get("error")
    fields = error if isinstance(error, dict) else reply
    codes = [code for code in (fields.get("code"), fields.get("type")) if type(code) in (int, str)]
    return next((code for code in codes if code in _REFUSED_CODES), codes[0] if codes else None)
