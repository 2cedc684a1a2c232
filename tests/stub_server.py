"""A model server for tests: it speaks vLLM's dialect on a free port, and misbehaves on a script or at random.

    python tests/stub_server.py [--port P] [--seed S] [--faults all=0.002,hang=0.001] [--delay SECONDS]

As a process it prints its base URL and serves until it is ended. Its answers depend on messages and seed
alone, and are right as often as `stub_says.pass_rate` tells.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.ports import kept, port_of
from tests.stub_faults import FAULTS as FAULTS
from tests.stub_faults import TOO_LONG, Behaviour, Luck, half, hang, ok, rates_of, reset, says, sends, trickle
from tests.stub_faults import completion as completion
from tests.stub_http import Exchange, Listening
from tests.stub_says import MODEL, _hash, chat, completions, key_of, prompt_of, rendered, tokens

__all__ = [
    "FAULTS",
    "Behaviour",
    "Stub",
    "completion",
    "dead_url",
    "half",
    "hang",
    "ok",
    "reset",
    "says",
    "sends",
    "stub",
    "trickle",
]
MAX_MODEL_LEN = 32_768


@dataclass
class Stub:
    """`script` holds what the next chat requests meet; once it is empty, `default` answers, or the model."""

    url: str
    script: list[Behaviour]
    default: Behaviour | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    model: str = MODEL
    layout: str = "field"
    health: int = 200
    """Status of /health."""
    running: int = 0
    waiting: int = 0
    """Both as /metrics tells them."""
    generated: int = 0
    answered: int = 0
    listening: Listening = field(init=False)

    def __post_init__(self) -> None:
        self.listening = Listening(self.serve)

    async def up(self) -> None:
        """Serve; after `down` on the same port."""
        await self.listening.up()
        self.url = f"http://127.0.0.1:{self.listening.port}/v1"

    def down(self) -> None:
        """Die: what is under way is reset, and connections are refused."""
        self.listening.down()

    def serve(self, request: Exchange) -> Awaitable[None] | None:
        """Answer one request."""
        if request.path == "/v1/chat/completions":
            return self.chat(request)
        answer = self._others().get(request.path)
        if answer is None:
            request.reply(b'{"detail":"Not Found"}', 404)
        else:
            request.reply(*answer(request))
        return None

    def chat(self, request: Exchange) -> Awaitable[None] | None:
        """What the script says."""
        self.bodies.append(request.body)
        self.headers.append(request.headers)
        behave = self.script.pop(0) if self.script else self.default
        if behave is not None:
            return self._counted(behave, request)
        self.talk(request)
        return None

    def talk(self, request: Exchange) -> None:
        """What the model says, at once."""
        made = chat(request.body, self.layout, self.answered)
        self.answered += 1
        self.generated += made["usage"]["completion_tokens"]
        request.reply(json.dumps(made, separators=(",", ":")).encode())

    async def _counted(self, behave: Behaviour, request: Exchange) -> None:
        self.running += 1
        try:
            await behave(request, request.body)
        finally:
            self.running -= 1

    def _others(self) -> dict[str, Callable[[Exchange], tuple[bytes, int]]]:
        return {
            "/health": lambda _: (b"", self.health),
            "/metrics": lambda _: (self._metrics(), 200),
            "/version": lambda _: (b'{"version":"0.32.0"}', 200),
            "/v1/models": lambda _: (self._models(), 200),
            "/v1/completions": lambda r: (_completed(r.body, self.answered), 200),
            "/tokenize": lambda r: (_tokenized(r.body), 200),
        }

    def _models(self) -> bytes:
        card = {"id": self.model, "object": "model", "owned_by": "vllm", "root": self.model}
        return json.dumps({"object": "list", "data": [card | {"max_model_len": MAX_MODEL_LEN}]}).encode()

    def _metrics(self) -> bytes:
        label = f'{{engine="0",model_name="{self.model}"}}'
        finished = f'{{engine="0",finished_reason="stop",model_name="{self.model}"}}'
        gauges = {
            f"vllm:num_requests_running{label}": self.running,
            f"vllm:num_requests_waiting{label}": self.waiting,
            f"vllm:kv_cache_usage_perc{label}": min(1.0, self.running / 256),
            f"vllm:generation_tokens_total{label}": self.generated,
            f"vllm:prompt_tokens_total{label}": self.answered * 20,
            f"vllm:request_success_total{finished}": self.answered,
        }
        return "".join(f"{name} {float(value)}\n" for name, value in gauges.items()).encode()


def _tokenized(body: Mapping[str, Any]) -> bytes:
    text = str(body["prompt"]) if "prompt" in body else rendered(body["messages"])
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    ids = [int.from_bytes(piece.encode("utf-32-le").ljust(16, b"\0"), "little") for piece in pieces]
    reply = {"count": tokens(text), "max_model_len": MAX_MODEL_LEN, "tokens": ids}
    return json.dumps(reply | ({"token_strs": pieces} if body.get("return_token_strs") else {})).encode()


def _completed(body: Mapping[str, Any], unseeded: int) -> bytes:
    """A text completion; its prompt may be token ids, each of which holds its four letters."""
    prompt = body["prompt"]
    if isinstance(prompt, list):
        prompt = "".join(each.to_bytes(16, "little").decode("utf-32-le").rstrip("\0") for each in prompt)
    return json.dumps(completions({**body, "prompt": prompt}, unseeded)).encode()


@asynccontextmanager
async def stub(*script: Behaviour, default: Behaviour | None = None) -> AsyncIterator[Stub]:
    """A running server that says yes once its script is over; what hangs when the block ends is cut off."""
    server = Stub("", list(script), default or ok())
    await server.up()
    try:
        yield server
    finally:
        server.down()
        await asyncio.sleep(0)


_dead = kept()
"""For as long as this process lives: a port that was let go might be the next server's."""


def dead_url() -> str:
    """The address of a server that is not there."""
    return f"http://127.0.0.1:{port_of(_dead)}/v1"


class Process(Stub):
    """The server as a process of its own: at once, or late, or with faults; it remembers no request."""

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__("", [], model=given.model, layout=given.layout)
        self.listening = Listening(self.serve, given.port)
        self._luck = Luck(rates_of(given.faults), given.seed)
        self._faulty, self._delay, self._too_long = bool(given.faults), given.delay, given.too_long
        self._slots = asyncio.Semaphore(given.slots)
        self._log = os.open(given.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if given.log else None

    def chat(self, request: Exchange) -> Awaitable[None] | None:
        if self._log is not None:
            line = key_of(request.body.get("seed"), prompt_of(request.body["messages"]))
            os.write(self._log, f"{line}\n".encode())
        if self._too_long and _hash(prompt_of(request.body["messages"])) % 2**32 < self._too_long * 2**32:
            return says(TOO_LONG, 400)(request, request.body)
        if self._faulty and (behave := self._luck.draw()) is not None:
            return self._counted(behave, request)
        if self._delay:
            return self._late(request)
        self.talk(request)
        return None

    async def _late(self, request: Exchange) -> None:
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            await asyncio.sleep(self._delay)
            self.talk(request)
        finally:
            self.running -= 1
            self._slots.release()


async def _main(given: argparse.Namespace) -> None:
    server = Process(given)
    await server.up()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="a free one where not given")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    parser.add_argument("--faults", default="", help=f"NAME=RATE,...: all or {', '.join(FAULTS)}")
    parser.add_argument("--too-long", type=float, default=0.0, help="share of prompts over the context")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--slots", type=int, default=256, help="answers under way at a time, where delayed")
    parser.add_argument("--layout", default="field", help="where thinking is put")
    parser.add_argument("--log", help="a file that receives a line for each chat request that came")
    parser.add_argument("--model", default=MODEL)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main(_given()))
