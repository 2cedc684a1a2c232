"""An answer that was cut short is gone on from its end, exactly, and what it was stays stored."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datapipe.backends.base import Completion, Prefix, Refused, Request, Unable
from datapipe.backends.fake import Said
from datapipe.backends.openai import OpenAI
from datapipe.budget import generated
from schemas.rows import Answer
from tests.datapipe.asked import request
from tests.stub_server import Stub, completion, says, stub
from tests.support import Model, Ran, ran, settings, verifiable

PROMPT = "What is 12 + 30?"
ROWS = [verifiable("What is 1 + 3?", "4"), verifiable("Compute 2 + 0.", "2")]
WHOLE = "<think>\nI take 1.\nThen I add 3.\n</think>\n\nThe answer is 4."


def against(do: Callable[[OpenAI, Stub], Any], **attributes: Any) -> Any:
    """What a coroutine brings that is given a backend and its server."""

    async def run() -> Any:
        async with stub() as server:
            server.default = None
            for name, value in attributes.items():
                setattr(server, name, value)
            backend = OpenAI(server.url)
            try:
                return await do(backend, server)
            finally:
                await backend.close()

    return asyncio.run(asyncio.wait_for(run(), 60))


def asks(**more: Any) -> Request:
    base = {"messages": ({"role": "user", "content": PROMPT},), "max_tokens": 4_000, "seed": 7}
    return request(**{**base, **more})


async def cut_and_continued(backend: OpenAI, _: Stub, tokens: int) -> tuple[Completion, Completion]:
    whole = await backend.complete(asks())
    cut = await backend.complete(asks(max_tokens=tokens))
    assert cut.finish_reason == "length"
    prefix = Prefix(cut.content, cut.reasoning, cut.completion_tokens)
    return whole, await backend.complete(asks(prefix=prefix))


@pytest.mark.parametrize("layout", ["field", "old_field", "tags", "close_only"])
@pytest.mark.parametrize("end", ["thinking", "response"])
def test_the_whole_is_what_it_would_have_been_uncut(layout: str, end: str) -> None:
    async def do(backend: OpenAI, server: Stub) -> tuple[Completion, Completion]:
        whole = await backend.complete(asks())
        total = whole.completion_tokens or 0
        return await cut_and_continued(backend, server, 20 if end == "thinking" else total - 2)

    whole, joined = against(do, layout=layout)
    assert (joined.reasoning or "", joined.content) == (whole.reasoning or "", whole.content)
    assert joined.finish_reason == "stop"
    assert (joined.completion_tokens or 0) < (whole.completion_tokens or 0)


def test_a_server_without_tokenize_is_asked_by_its_chat() -> None:
    async def do(backend: OpenAI, server: Stub) -> tuple[Completion, Completion]:
        others = server._others
        server.__dict__["_others"] = lambda: {k: v for k, v in others().items() if k != "/tokenize"}
        return await cut_and_continued(backend, server, 20)

    whole, joined = against(do)
    assert (joined.reasoning, joined.content) == (whole.reasoning, whole.content)


def test_a_chat_that_begins_anew_is_not_taken_for_one_that_goes_on() -> None:
    async def do(backend: OpenAI, server: Stub) -> Completion:
        server.__dict__["_others"] = dict
        server.script = [says(completion("The answer is 42."))]
        return await backend.complete(asks(prefix=Prefix("", "so I", 1)))

    with pytest.raises(Unable, match=r"no /tokenize, and its chat begins anew"):
        against(do)


@pytest.mark.parametrize(
    "changed",
    [
        {"sampling": {"response_format": {"type": "json_object"}}},
        {"sampling": {"structured_outputs": {"json": {}}}},
        {"sampling": {"thinking_token_budget": 9}},
        {"tools": ({"type": "function", "function": {"name": "f"}},)},
    ],
)
def test_what_depends_on_all_that_was_said_is_not_gone_on_with(changed: dict[str, Any]) -> None:
    async def do(backend: OpenAI, server: Stub) -> Completion:
        return await backend.complete(asks(prefix=Prefix("", "so I", 1), **changed))

    with pytest.raises(Unable, match="cannot be gone on from"):
        against(do)


def test_a_server_that_adds_nothing_is_not_asked_for_ever() -> None:
    async def do(backend: OpenAI, server: Stub) -> Completion:
        others = server._others
        empty = {"index": 0, "text": "", "finish_reason": "length"}
        reply = str({**completion(), "choices": [empty]}).replace("'", '"').replace("None", "null").encode()
        server.__dict__["_others"] = lambda: {**others(), "/v1/completions": lambda _: (reply, 200)}
        return await backend.complete(asks(prefix=Prefix("", "so I", 1)))

    with pytest.raises(Refused, match="has nothing to add"):
        against(do)


def short(request: Request) -> Said:
    """WHOLE, four letters a token, from where the prefix ends."""
    done = len(request.prefix.content) if request.prefix else 0
    text = WHOLE[done : done + 4 * request.max_tokens]
    cut = done + len(text) < len(WHOLE)
    return Completion(text, "length" if cut else "stop", "fake", completion_tokens=-(-len(text) // 4))


def config(folder: Path, max_tokens: int, on: bool = True, **more: Any) -> Any:
    generate = {"max_tokens": max_tokens, "continue_truncated": on, "n": 2, **more}
    fixed = {"formats": {"plain": 1.0}, "rewrites": 0.0}
    return settings(folder, ROWS[:1], lanes=["verifiable"], generate=generate, diversify=fixed)


def chain(run: Ran) -> list[list[Answer]]:
    """The answers of each index, in the order in which they go on."""
    found: dict[int, list[Answer]] = {}
    for made in sorted(run.rows("answers"), key=lambda a: (a.index, len(a.raw))):
        found.setdefault(made.index, []).append(made)
    return [found[index] for index in sorted(found)]


@pytest.mark.slow
def test_a_longer_max_tokens_goes_on_from_what_was_cut_and_asks_nothing_else(tmp_path: Path) -> None:
    first = ran(config(tmp_path, 4), Model(short))
    assert {row.finish_reason for row in first.rows("answers")} == {"length"}
    second = ran(config(tmp_path, 100), model := Model(short))
    assert len(model.asked) == 2
    assert all(each.prefix is not None and each.max_tokens == 96 for each in model.asked)
    for cut, whole in chain(second):
        assert (whole.continues, whole.raw, whole.finish_reason) == (cut.answer_id, WHOLE, "stop")
        assert (whole.index, whole.round, whole.purpose) == (cut.index, cut.round, cut.purpose)
        assert whole.turns[0].thinking == "I take 1.\nThen I add 3."
        assert whole.turns[0].content == "The answer is 4."
        assert (whole.completion_tokens, whole.max_tokens) == (-(-len(WHOLE) // 4), 100)
        assert whole.request_id != cut.request_id
        assert whole.seed != cut.seed
        assert whole.messages_id == cut.messages_id
    [rating] = second.rows("ratings")
    assert (rating.n, rating.passes, rating.informative) == (2, 2, 0)
    dropped = {row.answer_id: row.reason for row in second.rows("dropped")}
    for cut, whole in chain(second):
        assert dropped[cut.answer_id] == f"cut short, and answer {whole.answer_id} goes on from it"
    ran(config(tmp_path, 100), again := Model(short))
    assert not again.asked


@pytest.mark.slow
def test_what_is_cut_again_is_gone_on_from_again(tmp_path: Path) -> None:
    for most in (2, 6, 9, 40):
        run = ran(config(tmp_path, most), Model(short))
        for made in chain(run):
            assert [each.continues for each in made[1:]] == [each.answer_id for each in made[:-1]]
            assert made[-1].completion_tokens == min(most, -(-len(WHOLE) // 4))
            assert WHOLE.startswith(made[-1].raw)
    assert [len(made) for made in chain(run)] == [4, 4]
    assert {made[-1].raw for made in chain(run)} == {WHOLE}
    assert generated(run.folder) == 2 * -(-len(WHOLE) // 4)  # each token once


@pytest.mark.slow
def test_a_server_that_stops_early_is_asked_on_in_the_same_run(tmp_path: Path) -> None:
    """One that never gives more than five tokens at a time."""

    def meagre(request: Request) -> Said:
        return short(replace(request, max_tokens=min(5, request.max_tokens)))

    run = ran(config(tmp_path, 100), Model(meagre))
    assert {made[-1].raw for made in chain(run)} == {WHOLE}
    assert [rating.n for rating in run.rows("ratings")] == [2]


@pytest.mark.slow
def test_a_server_that_counts_no_token_of_what_it_adds_is_not_asked_for_ever(tmp_path: Path) -> None:
    """Each time counts as a token, so that what may still be asked for shrinks."""

    def endless(request: Request) -> Said:
        if request.prefix is None:
            return Completion("abcd" * 4, "length", "fake", completion_tokens=4)
        if len(request.prefix.content) > 100:
            return Refused("asked far too often")
        return Completion("more", "length", "fake", completion_tokens=0)

    run = ran(config(tmp_path, 8, n=1), Model(endless))
    [made] = chain(run)
    assert [each.completion_tokens for each in made] == [4, 5, 6, 7, 8]
    assert not run.rows("failures")


@pytest.mark.slow
def test_without_being_asked_for_what_is_cut_stays_cut_and_nothing_is_asked_again(tmp_path: Path) -> None:
    ran(config(tmp_path, 4), Model(short))
    run = ran(config(tmp_path, 100, on=False), model := Model(short))
    assert model.asked == []
    assert len(run.rows("answers")) == 2
    larger = ran(config(tmp_path, 100, on=False, n=3), more := Model(short))
    assert [each.prefix for each in more.asked] == [None]
    assert sorted(row.finish_reason for row in larger.rows("answers")) == ["length", "length", "stop"]


@pytest.mark.slow
def test_finished_answers_are_never_asked_again(tmp_path: Path) -> None:
    def respond(request: Request) -> Said:
        return short(request) if request.prefix or request.seed in cut else WHOLE

    probe = Model(respond)
    cut: set[int | None] = set()
    ran(config(tmp_path / "probe", 4), probe)
    cut = {probe.asked[0].seed}
    ran(config(tmp_path, 4), Model(respond))
    run = ran(config(tmp_path, 100), model := Model(respond))
    assert [each.prefix is not None for each in model.asked] == [True]
    assert len(run.rows("answers")) == 3


@pytest.mark.slow
def test_a_server_that_cannot_leaves_the_answer_as_it_is_and_says_so(tmp_path: Path) -> None:
    def respond(request: Request) -> Said:
        return short(request) if request.prefix is None else Unable("no way to go on")

    ran(config(tmp_path, 4), Model(respond))
    for _ in range(3):
        run = ran(config(tmp_path, 100), Model(respond))
    assert len(run.rows("answers")) == 2
    assert {(row.reason, row.detail, row.attempts) for row in run.rows("failures")} == {
        ("unable", "no way to go on", 3)
    }
    assert [(rating.n, rating.informative) for rating in run.rows("ratings")] == [(2, 2)]
    ran(config(tmp_path, 100), after := Model(respond))
    assert not after.asked
    more = ran(config(tmp_path, 200), Model(short))
    assert {made[-1].raw for made in chain(more)} == {WHOLE}
