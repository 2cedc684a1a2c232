"""What the body of a chat completion holds: each choice by itself, and what is odd about the whole."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from datapipe.backends.base import Completion, Request
from schemas.rows import ToolCall

Read = Callable[[Any, str, float, Request | None], Completion]
"""How the JSON of a reply is read: with its server, the seconds it took, and what was asked."""
QUOTE = 300
"""Characters of a server's words that are repeated."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_GAVE_UP = frozenset({"abort", "error"})
_ENDINGS = {
    "max_tokens": "length",
    "model_length": "length",
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
}
"""Why an answer ended, as other servers than vLLM spell it: a truncated one must be known for one."""


class Malformed(Exception):
    """What is wrong with a reply."""


class WrongModel(Malformed):
    """Another model answered."""


def read_reply(reply: Any, server: str, latency_s: float, request: Request | None = None) -> Completion:
    """The choices of a reply that are as they should be. Raises Malformed where there is none.

    Of more choices than were asked for those at the places asked for are taken. `request` is one choice of
    any model where it is not given.
    """
    choices = _typed(_typed(reply, "the reply", dict).get("choices"), "choices", list)
    if not choices:
        raise Malformed("choices is empty")
    wanted = 1 if request is None else request.choices
    if request is not None:
        _check_model(reply, request)
    flaws: list[str] = []
    if len(choices) != wanted:
        flaws.append(f"{len(choices)} choices where {wanted} {'was' if wanted == 1 else 'were'} asked for")
    if request is None or wanted == 1:
        first, others, spoiled = _choice(choices[0], 0, 0, reply, server, latency_s), list[Completion](), 0
        if len(choices) > 1:
            (first,), spoiled = _sharing_tokens([first], choices[1:], request)
    else:
        found, spoilt = _sound(choices, wanted, flaws, reply, server, latency_s)
        (first, *others), spoiled = _sharing_tokens(list(found.values()), spoilt, request)
    if not others and not flaws:
        return first
    return replace(first, also=tuple(others), flaws=tuple(flaws), spoiled=spoiled)


def _sound(
    choices: Sequence[Any], wanted: int, flaws: list[str], reply: Any, server: str, latency_s: float
) -> tuple[dict[int, Completion], list[Any]]:
    """By place the first choice that can be read, and the others; what is wrong with them goes to `flaws`."""
    found: dict[int, Completion] = {}
    others = list(choices[2 * wanted :])
    for position, choice in enumerate(choices[: 2 * wanted]):
        try:
            place = choice.get("index", position) if isinstance(choice, dict) else position
            said = _choice(choice, position, place, reply, server, latency_s)
        except Malformed as error:
            flaws.append(str(error))
            others.append(choice)
            continue
        if type(place) is int and 0 <= place < wanted and place not in found:
            found[place] = said
        else:
            others.append(choice)
    if not found:
        raise Malformed(
            f"no choice can be used: {flaws[-1] if flaws else 'none has a place that was asked for'}"
        )
    return found, others


def read_text(reply: Any, server: str, latency_s: float, request: Request | None = None) -> Completion:
    """The one choice of a text completion."""
    choices = _typed(_typed(reply, "the reply", dict).get("choices"), "choices", list)
    if not choices:
        raise Malformed("choices is empty")
    if request is not None:
        _check_model(reply, request)
    choice = _typed(choices[0], "choices[0]", dict)
    text = _typed(choice.get("text"), "text", str)
    return _choice({**choice, "message": {"content": text}}, 0, 0, reply, server, latency_s)


def clean(text: str) -> str:
    """Without lone surrogates, which JSON can spell and UTF-8 cannot hold."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _check_model(reply: Mapping[str, Any], request: Request) -> None:
    said = reply.get("model")
    if said and said != request.model and said not in request.served_as:
        shown = said[:QUOTE] if isinstance(said, str) else said
        raise WrongModel(
            f"of another model than {request.model!r} (where both are the same one, name it in served_as): "
            f"{shown!r}"
        )


def _choice(value: Any, position: int, place: int, reply: Any, server: str, latency_s: float) -> Completion:
    """One choice, with the tokens of all."""
    choice = _typed(value, f"choices[{position}]", dict)
    message = _typed(choice.get("message"), "message", dict)
    if not message.keys() & {"content", "reasoning", "reasoning_content", "tool_calls"}:
        raise Malformed("message has no content")
    finish = (_text(choice, "finish_reason") or "unknown")[:QUOTE].strip().lower() or "unknown"
    if finish in _GAVE_UP:
        raise Malformed(f"the server gave up in the middle (finish_reason {finish!r})")
    usage = reply.get("usage")
    return Completion(
        content=_text(message, "content") or "",
        finish_reason=_ENDINGS.get(finish, finish),
        server=server,
        reasoning=_text(message, "reasoning") or _text(message, "reasoning_content"),
        tool_calls=_tool_calls(message.get("tool_calls")),
        prompt_tokens=count(usage, "prompt_tokens"),
        completion_tokens=count(usage, "completion_tokens"),
        reasoning_tokens=_reasoning_count(usage),
        latency_s=latency_s,
        extra=_extra(reply, choice),
        place=place,
    )


def _sharing_tokens(
    found: Sequence[Completion], spoilt: Sequence[Any], request: Request | None
) -> tuple[list[Completion], int]:
    """Each choice with its own tokens, and those of the choices that cannot be used. A server counts those of
    all choices together: what was cut has as many as it may, and the rest is shared out by length of text."""
    total = found[0].completion_tokens
    if total is None:
        return [replace(each, reasoning_tokens=None) for each in found], 0
    most = request.max_tokens if request is not None else total
    cut = {each.place: min(most, total) for each in found if each.finish_reason == "length"}
    left = max(0, total - sum(cut.values()))
    sizes = {each.place: _size(each) for each in found if each.place not in cut}
    whole, given, seen = max(1, sum(sizes.values()) + sum(map(_length, spoilt))), 0, 0
    for place, size in sizes.items():
        seen += size
        cut[place], given = left * seen // whole - given, left * seen // whole
    first = min(cut)
    shared = [
        replace(
            each,
            completion_tokens=cut[each.place],
            reasoning_tokens=None,
            # Read once for all of them: the first has it, so that sums are of what was read.
            prompt_tokens=each.prompt_tokens if each.place == first else 0,
        )
        for each in found
    ]
    return shared, left - given if spoilt else 0


def _length(choice: Any) -> int:
    """As `_size`, of a choice that nobody could read."""
    message = choice.get("message") if isinstance(choice, dict) else None
    said = message if isinstance(message, dict) else {}
    texts = said.get("content"), said.get("reasoning") or said.get("reasoning_content")
    return 1 + sum(len(text) for text in texts if isinstance(text, str))


def _size(said: Completion) -> int:
    calls = sum(len(call.name) + len(call.arguments) for call in said.tool_calls)
    return 1 + len(said.content) + len(said.reasoning or "") + calls


def _typed(value: Any, name: str, kind: type) -> Any:
    if not isinstance(value, kind):
        raise Malformed(f"{name} is {'missing' if value is None else type(value).__name__}")
    return value


def _text(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    return None if value is None else clean(_typed(value, key, str))


def _tool_calls(calls: Any) -> tuple[ToolCall, ...]:
    if calls is None:
        return ()
    return tuple(_tool_call(_typed(call, "tool_calls[]", dict)) for call in _typed(calls, "tool_calls", list))


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    function = _typed(call.get("function"), "tool_calls[].function", dict)
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        # Some servers parse what the model wrote; the contract keeps JSON text.
        function = {**function, "arguments": json.dumps(arguments, ensure_ascii=False)}
    name = _text(function, "name")
    if not name:
        raise Malformed("a tool call has no name")
    return ToolCall(id=_text(call, "id"), name=name, arguments=_text(function, "arguments") or "{}")


def count(usage: Any, key: str) -> int | None:
    """A token count, or None: a server that miscounts has answered all the same."""
    value = usage.get(key) if isinstance(usage, dict) else None
    return value if type(value) is int and 0 <= value < 2**53 else None


def _reasoning_count(usage: Any) -> int | None:
    """Tokens of the thinking; None where the server does not count them, which some spell 0."""
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    return count(details, "reasoning_tokens") or None


def _extra(reply: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    """The model that the server says it is, and the stop string or token it ended on."""
    found = {"model": reply.get("model"), "stop_reason": choice.get("stop_reason")}
    short = {key: clean(v)[:QUOTE] if isinstance(v, str) else v for key, v in found.items()}
    return {key: value for key, value in short.items() if type(value) in (str, int)}
