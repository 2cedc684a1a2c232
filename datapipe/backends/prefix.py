"""Have a model go on from what it said: exactly, by token ids, where the server tokenises for us."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from datapipe.backends.base import BackendError, Completion, Prefix, Refused, Request, Unable, for_nothing
from datapipe.backends.reply import Read, read_reply, read_text
from datapipe.backends.wire import chat_body

OPEN, CLOSE = "<think>", "</think>"
_NOT_THERE = frozenset({400, 401, 403, 404, 405, 501})
"""What is said of /tokenize where it is not vLLM's, or closed to us though the chat is open."""
_CHAT_ONLY = frozenset({"chat_template_kwargs", "reasoning_effort", "logprobs", "top_logprobs"})
_ANEW = frozenset({"min_tokens"})
"""Counted from the beginning of the answer, which was before."""
_STATEFUL = ("response_format", "structured_outputs", "thinking_token_budget")
"""What follows from everything said so far, which a server is not told."""


class Posts(Protocol):
    """One server, and a way to ask it."""

    server: str

    async def post(self, path: str, body: Mapping[str, Any], tokens: int = 0) -> tuple[bytes, float]:
        """The body of a 200 and the seconds it took; a path that begins with a slash is beside /v1."""
        ...

    async def ask(
        self, path: str, body: Mapping[str, Any], request: Request, read: Read = read_reply
    ) -> Completion:
        """What a path below /v1 says to a body that asks for tokens."""
        ...


@dataclass(frozen=True, slots=True)
class _Begun:
    """A prompt and the beginning of its answer, in token ids and as the model wrote it."""

    ids: list[int]
    text: str


async def go_on(server: Posts, request: Request) -> Completion:
    """The whole answer that `request.prefix` begins, with the tokens of the rest alone.

    The prompt is tokenised with the chat template by the server's own /tokenize, the prefix after it, and
    both go to /completions. Without /tokenize the answer goes to the chat as a last message that is not
    finished, where the server shows by repeating it that it takes it so. Raises Unable where a server can
    do neither, or where what was asked for cannot be gone on with.
    """
    if request.prefix is None:
        raise ValueError("there is nothing to go on from")
    if held := [name for name in _STATEFUL if request.sampling.get(name) is not None]:
        raise Unable(f"an answer sampled with {', '.join(held)} cannot be gone on from")
    if request.tools:
        raise Unable("an answer to a question with tools cannot be gone on from: calls would not be read")
    try:
        begun = await _begun(server, request, request.prefix)
    except BackendError as error:
        if error.status not in _NOT_THERE and not isinstance(error, Unable):
            raise
        begun = None
    if begun is None:
        return await _by_last_message(server, request, request.prefix)
    said = await _by_tokens(server, request, begun)
    return whole(request.prefix, said, begun.text + said.content, said.content)


async def _by_tokens(server: Posts, request: Request, begun: _Begun) -> Completion:
    taken = _CHAT_ONLY | _ANEW
    sampling = {key: value for key, value in request.sampling.items() if key not in taken}
    body = {
        "skip_special_tokens": False,  # where the thinking tags are special, they would be gone
        **sampling,
        "model": request.model,
        "prompt": begun.ids,
        "max_tokens": request.max_tokens,
        **({} if request.seed is None else {"seed": request.seed}),
    }
    return await server.ask("completions", body, request, read_text)


async def _begun(server: Posts, request: Request, prefix: Prefix) -> _Begun:
    """Of the ways in which the model may have written the prefix, that with as many tokens as it has."""
    kwargs = request.sampling.get("chat_template_kwargs")
    asked = {"messages": request.messages, "add_generation_prompt": True, "return_token_strs": True}
    prompt = await _tokenize(
        server, request, {**asked, **({"chat_template_kwargs": kwargs} if kwargs else {})}
    )
    if not _ids(server, prompt):
        raise Unable(f"{server.server} makes no tokens of messages")
    shown = "".join(str(each) for each in (prompt.get("token_strs") or [])[-4:])
    first: _Begun | None = None
    for text in _spellings(prefix, OPEN in shown and CLOSE not in shown):
        part = await _tokenize(server, request, {"prompt": text, "add_special_tokens": False})
        found = _Begun(_ids(server, prompt) + _ids(server, part), text)
        if prefix.tokens in (None, len(_ids(server, part))):
            return found
        first = first or found
    if first is None:
        raise AssertionError("there is always a spelling")
    return first


def _spellings(prefix: Prefix, opened: bool) -> list[str]:
    """What the model may have written, likeliest first. `opened`: the prompt ends in the opening tag.

    Parsers take the tags away, and with them line breaks beside them, or put one back that the prompt had.
    """
    content, thinking = prefix.content, prefix.reasoning
    if thinking is None:
        bare = content.removeprefix(OPEN) if opened else content
        return [bare.removeprefix("\n"), bare] if bare != content and bare.startswith("\n") else [bare]
    head = "" if opened else f"{OPEN}\n"
    if content:
        return [f"{head}{thinking}\n{CLOSE}{content}", f"{head}{thinking}{CLOSE}{content}"]
    ends = ("", "\n", f"\n{CLOSE}", CLOSE)
    return [f"{head}{thinking}{end}" for end in ends]


async def _tokenize(server: Posts, request: Request, asked: Mapping[str, Any]) -> dict[str, Any]:
    body, _ = await server.post("/tokenize", {"model": request.model, **asked})
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict):
        raise Unable(f"{server.server} answers /tokenize with something else")
    return reply


def _ids(server: Posts, reply: Mapping[str, Any]) -> list[int]:
    ids = reply.get("tokens")
    if not isinstance(ids, list) or not all(type(each) is int and each >= 0 for each in ids):
        raise Unable(f"{server.server} answers /tokenize without token ids")
    return ids


async def _by_last_message(server: Posts, request: Request, prefix: Prefix) -> Completion:
    """By the chat itself: a server that repeats what it was given goes on from there, any other does not."""
    begun = _spellings(replace(prefix, tokens=None), opened=False)[0]
    messages = (*request.messages, {"role": "assistant", "content": begun})
    flags = {"add_generation_prompt": False, "continue_final_message": True, "echo": True}
    body = {**chat_body(replace(request, messages=messages)), **flags}
    try:
        said = await server.ask("chat/completions", body, request)
    except Refused as error:
        raise Unable(f"{server.server} cannot go on from an answer: no /tokenize, and {error}") from None
    if not said.content.startswith(begun):
        way = f"{server.server} cannot go on from an answer: no /tokenize, and its chat begins anew"
        raise for_nothing(Unable(way), said)
    rest = said.content.removeprefix(begun)
    # The parser takes what follows for thinking until it sees the tag, whatever the answer began with.
    open_still = CLOSE not in begun
    middle = f"\n{CLOSE}" if open_still and said.reasoning and rest else ""
    text = f"{said.reasoning or ''}{middle}{rest}"
    return whole(prefix, said, begun + text, text)


def whole(prefix: Prefix, said: Completion, written: str, new: str) -> Completion:
    """The completion with all that was written, thinking where the prefix had it."""
    if not new and said.finish_reason == "length":
        text = f"{said.server} has nothing to add to an answer of {len(written)} characters"
        raise for_nothing(Refused(text), said)
    if prefix.reasoning is None:
        return replace(said, content=prefix.content + new, reasoning=None, place=0)
    thinking, closed, content = written.removeprefix(f"{OPEN}\n").partition(CLOSE)
    return replace(
        said, reasoning=thinking.removesuffix("\n") if closed else thinking, content=content, place=0
    )
