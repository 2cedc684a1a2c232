"""What the test server says, in vLLM's words: it depends on messages and seed alone, at known pass rates."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Any

MODEL = "m"
CHARACTERS = 4
"""Characters a token."""
LAYOUTS = ("field", "old_field", "tags", "close_only", "both", "both_tagged", "unclosed", "twice")
"""Where the thinking of an answer is put, by the parsers and faults of the field notes."""

_SUM = re.compile(r"(\d+) \+ (\d+)")
_WORDS = (
    "so",
    "now",
    "we",
    "take",
    "the",
    "next",
    "digit",
    "carry",
    "one",
    "add",
    "up",
    "and",
    "check",
    "it",
)
_TEXT = " ".join(Random(0).choices(_WORDS, k=20_000))
_NEVER, _ALWAYS = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Said:
    """One answer before it is put into a layout."""

    thinking: str
    content: str


def pass_rate(prompt: str) -> float:
    """How often the sum in a prompt is answered rightly: a tenth of prompts never, a tenth always."""
    point = _hash(prompt) / 2**64
    return min(1.0, max(0.0, (point - _NEVER) / (_ALWAYS - _NEVER)))


def say(prompt: str, seed: int) -> Said:
    """The answer to a prompt with this seed, 50 to 400 tokens of it thinking."""
    draw = _hash(f"{seed}\0{prompt}")
    luck, at, length = (draw & 0xFFFFFFFF) / 2**32, draw >> 32 & 0xFFFF, 200 + (draw >> 48) % 1400
    thinking = f"{draw:016x}: {_TEXT[at : at + length]}"
    terms = _terms(prompt)
    if terms is None:
        return Said(thinking, f"The {_TEXT[at : at + 40]}.")
    right, rate = terms
    return Said(thinking, f"The answer is {right if luck < rate else right + 1 + at % 9}.")


@lru_cache(maxsize=65_536)
def _terms(prompt: str) -> tuple[int, float] | None:
    found = _SUM.search(prompt)
    return None if found is None else (int(found[1]) + int(found[2]), pass_rate(prompt))


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def laid_out(said: Said, layout: str) -> dict[str, Any]:
    """The message of an answer, its thinking where the layout has it."""
    thinking, content = said.thinking, said.content
    if not content:
        return _cut_short(thinking, layout)
    in_content = {
        "tags": f"<think>\n{thinking}\n</think>\n\n{content}",
        "close_only": f"{thinking}\n</think>\n\n{content}",
        "both": f"<think>\n{thinking}\n</think>\n\n{content}",
        "both_tagged": f"\n</think>\n\n{content}",
        "unclosed": f"<think>\n{thinking}\n\n{content}",
        "twice": f"<think>\n{thinking}\n<think>\n{thinking[:40]}\n</think>\n\n{content}",
    }
    message = {"role": "assistant", "content": in_content.get(layout, f"\n\n{content}")}
    if layout in ("field", "both", "both_tagged"):
        message["reasoning"] = thinking
    elif layout == "old_field":
        message["reasoning_content"] = thinking
    return message


def _cut_short(thinking: str, layout: str) -> dict[str, Any]:
    """A message whose thinking never ended."""
    if layout in ("field", "both", "both_tagged"):
        return {"role": "assistant", "content": None, "reasoning": thinking}
    if layout == "old_field":
        return {"role": "assistant", "content": None, "reasoning_content": thinking}
    return {"role": "assistant", "content": thinking if layout == "close_only" else f"<think>\n{thinking}"}


def key_of(seed: int | None, prompt: str) -> str:
    """A line that names a request: its seed and a hash of what it asks."""
    return f"{seed} {_hash(prompt):016x}"


def tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS)


def prompt_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The one text that an answer depends on: what is said so far, an unfinished answer left out."""
    said = [m for m in messages if m.get("role") != "assistant"]
    return "\n".join(str(m.get("content") or "") for m in said)


def chat(body: Mapping[str, Any], layout: str, unseeded: int = 0) -> dict[str, Any]:
    """The reply to /v1/chat/completions; a request without a seed gets that of `unseeded`."""
    messages = body["messages"]
    prompt = prompt_of(messages)
    first = body.get("seed")
    start = unseeded if first is None else int(first)
    most = body.get("max_completion_tokens") or body.get("max_tokens") or 1 << 20
    begun = begun_by(messages) if body.get("continue_final_message") else ""
    choices, generated = [], 0
    for index in range(body.get("n") or 1):
        said = say(prompt, start + index)
        cut, finish = said, "stop"
        if begun:
            cut = _rest(said, begun)
        spent = tokens(cut.thinking) + tokens(cut.content)
        if spent > most:
            cut, finish, spent = _cut(cut, most), "length", most
        generated += spent
        message = laid_out(cut, layout if cut.thinking else "none")
        if begun and body.get("echo"):
            message["content"] = str(messages[-1].get("content") or "") + (message["content"] or "")
        choices.append(choice(index, message, finish))
    read = tokens(prompt)
    return reply(choices, read, generated, str(body.get("model", MODEL)))


def choice(index: int, message: Mapping[str, Any], finish: str = "stop") -> dict[str, Any]:
    return {
        "index": index,
        "message": message,
        "logprobs": None,
        "finish_reason": finish,
        "stop_reason": None,
    }


def reply(choices: list[dict[str, Any]], read: int, generated: int, model: str) -> dict[str, Any]:
    usage = {"prompt_tokens": read, "total_tokens": read + generated, "completion_tokens": generated}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": model}
    return {**head, "choices": choices, "usage": usage}


def completions(body: Mapping[str, Any], unseeded: int = 0) -> dict[str, Any]:
    """The reply to /v1/completions: the answer, its thinking tagged, from where the prompt ends."""
    prompt = str(body["prompt"])
    question, _, begun = prompt.partition(ASSISTANT)
    said = say(question.removeprefix(USER), body.get("seed") or unseeded)
    text = laid_out(said, "tags")["content"].removeprefix("<think>\n")
    text = text.removeprefix(begun)
    most = int(body.get("max_tokens") or 16)
    finish = "length" if tokens(text) > most else "stop"
    text = text[: most * CHARACTERS]
    choices = [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish, "stop_reason": None}]
    made = reply(choices, tokens(prompt), tokens(text), str(body.get("model", MODEL)))
    return {**made, "object": "text_completion"}


USER, ASSISTANT = "<user>\n", "\n<assistant>\n<think>\n"


def rendered(messages: Sequence[Mapping[str, Any]]) -> str:
    """What the chat template makes of messages."""
    return f"{USER}{prompt_of(messages)}{ASSISTANT}{begun_by(messages)}"


def begun_by(messages: Sequence[Mapping[str, Any]]) -> str:
    """Thinking and content of an unfinished answer at the end of the messages."""
    last = messages[-1]
    if last.get("role") != "assistant":
        return ""
    thinking = last.get("reasoning") or last.get("reasoning_content")
    return f"{thinking or ''}{last.get('content') or ''}".removeprefix("<think>").lstrip("\n")


def _rest(said: Said, begun: str) -> Said:
    """What is left to say; all of it where something else was begun."""
    if said.thinking.startswith(begun):
        return Said(said.thinking[len(begun) :], said.content)
    after = begun.removeprefix(said.thinking).removeprefix("\n</think>").lstrip("\n")
    return Said("", said.content.removeprefix(after)) if begun.startswith(said.thinking) else said


def _cut(said: Said, most: int) -> Said:
    letters = most * CHARACTERS
    return Said(said.thinking[:letters], said.content[: max(0, letters - len(said.thinking))])
