"""What the fake model says: right more often the easier the question, from the request alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from struct import unpack
from typing import Any

from datapipe.backends.base import Completion, Request
from datapipe.backends.scribe import asks_for_judgement, faults_of, given_words, sentences
from datapipe.backends.solver import Solved, solve
from schemas.rows import ToolCall

SERVER = "fake"
_CHARACTERS_PER_TOKEN = 4
_JUDGE_RIGHT = 0.93
_READ = 100_000
_DEFAULTS = {"string": "x", "integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}}


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of a generator's answers with a fault that a rule should find, and its strength."""

    truncated: float = 0.02
    unclosed: float = 0.01
    looping: float = 0.01
    refusing: float = 0.01
    empty: float = 0.005
    strength: float = 5.0
    """The effort at which half of the answers are right."""


@dataclass(frozen=True, slots=True)
class _Draws:
    """Independent numbers that depend on the request alone."""

    odd: float
    luck: float
    which: int
    frame: int
    cut: float


def answer(request: Request, habits: Habits) -> Completion:
    """One completion. Equal seed (or id, where there is none) and messages give equal text."""
    prompt = _last_user(request)
    draws = _draw(request, prompt)
    if request.tools and not any(message.get("role") == "tool" for message in request.messages):
        return _call_of(request, draws)
    question, form = _asked(prompt)
    if asks_for_judgement(prompt):
        return _completion(request, *_judgement(prompt, draws))
    thinking, response = _spoken(request, question, form, draws, habits)
    return _with_habits(request, thinking, response, draws, habits)


def _draw(request: Request, prompt: str) -> _Draws:
    key = f"{request.id if request.seed is None else request.seed}\0{prompt}"
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).digest()
    odd, luck, which, frame, cut = unpack("<5I", digest)
    return _Draws(odd / 2**32, luck / 2**32, which, frame, cut / 2**32)


def _last_user(request: Request) -> str:
    for message in reversed(request.messages):
        if message.get("role") == "user" and isinstance(message.get("content"), str):
            return str(message["content"])[:_READ]
    return ""


def _asked(prompt: str) -> tuple[str, str]:
    """The question and the answer format that its last line asks for."""
    question, _, last = prompt.rpartition("\n")
    if "\\boxed" in last:
        return question, "boxed"
    if "The answer is" in last:
        return question, "sentence"
    return (question, "bullets") if '"- "' in last else (prompt, "plain")


def _spoken(request: Request, question: str, form: str, draws: _Draws, habits: Habits) -> tuple[str, str]:
    """Thinking and response."""
    if words := given_words(question):
        return _text(words, form, draws)
    if solved := solve(question):
        return _solution(solved, form, draws, habits)
    replies = [message.get("content") for message in request.messages if message.get("role") == "tool"]
    known = str(replies[-1])[:80] if replies else str(draws.which % 100)
    return "This is not a question I know a rule for.", _phrase(known, "answer", "I had to guess.", form)


def _solution(solved: Solved, form: str, draws: _Draws, habits: Habits) -> tuple[str, str]:
    chance = 1 / (1 + (solved.effort / habits.strength) ** 3)
    right = solved.right is not None and draws.luck < chance
    said = solved.right if right else solved.wrong[draws.which % len(solved.wrong)]
    # A wrong answer comes from a slip in the last step, so thinking and response agree.
    steps = solved.steps if right else solved.steps[:-1]
    return "\n".join((*steps, f"{solved.noun}: {said}")), _phrase(str(said), solved.noun, solved.remark, form)


def _phrase(said: str, noun: str, remark: str, form: str) -> str:
    if form == "boxed":
        return f"The {noun} is \\boxed{{{said}}}."
    return f"{remark}\nThe answer is {said}." if form == "sentence" else f"The answer is {said}."


def _text(words: tuple[str, ...], form: str, draws: _Draws) -> tuple[str, str]:
    """A text about the words; a third lack one or repeat a sentence."""
    used = words
    if draws.luck < 0.2:
        lost = draws.which % len(words)
        used = words[:lost] + words[lost + 1 :] or ("story",)
    told = sentences(used, draws.frame)
    if 0.2 <= draws.luck < 0.33:
        told.append(told[draws.which % len(told)])
    response = "\n".join(f"- {s}" for s in told) if form == "bullets" else " ".join(told)
    return "\n".join(", ".join(used[i : i + 2]) for i in range(0, len(used), 2)), response


def _judgement(prompt: str, draws: _Draws) -> tuple[str, str]:
    faults = faults_of(prompt)
    if draws.luck >= _JUDGE_RIGHT:
        faults = () if faults else ("The text wanders off.",)
    thinking = "\n".join(faults) or "I find no fault."
    reason = faults[0] if faults else "Every given word is used and no sentence is repeated."
    verdict = "FAULT" if faults else "CLEAN"
    return f"<think>\n{thinking}\n</think>\n\n{reason}\nVERDICT: {verdict}", "stop"


def _with_habits(request: Request, thinking: str, response: str, draws: _Draws, habits: Habits) -> Completion:
    """The whole text, seldom with a fault in it."""
    odd = draws.odd
    text = f"<think>\n{thinking}\n</think>\n\n{response}"
    if (odd := odd - habits.truncated) < 0:
        return _completion(request, text[: 1 + int(draws.cut * (len(text) - 1))], "length")
    if (odd := odd - habits.unclosed) < 0:
        return _completion(request, f"<think>\n{thinking}\n\n{response}", "stop")
    if (odd := odd - habits.looping) < 0:
        response = "\n".join([response] * 24)
    elif (odd := odd - habits.refusing) < 0:
        response = "I'm sorry, but I can't help with that."
    elif odd < habits.empty:
        response = ""
    else:
        return _completion(request, text, "stop")
    return _completion(request, f"<think>\n{thinking}\n</think>\n\n{response}", "stop")


def _completion(request: Request, text: str, finish: str, calls: tuple[ToolCall, ...] = ()) -> Completion:
    """The text as far as max_tokens goes."""
    longest = request.max_tokens * _CHARACTERS_PER_TOKEN
    if len(text) > longest:
        text, finish = text[:longest], "length"
    asked = sum(len(message.get("content") or "") for message in request.messages)
    return Completion(
        content=text,
        finish_reason=finish,
        server=SERVER,
        tool_calls=calls,
        prompt_tokens=asked // _CHARACTERS_PER_TOKEN + 1,
        completion_tokens=-(-len(text) // _CHARACTERS_PER_TOKEN),
    )


def _call_of(request: Request, draws: _Draws) -> Completion:
    """A call of one of the tools, with a value for every argument that it requires."""
    function = request.tools[draws.which % len(request.tools)].get("function", {})
    schema: Mapping[str, Any] = function.get("parameters") or {}
    kinds = schema.get("properties", {})
    wanted = {
        name: _DEFAULTS.get(kinds.get(name, {}).get("type"), "x") for name in schema.get("required", ())
    }
    call = ToolCall(
        id=f"call_{draws.frame:08x}",
        name=str(function.get("name", "tool")),
        arguments=json.dumps(wanted, ensure_ascii=False),
    )
    return _completion(request, "<think>\nA tool can tell me.\n</think>\n\n", "tool_calls", (call,))
