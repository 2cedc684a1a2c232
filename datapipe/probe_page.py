"""`datapipe probe`: what one server does, as a table or as JSON."""

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

from datapipe.backends.base import BackendError
from datapipe.errors import ServersDown
from datapipe.output import say, write_rows
from datapipe.probe_asks import Ask, ask_all
from datapipe.probe_read import Json, Probe, read
from datapipe.probe_rules import Judged, judge


def probe(server: str, ask: Ask, as_json: bool) -> bool:
    """Write what a server does; whether it may answer. Raises ServersDown where it cannot be asked."""
    try:
        found = read(asyncio.run(ask_all(server, ask)), ask)
    except BackendError as error:
        raise ServersDown(str(error)) from None
    judged = judge(found, ask)
    if as_json:
        sys.stdout.write(judged.model_dump_json(indent=1) + "\n")
    else:
        write_rows([{"what": what, "found": told} for what, told in _lines(found)], sys.stdout)
        _tell(judged)
    return judged.refusal is None


def _tell(judged: Judged) -> None:
    for text in judged.warnings:
        say(f"note: {text}")
    say(f"a run would refuse it: {judged.refusal}" if judged.refusal else "a run would take it")


def _lines(found: Probe) -> Iterator[tuple[str, Any]]:
    thinking = found.thinking
    yield "server", f"{found.server}, version {found.version or 'not told'}"
    yield "model", f"{found.model}; serves {', '.join(found.models) or 'it does not tell what'}"
    yield "context", "not told" if found.context is None else f"{found.context} tokens"
    yield "thinking", _thinking(found)
    yield "parser", thinking.parser or "nothing to tell it by"
    yield "n", "not seen" if found.choices is None else f"{found.choices} of 2 choices{_differ(found)}"
    yield (
        "seeds",
        f"{found.distinct} texts of {found.draws}, {_yes(found.repeats, 'repeatable', 'not repeatable')}",
    )
    yield "seed of choice i", _yes(found.children, "seed + i", "another")
    yield "cut after one token", found.cut or "not seen"
    yield "a short answer", found.ended or "not seen"
    yield "prompt over the context", found.too_long or "not tried"
    yield "response_format", _json(found.response_format)
    yield "structured_outputs", _json(found.structured_outputs)
    yield "goes on from a prefix", _yes(found.continues, "yes", "no")
    yield "/health", "200" if found.health else "not 200"
    yield "/tokenize", _yes(found.tokenize, "yes", "no")
    yield "/metrics", f"{len(found.metrics)} metrics" if found.metrics else "none"
    for name in found.metrics:
        if name.startswith(("vllm:num_requests", "vllm:kv_cache_usage", "vllm:generation_tokens")):
            yield "", name


def _thinking(found: Probe) -> str:
    thinking = found.thinking
    if thinking.layout is None:
        return f"not seen: it {found.chat_error}"
    where = f"message.{thinking.field}" if thinking.field else "no field"
    tags = f", {' and '.join(thinking.tags)} in the content" if thinking.tags else ""
    return f"{thinking.layout}: {where}{tags}"


def _differ(found: Probe) -> str:
    return "" if found.choices_differ is None else ", different" if found.choices_differ else ", the same"


def _yes(value: bool | None, yes: str, no: str) -> str:
    return "not seen" if value is None else yes if value else no


def _json(found: Json | None) -> str:
    if found is None:
        return "not tried"
    if not found.valid:
        return f"no JSON: {found.error}"
    thinks = "after thinking" if found.thinking else "without thinking"
    return f"valid, in the {found.where}, {thinks}"
