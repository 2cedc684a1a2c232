"""What is asked of the real vLLM and made of its replies: histories, seeds, and answers gone on from."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from datapipe.asking import seed_of
from datapipe.backends.base import Completion, Prefix, Request, Unable
from datapipe.backends.openai import OpenAI
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import run_pipeline
from datapipe.wire import wire_messages, wire_tools
from schemas.ids import canonical
from schemas.rows import Answer, Question
from tests.histories import HISTORIES, WEATHER
from tests.test_vllm import ROOT

pytestmark = pytest.mark.vllm
MODEL = ROOT / "data" / "tiny-m2"
T = TypeVar("T")
RENDER = """
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
for case in json.load(sys.stdin):
    text = tokenizer.apply_chat_template(**case, tokenize=False, add_generation_prompt=True)
    print(json.dumps({"text": text, "ids": tokenizer.encode(text, add_special_tokens=False)}))
"""


def backend_of(url: str, do: Callable[[OpenAI], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        backend = OpenAI(url)
        try:
            return await do(backend)
        finally:
            await backend.close()

    return asyncio.run(run())


def ask(prompt: str, **more: Any) -> Request:
    base = Request(
        "r", "q", "tiny-m2", ({"role": "user", "content": prompt},), {"temperature": 0.0}, 300, seed=1
    )
    return replace(base, **more)


def rendered(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Text and token ids by transformers and the model's own template."""
    environment = Path(os.environ.get("DATAPIPE_VLLM_ENV") or ROOT / ".venv-vllm")
    told = subprocess.run(
        [environment / "bin" / "python", "-c", RENDER, MODEL],
        input=json.dumps(cases),
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_a_history_reaches_the_model_as_its_template_writes_it(tiny_m2: str) -> None:
    """Token ids of what we send, as the server makes them, and of the template rendered beside it."""

    async def sent(backend: OpenAI) -> list[list[int]]:
        found = []
        for messages, _, tools in HISTORIES.values():
            body = {"model": "tiny-m2", "messages": wire_messages(messages), "add_generation_prompt": True}
            tools_sent = wire_tools(canonical(tools)) if tools else None
            reply, _ = await backend.post("/tokenize", {**body, "tools": tools_sent})
            found.append(json.loads(reply)["tokens"])
        return found

    meant = rendered(
        [{"conversation": by_hand, "tools": tools or None} for _, by_hand, tools in HISTORIES.values()]
    )
    for name, ids, told in zip(HISTORIES, backend_of(tiny_m2, sent), meant, strict=True):
        assert ids == told["ids"], f"{name}: {told['text']}"
    thought = meant[2]["text"]
    assert "<think>\n3+4=7\n\nso 7 <b>&amp; no more\n</think>\n\n7." in thought


async def _cuts(backend: OpenAI, whole: Completion, prompt: str) -> list[tuple[int, Completion]]:
    found = []
    for most in range(1, whole.completion_tokens or 0):
        cut = await backend.complete(ask(prompt, max_tokens=most))
        assert cut.finish_reason == "length"
        prefix = Prefix(cut.content, cut.reasoning, cut.completion_tokens)
        joined = await backend.complete(ask(prompt, prefix=prefix))
        found.append((most + (joined.completion_tokens or 0), joined))
    return found


@pytest.mark.parametrize("prompt", ["What is 37 + 48?", "What is 123456 + 98765?"])
def test_a_greedy_answer_cut_anywhere_and_continued_is_the_uncut_one(tiny_m2: str, prompt: str) -> None:
    async def do(backend: OpenAI) -> tuple[Completion, list[tuple[int, Completion]]]:
        whole = await backend.complete(ask(prompt))
        return whole, await _cuts(backend, whole, prompt)

    whole, joined = backend_of(tiny_m2, do)
    assert whole.reasoning
    assert whole.content.strip()
    for at, (tokens, each) in enumerate(joined, 1):
        assert (each.reasoning, each.content) == (whole.reasoning, whole.content), f"cut at {at}"
        assert each.finish_reason == "stop"
        assert tokens == whole.completion_tokens, f"cut at {at}"


def test_without_tokenize_the_chat_goes_on_to_the_same_end(
    tiny_m2: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = OpenAI.post

    async def without(self: OpenAI, path: str, body: Any, tokens: int = 0) -> tuple[bytes, float]:
        return await real(self, path.replace("/tokenize", "/nothing"), body, tokens)

    monkeypatch.setattr(OpenAI, "post", without)

    async def do(backend: OpenAI) -> tuple[Completion, list[Completion]]:
        prompt = "What is 37 + 48?"
        whole, found = await backend.complete(ask(prompt)), []
        for most in (4, 9, 21, 24):
            cut = await backend.complete(ask(prompt, max_tokens=most))
            found.append(await backend.complete(ask(prompt, prefix=Prefix(cut.content, cut.reasoning))))
        return whole, found

    whole, joined = backend_of(tiny_m2, do)
    assert {(each.reasoning, each.content) for each in joined} == {(whole.reasoning, whole.content)}


def test_choices_of_one_request_are_those_of_their_seeds(tiny_m2: str) -> None:
    several = ask("What is 37 + 48?", sampling={"temperature": 1.0}, seed=41, also=("b", "c", "d"))

    async def do(backend: OpenAI) -> tuple[Completion, list[Completion]]:
        together = await backend.complete(several)
        return together, [await backend.complete(several.single(place)) for place in range(4)]

    together, alone = backend_of(tiny_m2, do)
    assert [(each.reasoning, each.content) for each in together.every] == [
        (each.reasoning, each.content) for each in alone
    ]
    assert together.tokens_out == sum(each.completion_tokens or 0 for each in alone)


def config(folder: Path, url: str, max_tokens: int, **generate: Any) -> RunConfig:
    lines = (ROOT / "data" / "seeds" / "verifiable.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "questions.jsonl").write_text("\n".join(lines[::40]), encoding="utf-8")
    model = {"servers": [url], "model": "tiny-m2", "attempts": 1, "max_tokens": max_tokens}
    greedy = {"sampling": {"temperature": 0.0}, "continue_truncated": True, "n": 1}
    return RunConfig.model_validate(
        {
            "name": "cut", "store": str(folder / "store"), "lanes": ["verifiable"],
            "input": {"questions": [str(folder / "questions.jsonl")]},
            "generate": {**model, **greedy, **generate}, "judge": model,
            "diversify": {"formats": {"plain": 1.0}},
        }
    )  # fmt: skip


def answers(config: RunConfig) -> list[Answer]:
    with Context(config) as ctx:
        run_pipeline(ctx)
        return list(ctx.run.read("answers", Answer, "verifiable"))


def test_a_run_in_three_lengths_ends_where_one_in_one_length_does(
    tiny_m2: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "whole").mkdir()
    whole = {a.question_id: a for a in answers(config(tmp_path / "whole", tiny_m2, 300))}
    for most in (7, 20, 300):
        found = answers(config(tmp_path, tiny_m2, most))
    continued = {a.continues for a in found}
    last = {a.question_id: a for a in found if a.answer_id not in continued}
    assert sum(a.continues is not None for a in found) > len(whole)
    assert last.keys() == whole.keys()
    for key, made in last.items():
        told = (made.turns[0].thinking, made.turns[0].content, made.finish_reason, made.layout)
        meant = whole[key]
        assert told == (meant.turns[0].thinking, meant.turns[0].content, meant.finish_reason, meant.layout)
        assert made.completion_tokens == meant.completion_tokens


def test_a_group_of_choices_in_a_run_can_be_asked_again_one_by_one(tiny_m2: str, tmp_path: Path) -> None:
    setting = config(tmp_path, tiny_m2, 200, n=4, choices=4, sampling={"temperature": 1.0})
    found = answers(setting)
    assert {a.seed for a in found} == {seed_of(setting, a.question_id, a.index) for a in found}
    with Context(setting) as ctx:
        questions = {q.question_id: q for q in ctx.run.read("questions", Question, "verifiable")}

    async def again(backend: OpenAI) -> list[Completion]:
        asked = [
            ask(
                questions[a.question_id].messages[0].content,
                id=a.request_id,
                sampling=setting.generate.sampling.model_dump(),
                seed=a.seed,
                max_tokens=200,
            )
            for a in found[:12]
        ]
        return [await backend.complete(each) for each in asked]

    told = backend_of(tiny_m2, again)
    assert [(a.raw_thinking, a.raw) for a in found[:12]] == [(each.reasoning, each.content) for each in told]


def test_what_cannot_be_gone_on_from_is_named(tiny_m2: str) -> None:
    with pytest.raises(Unable, match="tools"):
        backend_of(tiny_m2, lambda b: b.complete(ask("x", tools=(WEATHER,), prefix=Prefix("", "so", 1))))
