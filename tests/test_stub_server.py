"""The test server speaks as vLLM does, also as a process that is killed and comes back."""

import asyncio
import json
import socket
import urllib.request
from collections import Counter
from typing import Any

import pytest

from tests.stub_faults import FAULTS, Luck, rates_of
from tests.stub_process import stub_processes
from tests.stub_says import say
from tests.stub_server import dead_url, stub


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=60) as response:
        said = response.read()
    return json.loads(said) if said[:1] == b"{" else said.decode()


def question(**more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "What is 1 + 2?"}], "seed": 7, **more}


def test_a_process_speaks_the_dialect_and_returns_on_its_port() -> None:
    with stub_processes(()) as [server]:
        root = server.url.removesuffix("/v1")
        reply = ask(f"{server.url}/chat/completions", question(n=3))
        assert [each["index"] for each in reply["choices"]] == [0, 1, 2]
        said = [say("What is 1 + 2?", seed) for seed in (7, 8, 9)]
        assert [each["message"]["reasoning"] for each in reply["choices"]] == [s.thinking for s in said]
        assert reply["usage"]["completion_tokens"] > 3 * 50
        metrics = ask(f"{root}/metrics")
        spent = float(reply["usage"]["completion_tokens"])
        assert f'vllm:generation_tokens_total{{engine="0",model_name="m"}} {spent}\n' in metrics
        assert ask(f"{server.url}/models")["data"][0]["id"] == "m"
        assert ask(f"{root}/health") == ""
        prompt = {"messages": question()["messages"]}
        assert ask(f"{root}/tokenize", prompt)["count"] == len(ask(f"{root}/tokenize", prompt)["tokens"])
        before, url = reply, server.url
        server.kill()
        with pytest.raises(OSError, match="refused"):
            ask(f"{server.url}/models")
        server.start()
        assert server.url == url
        assert ask(f"{server.url}/chat/completions", question(n=3)) == before


def nobody_else_may_have(url: str) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", int(url.split(":")[2].split("/")[0])))


def test_a_server_that_is_dead_keeps_its_port() -> None:
    """Or another test's might be asked in its place, and it could not come back."""

    async def down() -> None:
        async with stub() as server:
            server.down()
            nobody_else_may_have(server.url)
            await server.up()

    asyncio.run(down())
    nobody_else_may_have(dead_url())
    with stub_processes(()) as [server]:
        server.kill()
        nobody_else_may_have(server.url)


def test_an_answer_goes_on_from_where_it_was_cut() -> None:
    with stub_processes(()) as [server]:
        whole = ask(f"{server.url}/chat/completions", question())["choices"][0]["message"]
        [cut] = ask(f"{server.url}/chat/completions", question(max_tokens=20))["choices"]
        assert (cut["finish_reason"], cut["message"]["content"]) == ("length", None)
        begun = cut["message"]["reasoning"]
        assert len(begun) == 80
        messages = [*question()["messages"], {"role": "assistant", "content": f"<think>\n{begun}"}]
        going = {"continue_final_message": True, "add_generation_prompt": False}
        [rest] = ask(f"{server.url}/chat/completions", question(messages=messages, **going))["choices"]
        assert begun + rest["message"]["reasoning"] == whole["reasoning"]
        assert rest["message"]["content"] == whole["content"]


def test_faults_come_at_their_rates_and_alike_for_a_seed() -> None:
    rates = rates_of("all=0.01,hang=0.1")
    one, other = Luck(rates, 3), Luck(rates, 3)
    drawn = [one.draw() for _ in range(20_000)]
    assert drawn == [other.draw() for _ in range(20_000)]
    counts = Counter(drawn)
    assert 1_700 < counts[FAULTS["hang"]] < 2_300
    assert all(130 < counts[fault] < 280 for name, fault in FAULTS.items() if name != "hang")
    with pytest.raises(ValueError, match="no such fault: rest"):
        Luck(rates_of("rest=0.1"), 0)
