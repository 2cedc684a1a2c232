"""What a probe finds on servers of every kind, and which of them a run would refuse."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from datapipe.backends.base import Transient
from datapipe.errors import ConfigError
from datapipe.probe_asks import Ask, ask_all
from datapipe.probe_read import read
from datapipe.probe_rules import Judged, judge
from tests.stub_http import Exchange
from tests.stub_says import chat
from tests.stub_server import Behaviour, dead_url, half, hang, reset, says, sends, stub

ASK = Ask(model="m", sampling={"temperature": 1.0}, within_s=20.0)


def talking(layout: str = "field", context: int = 32_768, change: Any = None, **keys: Any) -> Behaviour:
    """vLLM as it should be; `change` is given each reply with the body that asked for it."""

    async def behave(request: Exchange, body: Mapping[str, Any]) -> None:
        if len(str(body["messages"])) > context:
            said = {"error": {"message": "maximum context length", "type": "BadRequestError", "code": 400}}
            request.reply(json.dumps(said).encode(), 400)
            return
        reply = chat(body, layout) | keys
        if "response_format" in body or "structured_outputs" in body:
            reply["choices"][0]["message"]["content"] = '{"odd": true}'
            reply["choices"][0]["finish_reason"] = "stop"
        request.reply(json.dumps((change and change(body, reply)) or reply).encode())

    return behave


def probed(behaviour: Behaviour, ask: Ask = ASK) -> Judged:
    async def main() -> Judged:
        async with stub(default=behaviour) as server:
            return judge(read(await ask_all(server.url, ask), ask), ask)

    return asyncio.run(main())


def refused(behaviour: Behaviour, ask: Ask = ASK) -> str:
    found = probed(behaviour, ask)
    assert found.refusal is not None, found
    return found.refusal


def test_a_server_as_it_should_be():
    found = probed(talking())
    assert (found.refusal, found.warnings) == (None, [])
    probe = found.probe
    assert (probe.version, probe.models, probe.context, probe.health) == ("0.32.0", ["m"], 32_768, True)
    assert (probe.thinking.layout, probe.thinking.field, probe.thinking.tags) == ("field", "reasoning", [])
    assert (probe.choices, probe.choices_differ, probe.repeats, probe.children) == (2, True, True, True)
    assert (probe.draws, probe.distinct, probe.cut, probe.ended) == (2, 2, "length", "stop")
    assert probe.too_long == "refused"
    assert probe.response_format is not None
    assert (probe.response_format.valid, probe.response_format.where) == (True, "content")
    assert probe.response_format.thinking
    assert (probe.continues, probe.tokenize) == (True, True)


@pytest.mark.parametrize(
    ("layout", "told", "field", "tags"),
    [
        ("field", "field", "reasoning", []),
        ("old_field", "field", "reasoning_content", []),
        ("tags", "tags", None, ["<think>", "</think>"]),
        ("close_only", "close_only", None, ["</think>"]),
        ("both", "field", "reasoning", ["<think>", "</think>"]),
    ],
)
def test_thinking_is_found_wherever_it_is(layout, told, field, tags):
    found = probed(talking(layout))
    assert found.refusal is None
    assert (found.probe.thinking.layout, found.probe.thinking.field) == (told, field)
    assert found.probe.thinking.parser


def without_thinking(body: Mapping[str, Any], reply: dict[str, Any]) -> None:
    for choice in reply["choices"]:
        choice["message"].pop("reasoning", None)
        choice["message"]["content"] = choice["message"]["content"] or ""


def test_lost_thinking_is_refused_with_a_way_out():
    said = refused(talking(change=without_thinking))
    assert "so its thinking is lost" in said
    assert "minimax_m2_append_think" in said
    assert probed(talking(change=without_thinking), replace(ASK, thinks=False)).refusal is None


def test_a_model_that_does_not_think_is_refused_where_it_should():
    async def plain(request: Exchange, body: Mapping[str, Any]) -> None:
        reply = chat(body, "field")
        without_thinking(body, reply)
        reply["usage"]["completion_tokens"] = 12
        request.reply(json.dumps(reply).encode())

    assert probed(plain).refusal is None
    assert "shows no thinking" in refused(plain, replace(ASK, thinks=True))


def test_another_model_is_refused():
    assert "it does not serve big, but m" in refused(talking(), replace(ASK, model="big"))
    said = refused(talking(model="other/model-7b"))
    assert "says that it is other/model-7b" in said
    assert probed(talking(model="renamed"), replace(ASK, served_as=("renamed",))).refusal is None


def test_draws_that_repeat_are_refused():
    def frozen(body: Mapping[str, Any], reply: Any) -> Any:
        return chat({**body, "seed": 1, "n": 1}, "field")

    said = refused(talking(change=frozen))
    assert "6 different seeds drew one and the same text" in said
    assert probed(talking(change=frozen), replace(ASK, sampling={"temperature": 0.0})).refusal is None


def test_seeds_that_are_ignored_at_random_are_only_told():
    calls = iter(range(10_000))
    found = probed(talking(change=lambda body, _: chat({**body, "seed": next(calls)}, "field")))
    assert found.refusal is None
    assert any("the same seed drew another text" in text for text in found.warnings)


def test_an_end_that_lies_is_refused():
    def lies(body: Mapping[str, Any], reply: dict[str, Any]) -> None:
        for choice in reply["choices"]:
            choice["finish_reason"] = "stop"

    assert "told as 'stop', not as 'length'" in refused(talking(change=lies))


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (
            sends(b"<html>\x1b[2J gateway </html>", 200, "text/html"),
            "something else than JSON: <html>\\x1b[2J",
        ),
        (sends(b"<html>not here</html>", 404, "text/html"), "answered 404: <html>not here"),
        (says({"choices": []}), "choices is empty"),
        (says({"error": {"message": "bad key"}}, 401), "answered 401"),
        (says({"error": {"message": "top_k is unknown"}}, 400), "top_k is unknown"),
    ],
)
def test_a_server_that_answers_no_chat_is_refused(behaviour, said):
    assert said in refused(behaviour)


def test_a_context_too_small_for_max_tokens_is_refused():
    said = refused(says({"error": {"message": "too many"}}, 400), replace(ASK, max_tokens=40_000))
    assert said.startswith("its context is 32768 tokens, so none with max_tokens = 40000 is answered")


@pytest.mark.parametrize(
    "behaviour", [says({"error": "busy"}, 503), says({"error": "slow down"}, 429), reset, half("reset"), hang]
)
def test_a_server_that_is_down_or_full_is_not_judged(behaviour):
    with pytest.raises(Transient, match="cannot be probed"):
        probed(behaviour, replace(ASK, within_s=1.0))


def slow(seconds: float, first: float = 0.0) -> Behaviour:
    """As it should be, but for the time that all tokens after the first take."""
    talk = talking()

    async def behave(request: Exchange, body: Mapping[str, Any]) -> None:
        await asyncio.sleep(first if body["max_tokens"] == 1 else seconds)
        await talk(request, body)

    return behave


def test_a_server_that_decodes_slowly_is_waited_for():
    found = probed(slow(1.6), replace(ASK, within_s=1.5, tokens_per_second=100.0))
    assert (found.refusal, found.warnings) == (None, [])


def test_one_that_is_slower_than_is_no_fault_is_down():
    with pytest.raises(Transient, match=r"cannot be probed: a chat completion found no answer in 1 s"):
        probed(slow(60.0), replace(ASK, within_s=1.0, tokens_per_second=5_000.0))


def test_one_that_hangs_is_known_by_its_first_token():
    """However long is waited for the last: a prompt over the context is refused by what has hung as well."""
    with pytest.raises(Transient, match=r"cannot be probed: a chat completion found no answer in 1 s"):
        probed(slow(60.0, first=60.0), replace(ASK, within_s=0.8, tokens_per_second=0.001))


def test_a_longer_answer_may_take_longer():
    times = [replace(ASK, max_tokens=most, tokens_per_second=2.0).patience_s for most in (10, 1_024, 32_768)]
    assert times == [25.0, 532.0, 532.0]


def test_nobody_there_is_not_judged():
    with pytest.raises(Transient, match="cannot be probed"):
        asyncio.run(ask_all(dead_url(), ASK))


def test_a_bad_address_is_told():
    with pytest.raises(ConfigError):
        asyncio.run(ask_all("ftp://nowhere", ASK))


def test_what_is_odd_and_spoils_nothing_is_told():
    def odd(body: Mapping[str, Any], reply: dict[str, Any]) -> Any:
        if body.get("n"):
            return chat({**body, "n": 1}, "field")
        if "response_format" in body:
            reply["choices"][0]["message"] = {"reasoning": '{"odd": false}', "content": ""}
        if "structured_outputs" in body:
            reply["choices"][0]["message"] = {"content": '{"odd": false}'}
        return reply

    found = probed(talking(context=10**9, change=odd))
    assert found.refusal is None
    assert found.warnings == [
        "one request for two choices brings one",
        "a prompt over the context is answered as if it were whole",
        "response_format puts the JSON where the thinking belongs",
        "structured_outputs turns the thinking off",
    ]
