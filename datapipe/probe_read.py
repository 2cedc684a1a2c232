"""What the replies to a probe say of a server, without judging it."""

import json
import re
import time
from typing import Any, Literal

from pydantic import BaseModel

from datapipe.backends.base import Refused
from datapipe.backends.reply import Malformed, read_reply
from datapipe.backends.wire import error_of
from datapipe.escape import one_line
from datapipe.probe_asks import Ask, Heard, context_of, messages_of, served, texts_of
from datapipe.probe_wire import Reply
from judges.values.thinking import split
from schemas.rows import Layout

_METRIC = re.compile(rb"^([A-Za-z_:][\w:]{0,200}?)(?:_bucket|_created)?[ {]", re.MULTILINE)
_NAMES = 400
_CHARS_A_TOKEN = 3
"""For a server without a tokenizer to ask."""
_WORD = 120
"""Characters of a server's words that are kept."""


class Thinking(BaseModel):
    """Where a server puts what a model thinks."""

    layout: Layout | None = None
    """As the pipeline reads it; None where no answer came."""
    field: str | None = None
    """The message's own field for it."""
    tags: list[str] = []
    """Those left in the content."""
    parser: str = ""
    """What that speaks for."""
    tokens: int | None = None
    """Of the answer it is told by, as the server counts them."""
    shown: int | None = None
    """Of them, in the texts that came."""


class Json(BaseModel):
    """What asking for JSON by a schema does."""

    valid: bool = False
    where: Literal["content", "thinking", "nowhere"] = "nowhere"
    thinking: bool | None = None
    """Whether it still thinks."""
    error: str = ""


class Probe(BaseModel):
    """One server, probed. Fields are None where nothing was to be learnt."""

    server: str
    model: str
    at: str = ""
    version: str | None = None
    health: bool = False
    models: list[str] = []
    says_model: str | None = None
    """What its answers say they are of."""
    context: int | None = None
    """Tokens of prompt and answer."""
    chat_error: str = ""
    """Why a plain request was not answered."""
    thinking: Thinking = Thinking()
    choices: int | None = None
    """Of two that one request asked for."""
    choices_differ: bool | None = None
    repeats: bool | None = None
    """The same seed, the same text."""
    draws: int = 0
    """Of one open question, with different seeds."""
    distinct: int = 0
    """Texts among them."""
    children: bool | None = None
    """The second of two choices is what the next seed draws."""
    cut: str | None = None
    """finish_reason after one token."""
    cut_tokens: int | None = None
    ended: str | None = None
    """finish_reason of a short answer."""
    too_long: Literal["refused", "an outage", "answered"] | None = None
    """What a prompt over the context is taken for."""
    response_format: Json | None = None
    structured_outputs: Json | None = None
    continues: bool | None = None
    """Whether an unfinished answer is gone on from."""
    tokenize: bool = False
    metrics: list[str] = []


def read(heard: Heard, ask: Ask) -> Probe:
    """What was heard, put in order."""
    pages, chats = heard.pages, heard.chats
    version = pages["version"].said.get("version") if isinstance(pages["version"].said, dict) else None
    found = Probe(
        server=heard.server,
        model=heard.model,
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        version=_word(version),
        health=pages["health"].status == 200,
        models=[one_line(name, _WORD) for name in served(pages["v1/models"])][:_NAMES],
        says_model=_word(chats["sum"].said.get("model")) if chats["sum"].good else None,
        context=context_of(pages["v1/models"], heard.model),
        chat_error=_chat_error(chats["sum"], heard.server),
        thinking=_thinking(chats, ask),
        too_long=_too_long(chats.get("too_long"), heard.server),
        response_format=_json(chats["response_format"], ask),
        structured_outputs=_json(chats["structured_outputs"], ask),
        continues=bool(messages_of(chats["continued"])) if chats["continued"].status is not None else None,
        tokenize=_count(chats.get("tokenize")) is not None,
        metrics=sorted({name.decode() for name in _METRIC.findall(pages["metrics"].body)})[:_NAMES],
    )
    return found.model_copy(update=_draws(chats) | _ends(chats))


def _chat_error(reply: Reply, server: str) -> str:
    """As the backend would find it, the model's name aside."""
    if reply.error:
        return reply.error
    try:
        read_reply(reply.said, server, 0.0)
    except Malformed as error:
        return f"answered with a malformed completion: {one_line(error, 300)}"
    return ""


def _thinking(chats: Any, ask: Ask) -> Thinking:
    choices = messages_of(chats["sum"])
    if not choices:
        return Thinking()
    message, finish = choices[0]["message"], str(choices[0].get("finish_reason"))
    field = next((name for name in ("reasoning", "reasoning_content") if _text(message, name)), None)
    content = _text(message, "content") or ""
    layout = split(content, _text(message, field or ""), finish, ask.opened).layout
    tags = [tag for tag in ("<think>", "</think>") if tag in content]
    shown = _count(chats.get("tokenize"))
    return Thinking(
        layout=layout,
        field=field,
        tags=tags,
        parser=_parser(field, tags),
        tokens=_tokens(chats["sum"]),
        shown=len(texts_of(chats["sum"])[0]) // _CHARS_A_TOKEN if shown is None else shown,
    )


def _parser(field: str | None, tags: list[str]) -> str:
    if field == "reasoning":
        return "a reasoning parser, vLLM 0.16 or newer" + (", that leaves tags behind" if tags else "")
    if field:
        return "a reasoning parser, older than vLLM 0.16" + (", that leaves tags behind" if tags else "")
    if tags == ["</think>"]:
        return "none, and a template that opens the thinking itself"
    return "none, or one that appends the thinking to the content" if tags else ""


def _draws(chats: Any) -> dict[str, Any]:
    """Seeds and choices. A draw that shows nothing, as where thinking is hidden, tells nothing."""
    names = ["first", "second", *(name for name in chats if name.startswith("more"))]
    two, first, second = (texts_of(chats[name]) for name in ("two", "first", "second"))
    drawn = [text for name in names for text in texts_of(chats[name]) if text]
    return {
        "choices": len(two) if two else None,
        "choices_differ": len(set(two)) > 1 if len(two) > 1 else None,
        "repeats": two[0] == first[0] if two and first else None,
        "children": two[1] == second[0] if len(two) > 1 and second else None,
        "draws": len(drawn),
        "distinct": len(set(drawn)),
    }


def _ends(chats: Any) -> dict[str, Any]:
    return {"cut": _finish(chats["cut"]), "cut_tokens": _tokens(chats["cut"]), "ended": _finish(chats["sum"])}


def _finish(reply: Reply) -> str | None:
    """Why the first choice ended, as the backend reads it."""
    try:
        return one_line(read_reply(reply.said, "", 0.0).finish_reason, _WORD) if reply.good else None
    except Malformed:
        return None


def _too_long(reply: Reply | None, server: str) -> Literal["refused", "an outage", "answered"] | None:
    """As the backend would take it."""
    if reply is None or reply.status is None:
        return None
    if reply.status == 200 and messages_of(reply):
        return "answered"
    return "refused" if isinstance(error_of(reply.status, reply.body, server), Refused) else "an outage"


def _json(reply: Reply, ask: Ask) -> Json:
    choices = messages_of(reply)
    if not choices:
        return Json(error=reply.error or "no choice came")
    message, finish = choices[0]["message"], str(choices[0].get("finish_reason"))
    field = _text(message, "reasoning") or _text(message, "reasoning_content")
    parts = split(_text(message, "content") or "", field, finish, ask.opened)
    if _is_asked(parts.response):
        return Json(valid=True, where="content", thinking=bool(parts.thinking))
    if _is_asked(parts.thinking or ""):
        return Json(valid=True, where="thinking", thinking=False)
    return Json(thinking=bool(parts.thinking), error=f"no valid JSON ({one_line(finish, _WORD)})")


def _is_asked(text: str) -> bool:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and set(said) == {"odd"} and type(said["odd"]) is bool


def _tokens(reply: Reply) -> int | None:
    usage = reply.said.get("usage") if reply.good else None
    value = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return value if type(value) is int and value >= 0 else None


def _count(reply: Reply | None) -> int | None:
    value = reply.said.get("count") if reply is not None and reply.good else None
    return value if type(value) is int and value >= 0 else None


def _text(message: dict[str, Any], key: str) -> str | None:
    value = message.get(key)
    return value if isinstance(value, str) and value else None


def _word(value: Any) -> str | None:
    return one_line(value, _WORD) if isinstance(value, str) else None
