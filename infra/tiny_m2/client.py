"""Ask a served model through its OpenAI-compatible HTTP interface, many questions at a time."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

#: MiniMax-M2's own sampling.
SAMPLING = {"temperature": 1.0, "top_p": 0.95, "top_k": 40}
TIMEOUT = 600


@dataclass(frozen=True)
class Server:
    """Where the model is served (`http://host:port/v1`), under which name."""

    url: str
    model: str = "tiny-m2"


@dataclass(frozen=True)
class Said:
    """One answer: its thinking, its response, why it ended."""

    thinking: str
    response: str
    finish_reason: str


@dataclass(frozen=True)
class Reply:
    """The answers to one prompt and the tokens they took together."""

    answers: list[Said]
    tokens: int


def ask(server: Server, prompt: str, n: int, seed: int, max_tokens: int = 400) -> Reply:
    """Return `n` answers to one user message. Raises OSError when the server does not answer."""
    body = {
        "model": server.model,
        "messages": [{"role": "user", "content": prompt}],
        "n": n,
        "seed": seed,
        "max_tokens": max_tokens,
        **SAMPLING,
    }
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        found = json.load(response)
    return Reply([_said(choice) for choice in found["choices"]], found["usage"]["completion_tokens"])


def ask_all(server: Server, prompts: Iterable[str], n: int, at_once: int = 16) -> list[Reply]:
    """Return a reply for each prompt, in order; the seed of a prompt is its place times 1000."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda p: ask(server, p[1], n, 1000 * p[0]), enumerate(prompts)))


def _said(choice: dict[str, object]) -> Said:
    """Split a choice into thinking and response, whether or not the server's parser did it."""
    message = choice["message"]
    content = message.get("content") or ""
    thinking = message.get("reasoning") or message.get("reasoning_content") or ""
    if "</think>" in content:
        thinking, _, content = content.partition("</think>")
    return Said(thinking.strip("\n"), content.strip(), str(choice["finish_reason"]))
