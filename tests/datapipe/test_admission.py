"""A run probes its servers: one that would spoil data is set aside with a reason, kept with the run."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from datapipe.admission import Admitted, admission, ask_of, probes_file, server_rows
from datapipe.backends.base import TRIAL, Barred, Completion, Outage, Request, Transient
from datapipe.backends.openai import OpenAI
from datapipe.endpoints import Counts, Endpoints
from datapipe.models import backend_of
from datapipe.versions import read_manifest
from tests.datapipe.test_probe import talking
from tests.stub_http import Exchange
from tests.stub_server import Behaviour, Stub, hang, stub
from tests.support import settings


def request(number: int = 0) -> Request:
    messages = ({"role": "user", "content": f"What is {number} + 3?"},)
    return Request(
        id=str(number), affinity=str(number), model="m", messages=messages, sampling={}, max_tokens=512
    )


def lying(body: Mapping[str, Any], reply: dict[str, Any]) -> None:
    for choice in reply["choices"]:
        choice["finish_reason"] = "stop"


async def asked(
    tmp_path: Any, count: int, *behaviours: Behaviour, **more: Any
) -> tuple[list[Any], list[Stub]]:
    """What becomes of requests to servers that behave so."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(stub(default=each)) for each in behaviours]
        model = {"backend": "openai", "servers": [each.url for each in servers], "attempts": 1, **more}
        backend = backend_of(settings(tmp_path, generate=model), "generate")
        asks = (backend.complete(request(number)) for number in range(count))
        try:
            return await asyncio.gather(*asks, return_exceptions=True), servers
        finally:
            await backend.close()


def test_a_server_that_would_spoil_data_is_set_aside_and_the_others_go_on(tmp_path):
    outcomes, (bad, good) = asyncio.run(asked(tmp_path, 40, talking(change=lying), talking()))
    assert all(isinstance(each, Completion) and each.server == good.url for each in outcomes)
    assert not any(
        "+ 3?" in str(body["messages"]) and "3 + 4" not in str(body["messages"]) for body in bad.bodies
    )
    kept = json.loads(probes_file(tmp_path / "store" / "run=r", "generate").read_text())
    assert kept[good.url]["refusal"] is None
    assert "told as 'stop', not as 'length'" in kept[bad.url]["refusal"]


def test_where_every_server_is_refused_the_run_ends_with_the_reason(tmp_path):
    outcomes, _ = asyncio.run(asked(tmp_path, 3, talking(change=lying)))
    assert all(isinstance(each, Outage) for each in outcomes)
    assert "would spoil data: an answer that was cut after one token is told as 'stop'" in str(outcomes[0])


def test_one_torn_reply_refuses_nobody(tmp_path):
    replies = iter(range(1000))
    outcomes, _ = asyncio.run(
        asked(tmp_path, 1, talking(change=lambda body, _: {"choices": []} if next(replies) < 4 else None))
    )
    assert isinstance(outcomes[0], Completion)


def test_what_is_not_to_be_probed_is_not(tmp_path):
    outcomes, (server,) = asyncio.run(asked(tmp_path, 1, talking(change=lying), probe=False))
    assert isinstance(outcomes[0], Completion)
    assert len(server.bodies) == 1
    assert admission(settings(tmp_path, generate={"backend": "fake"}), "generate") is None


def test_a_server_that_comes_back_is_probed_again(tmp_path):
    async def main() -> tuple[int, int]:
        async with stub(default=talking()) as server:
            model = {"backend": "openai", "servers": [server.url]}
            gate = admission(settings(tmp_path, generate=model), "generate")
            assert gate is not None
            backend = Admitted(server.url, OpenAI(server.url), gate)
            await asyncio.gather(*(backend.complete(request(number)) for number in range(5)))
            first = len(server.bodies)
            server.default = talking(change=lying)
            await backend.complete(request())
            for again in (replace(request(), id=TRIAL), request()):
                with pytest.raises(Barred):
                    await backend.complete(again)
            server.default = talking()
            await backend.complete(replace(request(), id=TRIAL))
            await backend.close()
            return first, len(server.bodies)

    first, then = asyncio.run(main())
    assert first == 5 + 9  # one probe for all five
    assert then == first + 1 + 4 * 9 + 9 + 1


def test_a_probe_outlives_who_waits_for_it(tmp_path):
    async def main() -> int:
        async with stub(*[hang] * 9, default=talking()) as server:
            model = {"backend": "openai", "servers": [server.url], "probe_s": 2.0}
            gate = admission(settings(tmp_path, generate=model), "generate")
            assert gate is not None
            backend = Admitted(server.url, OpenAI(server.url), gate)
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await backend.complete(request())
            with pytest.raises(Transient, match="cannot be probed"):
                await backend.complete(request())
            asked = len(server.bodies)
            await backend.complete(request())
            await backend.close()
            return asked

    assert asyncio.run(main()) == 9


def counted(told: list[dict[str, int]], down: bool = False) -> Behaviour:
    """As it should be, or down for the short question; what each reply cost is noted."""
    talk = talking(change=lambda _, reply: told.append(reply["usage"]))

    async def behave(exchange: Exchange, body: Mapping[str, Any]) -> None:
        if down and body["max_tokens"] == 512 and "response_format" not in body and "stream" not in body:
            exchange.reply(b"busy", 503)
        else:
            await talk(exchange, body)

    return behave


@pytest.mark.parametrize("down", [False, True])
def test_what_a_probe_costs_is_counted_whatever_comes_of_it(tmp_path, down):
    told: list[dict[str, int]] = []

    async def main() -> Counts:
        async with stub(default=counted(told, down)) as server:
            model = {"backend": "openai", "servers": [server.url], "startup_s": 0.0}
            pool = backend_of(settings(tmp_path, generate=model), "generate")
            assert isinstance(pool, Endpoints)
            if down:
                gate = admission(settings(tmp_path, generate=model), "generate")
                assert gate is not None
                with pytest.raises(Transient, match="cannot be probed"):
                    await gate.refusal(server.url)
                pool.counts.besides = gate.spent
            else:
                await pool.complete(replace(request(), max_tokens=100))
            await pool.close()
            return pool.snapshot()

    found = asyncio.run(main())
    mine = 0 if down else 1
    assert found.besides.requests == len(told) - mine >= 6
    assert found.besides.generated == sum(each["completion_tokens"] for each in told) - found.tokens_out > 100
    assert found.done == mine


def test_the_manifest_of_a_version_tells_the_kinds_of_servers_and_no_address(tmp_path):
    asyncio.run(asked(tmp_path, 60, talking(), talking(), talking(change=lying)))
    rows = server_rows(tmp_path / "store" / "run=r")
    assert [(row["servers"], row["refusal"] is None) for row in rows] == [(2, True), (1, False)]
    assert "127.0.0.1" not in json.dumps(rows)


@pytest.mark.slow
def test_a_version_tells_them(finished):
    assert read_manifest(finished.version)["servers"] == []  # the fake is no server


def test_a_probe_waits_for_tokens_as_long_as_a_request_may(tmp_path):
    model = settings(tmp_path, generate={"probe_s": 30.0, "tokens_per_second": 2.0}).generate
    assert ask_of(model, "generate").patience_s == 30.0 + 512 / 2.0
