"""Tokens of replies that cannot be used are wasted, and counted as such wherever a server told them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from datapipe.accounting import LOST, account, as_told, balanced
from datapipe.backends.base import Completion, Prefix, Refused, Transient, Unable
from datapipe.backends.openai import OpenAI
from datapipe.config_spend import Spend
from datapipe.cost_page import cost, remarks
from datapipe.run import RunFolder
from datapipe.server_state import Besides, Counts
from datapipe.usage import record_usage
from tests import support
from tests.datapipe.asked import asked, failed, with_choice
from tests.datapipe.scripted import Server, endpoints
from tests.datapipe.scripted import request as scripted
from tests.datapipe.scripted import run as run_on
from tests.datapipe.test_choices import reply, three
from tests.datapipe.test_continuing import against, asks
from tests.datapipe.test_misbehaving import DRAWS, PATIENT_S, answered, serving, whole
from tests.stub_faults import FAULTS, Behaviour, Exchange, completion, ok, says, sends
from tests.stub_server import Stub

CHOICES = "answered with choices that cannot be used"
NOTHING = {"error": {"message": "no engine", "code": 500}}
COUNTED = {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}


@pytest.mark.parametrize(
    "said",
    [
        completion() | {"choices": []},
        completion() | {"model": "other"},
        completion() | {"choices": None},
        with_choice(message={"role": "assistant"}),
        with_choice(finish_reason="abort"),
        NOTHING | COUNTED,
    ],
)
def test_a_reply_that_cannot_be_used_tells_what_it_took(said: dict[str, Any]) -> None:
    error = failed(says(said))
    assert (error.prompt, error.generated) == (7, 3)


@pytest.mark.parametrize(
    "said",
    [
        says(NOTHING),
        says(completion() | {"choices": [], "usage": {"completion_tokens": -1, "prompt_tokens": "7"}}),
        says([COUNTED]),
        says(COUNTED, 500),
        sends(b'{"usage": {"completion_tokens": 3'),
    ],
)
def test_where_no_count_comes_there_is_none(said: Behaviour) -> None:
    error = failed(said)
    assert (error.prompt, error.generated) == (None, None)


def test_an_answer_that_begins_anew_took_tokens_for_nothing() -> None:
    async def do(backend: OpenAI, server: Stub) -> Completion:
        server.__dict__["_others"] = dict
        server.script = [ok("The answer is 42.")]
        return await backend.complete(asks(prefix=Prefix("", "so I", 1)))

    with pytest.raises(Unable) as caught:
        against(do)
    assert (caught.value.prompt, caught.value.generated) == (7, 3)


LONG, BAD = "x" * 19, {"index": 0, "message": {"content": "y" * 39, "tool_calls": 7}}


@pytest.mark.parametrize(
    ("choices", "kept", "spoiled"),
    [
        ((LONG, LONG, LONG), [34, 33, 33], 0),
        ((LONG, LONG), [50, 50], 0),
        ((LONG, LONG, LONG, LONG), [25, 25, 25], 25),
        ((LONG, {**BAD, "index": 1}, LONG), [25, 25], 50),
        ((LONG, LONG, {"index": 1, "message": {"content": "y" * 39}}), [25, 25], 50),
        ((LONG, {"index": 1, "message": {"content": "x"}, "finish_reason": "length"}, BAD), [16, 50], 34),
    ],
)
def test_tokens_are_shared_with_choices_that_cannot_be_used(
    choices: tuple[Any, ...], kept: list[int], spoiled: int
) -> None:
    got, _ = asked(says(reply(*choices, tokens=100)), req=three())
    assert sum(each.completion_tokens or 0 for each in got.every) + got.spoiled == 100
    assert sorted(each.completion_tokens or 0 for each in got.every) == pytest.approx(sorted(kept), abs=1)
    assert got.spoiled == pytest.approx(spoiled, abs=1)


def test_of_two_choices_where_one_was_asked_for_the_other_is_wasted() -> None:
    got, _ = asked(says(reply(LONG, LONG, tokens=100)))
    assert (got.completion_tokens, got.spoiled, got.prompt_tokens) == (50, 50, 7)
    uncounted, _ = asked(says({**reply(LONG, LONG), "usage": None}))
    assert (uncounted.completion_tokens, uncounted.spoiled) == (None, 0)


def _with(error: Transient | Refused, prompt: int | None, generated: int | None) -> Any:
    error.prompt, error.generated = prompt, generated
    return error


def test_what_servers_waste_is_counted() -> None:
    left = [
        _with(Transient("torn"), 7, 30),
        _with(Transient("empty"), None, 4),
        Transient("reset"),
        _with(Unable("begins anew"), 5, 6),
        Completion("yes", "stop", "s", completion_tokens=2, spoiled=9),
        _with(Refused("too long"), 1, 0),
    ]

    async def answer(_: Any) -> Completion:
        if isinstance(said := left.pop(0), Completion):
            return said
        raise said

    pool = endpoints(Server("a", answer), Server("b", answer), attempts=9, strikes=99)
    run_on(pool, scripted(1))
    run_on(pool, scripted(2))
    run_on(pool, scripted(3))
    assert left == []
    counts = pool.snapshot()
    assert counts.lost == Besides(4, 13, 40)
    assert counts.spoiled == Besides(1, 0, 9)
    assert counts.retried + counts.failed == 5
    pool.counts.lost.add(1, 1)
    assert counts.lost.requests == 4


def test_wasted_tokens_are_told_apart_from_requests_that_nobody_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Completion("The answer is 4.", "stop", "s", prompt_tokens=10, completion_tokens=100)
    rows = [support.verifiable(*support.SUMS[0])]
    config = support.settings(tmp_path, rows, lanes=["verifiable"], generate={"n": 1})
    run = support.ran(config, support.Model(lambda _: said))
    before = account(run.folder, Spend())
    assert before.lost == []
    for token in (1, 2):
        record_usage(run.path, token, "generator", Counts(done=1, retried=2, lost=Besides(1, 10, 500)))
        counts = Counts(done=5, retried=8, failed=1, lost=Besides(2, 20, 1_000), spoiled=Besides(1, 0, 50))
        record_usage(run.path, token, "generator", counts)
    record_usage(run.path, 2, "judge", Counts(retried=3))
    found = balanced(RunFolder(run.path), Spend(price_in=1.0, price_out=2.0, currency="EUR"))
    lost = {"counted": 4, "prompt": 40, "generated": 2_000}
    unknown = {"counted": 0, "prompt": 0, "generated": 0}
    assert found.lost == [
        {"role": "generator", "what": LOST, "requests": 18, **lost, "EUR": 0.00404},
        {"role": "judge", "what": LOST, "requests": 3, **unknown, "EUR": None},
        {"role": "generator", "what": CHOICES, "requests": 2, "counted": 2, "prompt": 0, "generated": 100,
         "EUR": 0.0002},
    ]  # fmt: skip
    assert found.fates == before.fates
    assert as_told(found, Spend())["lost"] == found.lost
    remark = next(text for text in remarks(found, Spend()) if "cannot be used" in text)
    assert remark.startswith("2,100 tokens of replies")
    assert "4 of the 21 requests" in remark
    cost(run.path)
    table = "role\twhat\trequests\tcounted\tprompt\tgenerated\n"
    assert f"\nLost\n{table}generator\t{LOST}\t18\t4\t40\t2000\n" in capsys.readouterr().out


class Listened:
    """An exchange, and the tokens that its reply tells."""

    def __init__(self, request: Exchange, sums: list[int]) -> None:
        self._request, self._sums = request, sums

    def reply(self, data: bytes, *args: Any, **more: Any) -> None:
        self._sums.append(json.loads(data)["usage"]["completion_tokens"])
        self._request.reply(data, *args, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


def _seen(behave: Behaviour, sums: list[int]) -> Behaviour:
    async def listened(request: Exchange, body: Mapping[str, Any]) -> None:
        await behave(Listened(request, sums), body)  # type: ignore[arg-type]  # it does what one does

    return listened


@pytest.mark.slow
@pytest.mark.parametrize("choices", [1, DRAWS])
@pytest.mark.parametrize("fault", ["gave_up", "more", "empty"])
def test_every_token_that_a_server_told_is_an_answers_or_wasted(
    tmp_path: Path, fault: str, choices: int
) -> None:
    sums = list[int]()
    script = [_seen(FAULTS[fault], sums)] * 2
    with serving(script) as servers:
        found = answered(tmp_path, servers, choices=choices, timeout_s=PATIENT_S)
        generated = sum(sums) + servers[0].generated
    whole(found)
    counts = found.ctx.generator.snapshot()  # type: ignore[attr-defined]  # they are endpoints
    wasted = counts.lost.generated + counts.spoiled.generated
    assert sum(made.completion_tokens or 0 for made in found.answers) + wasted == generated
    assert (wasted > 0) == (fault != "empty")
