"""Everything that a model server has been seen to do wrong, one function a fault."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from tests.stub_http import Exchange
from tests.stub_says import LAYOUTS, Said, chat, choice, laid_out, prompt_of, say, tokens

Behaviour = Callable[[Exchange, Mapping[str, Any]], Awaitable[None]]
GIGANTIC = 72 << 20
"""Bytes of a body that nobody should read."""
_PIECE = b" " * (1 << 20)


def completion(content: str | None = "yes", **message: Any) -> dict[str, Any]:
    """A reply as vLLM sends it; keys of the message may be added."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [choice(0, {"role": "assistant", "content": content, **message})],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def ok(content: str | None = "yes", **message: Any) -> Behaviour:
    return says(completion(content, **message))


def says(reply: Any, status: int = 200, **headers: str) -> Behaviour:
    """Any JSON, with any status."""
    return sends(json.dumps(reply).encode(), status, "application/json", **headers)


def sends(body: bytes, status: int = 200, kind: str = "application/json", **headers: str) -> Behaviour:
    """Any bytes; header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def behave(request: Exchange, _: Mapping[str, Any]) -> None:
        request.reply(body, status, {"Content-Type": kind, **named})

    return behave


def talks(layout: str = "field", **changed: Any) -> Behaviour:
    """The answers that messages and seed tell, with these keys of the reply changed."""

    async def behave(request: Exchange, body: Mapping[str, Any]) -> None:
        request.reply(json.dumps(chat(body, layout) | changed).encode())

    return behave


async def reset(request: Exchange, _: Mapping[str, Any]) -> None:
    """Drop the connection without a word."""
    request.abort()


async def hang(_: Exchange, __: Mapping[str, Any]) -> None:
    """Take the request and never answer; ends when the client goes."""
    await asyncio.Event().wait()


def half(then: str) -> Behaviour:
    """Half of a body; then "reset" the connection or "hang"."""

    async def behave(request: Exchange, body: Mapping[str, Any]) -> None:
        whole = json.dumps(completion()).encode()
        request.begin({"Content-Type": "application/json", "Content-Length": str(len(whole))})
        request.write(whole[: len(whole) // 2])
        if then == "hang":
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        request.abort()

    return behave


def trickle(pause_s: float) -> Behaviour:
    """A byte at a time, without end."""

    async def behave(request: Exchange, _: Mapping[str, Any]) -> None:
        request.begin({"Content-Type": "application/json", "Content-Length": str(1 << 30)})
        while True:
            request.write(b" ")
            await asyncio.sleep(pause_s)

    return behave


def slowly(pause_s: float, pieces: int = 8) -> Behaviour:
    """The right answer, in pieces with a pause before each."""

    async def behave(request: Exchange, body: Mapping[str, Any]) -> None:
        whole = json.dumps(chat(body, "field")).encode()
        request.begin({"Content-Type": "application/json", "Content-Length": str(len(whole))})
        size = -(-len(whole) // pieces)
        for start in range(0, len(whole), size):
            await asyncio.sleep(pause_s)
            request.write(whole[start : start + size])

    return behave


async def gigantic(request: Exchange, body: Mapping[str, Any]) -> None:
    """A body of GIGANTIC bytes, for as long as somebody reads it."""
    request.begin({"Content-Type": "application/json", "Content-Length": str(GIGANTIC)})
    for _ in range(0, GIGANTIC, len(_PIECE)):
        request.write(_PIECE)
        await asyncio.sleep(0.01)


async def half_json(request: Exchange, body: Mapping[str, Any]) -> None:
    """A whole HTTP body that is half a JSON."""
    whole = json.dumps(chat(body, "field")).encode()
    request.reply(whole[: len(whole) // 2])


def _changed(change: Callable[[list[Any], str], list[Any]]) -> Behaviour:
    """A reply with other choices."""

    async def behave(request: Exchange, body: Mapping[str, Any]) -> None:
        made = chat(body, "field")
        made["choices"] = change(made["choices"], prompt_of(body["messages"]))
        said = ("".join(filter(None, c["message"].values())) for c in made["choices"])
        made["usage"]["completion_tokens"] = sum(map(tokens, said))
        request.reply(json.dumps(made).encode())

    return behave


def _same(choices: list[Any], prompt: str) -> list[Any]:
    """One text, whatever the seed, with a thinking of more than 200 tokens."""
    thinking = "".join(say(prompt, -number).thinking for number in range(1, 6))
    message = laid_out(Said(thinking, say(prompt, -1).content), "field")
    return [{**each, "message": message} for each in choices]


def _looped(choices: list[Any], _: str) -> list[Any]:
    text = "Wait, let me check the sum once more.\n" * 400
    return [{**each, "message": {"role": "assistant", "content": f"<think>\n{text}"}} for each in choices]


BUSY = {"error": {"message": "too many requests", "type": "TooManyRequests", "code": 429}}
BROKEN = {"error": {"message": "EngineCore encountered an issue", "type": "InternalServerError", "code": 500}}
TOO_LONG = {
    "error": {
        "message": "This model's maximum context length is 64 tokens. However, you requested 99 tokens.",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    }
}

FAULTS: dict[str, Behaviour] = {
    "reset": reset,
    "hang": hang,
    "half_reset": half("reset"),
    "half_hang": half("hang"),
    "trickle": trickle(0.2),
    "slow": slowly(0.05),
    "busy": says(BUSY, 429, Retry_After="0.2"),
    "busy_quiet": says(BUSY, 429),
    "broken": says(BROKEN, 500),
    "unavailable": sends(b"upstream connect error", 503, "text/plain"),
    "html": sends(b"<html><body>It works!</body></html>", 200, "text/html"),
    "html_error": sends(b"<html><body>502 Bad Gateway</body></html>", 502, "text/html"),
    "half_json": half_json,
    "empty": _changed(lambda choices, _: []),
    "fewer": _changed(lambda choices, _: choices[:-1]),
    "more": _changed(lambda choices, _: [*choices, {**choices[-1], "index": len(choices)}]),
    "same": _changed(_same),
    "loop": _changed(_looped),
    "wrong_model": talks(model="somebody/else"),
    "gave_up": _changed(lambda choices, _: [{**each, "finish_reason": "abort"} for each in choices]),
    "gigantic": gigantic,
}
"""Faults by name, each of one reply."""
FAULTS |= {f"leak_{layout}": talks(layout) for layout in LAYOUTS if layout != "field"}


class Luck:
    """Which fault a reply meets, by rates; the same seed gives the same row of faults."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        if unknown := sorted(set(rates) - set(FAULTS)):
            raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
        self._pick = Random(seed)
        self._names = list(rates)
        self._ends = [sum(list(rates.values())[: i + 1]) for i in range(len(rates))]

    def draw(self) -> Behaviour | None:
        """The next one; None for a good reply."""
        point = self._pick.random()
        for name, end in zip(self._names, self._ends, strict=True):
            if point < end:
                return FAULTS[name]
        return None


def rates_of(text: str) -> dict[str, float]:
    """`hang=0.01,reset=0.02`; `all=0.001` stands for every fault."""
    rates: dict[str, float] = {}
    for pair in filter(None, text.split(",")):
        name, _, value = pair.partition("=")
        rates |= dict.fromkeys(FAULTS, float(value)) if name == "all" else {name: float(value)}
    return rates
