"""Servers that misbehave: every question ends with exactly its answers, or with the reason why not."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from datapipe import loop
from datapipe.context import Context
from datapipe.draws import COLUMNS, draws
from datapipe.models import backend_of
from datapipe.pipeline import run_stage
from schemas.rows import Answer, Failure
from tests.stub_faults import FAULTS, TOO_LONG, Behaviour, says, slowly, talks
from tests.stub_says import LAYOUTS, pass_rate, prompt_of, say
from tests.stub_server import Stub, dead_url
from tests.support import opened, settings, verifiable

pytestmark = pytest.mark.slow

ROWS = [verifiable("What is 17 + 25?", "42"), verifiable("What is 170 + 25?", "195")]
DRAWS = 2
PATIENT_S = 20.0
"""Where requests are counted: a healthy reply is never late then, however busy the machine."""
TORN = ("reset", "half_reset", "busy", "busy_quiet", "broken", "unavailable", "html", "html_error")
SILENT = ("hang", "half_hang", "trickle")
EMPTY = ("half_json", "empty", "fewer", "gave_up", "wrong_model")


@dataclass
class Asked:
    """What the answer stage left."""

    answers: list[Answer]
    failures: list[Failure]
    servers: Sequence[Stub]
    ctx: Context

    def asked(self) -> Counter[str]:
        """How often the servers saw each request."""
        bodies = (body for server in self.servers for body in server.bodies)
        seen = (body for body in bodies if body["max_tokens"] > 1)  # else it tries a server set aside
        return Counter(f"{body['seed']} {prompt_of(body['messages'])}" for body in seen)


@contextmanager
def serving(*scripts: Sequence[Behaviour], default: Behaviour | None = None) -> Iterator[list[Stub]]:
    """A server for each script, on the loop that asks; they say what `stub_says` tells."""
    servers = [Stub("", list(script), default) for script in scripts]
    for server in servers:
        loop.run(server.up())
    try:
        yield servers
    finally:
        for server in servers:
            loop.submit(_down(server)).result()


async def _down(server: Stub) -> None:
    server.down()


def answered(
    folder: Path,
    servers: Sequence[Stub],
    *urls: str,
    before: Callable[[], object] = lambda: None,
    **generate: Any,
) -> Asked:
    """Ask two questions twice, through the endpoints of the configuration; `before` comes right before it."""
    model = {
        "backend": "openai",
        "probe": False,  # requests are counted, and scripts are for them
        "servers": [*(server.url for server in servers), *urls],
        "n": DRAWS,
        "timeout_s": 1.0,
        "tokens_per_second": 1e5,
        "attempts": 6,
        "backoff_s": 0.01,
        "backoff_max_s": 0.05,
    }
    changes = {"lanes": ["verifiable"], "shard_size": 8, "diversify": {"formats": {"plain": 1.0}}}
    config = settings(folder, ROWS, generate=model | generate, screen={"rubrics": []}, **changes)
    with opened(config) as ctx, closing(_Ends(backend := backend_of(config, "generate"))):
        ctx.__dict__["generator"] = backend
        for stage in ("seeds", "dedup"):
            run_stage(ctx, stage)
        [shard] = ctx.shards("verifiable")
        before()
        run_stage(ctx, "answer", shard)
        answers = list(ctx.run.read("answers", Answer, "verifiable"))
        failures = list(ctx.run.read("failures", Failure, "verifiable"))
        return Asked(answers, failures, servers, ctx)


class _Ends:
    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def close(self) -> None:
        loop.run(self._backend.close())


def whole(found: Asked) -> None:
    """Every draw there is once, and says what the model says with its seed."""
    assert found.failures == []
    assert Counter(a.index for a in found.answers) == {index: len(ROWS) for index in range(DRAWS)}
    assert len({a.answer_id for a in found.answers}) == len(found.answers) == len(ROWS) * DRAWS
    prompts = {row["prompt"] for row in ROWS}
    for made in found.answers:
        assert made.seed is not None
        assert made.turns[0].content in {say(prompt, made.seed).content for prompt in prompts}


@pytest.mark.parametrize("fault", [*TORN, *EMPTY, *SILENT])
def test_a_fault_costs_no_answer(tmp_path: Path, fault: str) -> None:
    """The first three replies of the only server."""
    # A server that turns to another model once it has answered is set aside at once, and then it is trials
    # that meet the rest.
    patience, other = 3.0 if fault in SILENT else PATIENT_S, fault == "wrong_model"
    script = [*([talks()] if other else []), *[FAULTS[fault]] * 3]
    with serving(script) as servers:
        found = answered(tmp_path, servers, timeout_s=patience, **({"concurrency": 1} if other else {}))
    whole(found)
    assert sum(found.asked().values()) == len(ROWS) * DRAWS + (1 if other else 3)


def test_a_gigantic_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    with serving([FAULTS["gigantic"]]) as servers:
        found = answered(tmp_path, servers, timeout_s=20)
    whole(found)


@pytest.mark.parametrize("fault", [*TORN, *EMPTY, *SILENT])
def test_a_server_that_only_misbehaves_leaves_all_to_the_other(tmp_path: Path, fault: str) -> None:
    with serving([FAULTS[fault]] * 1000, []) as servers:
        found = answered(tmp_path, servers)
    whole(found)
    assert {a.server for a in found.answers} == {servers[1].url}


def test_a_server_that_refuses_connections_leaves_all_to_the_other(tmp_path: Path) -> None:
    with serving([]) as servers:
        found = answered(tmp_path, servers, dead_url())
    whole(found)


def test_a_slow_answer_is_waited_for_and_not_asked_again(tmp_path: Path) -> None:
    with serving([], default=slowly(0.05, pieces=4)) as servers:
        found = answered(tmp_path, servers, timeout_s=PATIENT_S)
    whole(found)
    assert set(found.asked().values()) == {1}


@pytest.mark.parametrize("fault", ["fewer", "empty", "half_json", "reset"])
def test_only_the_choices_that_are_missing_are_asked_for_again(tmp_path: Path, fault: str) -> None:
    """Each with the seed that it has in its group."""
    with serving([FAULTS[fault]]) as servers:
        found = answered(tmp_path, servers, choices=DRAWS, timeout_s=PATIENT_S)
    whole(found)
    [server] = servers
    again = [body.get("n", 1) for body in server.bodies[len(ROWS) :]]
    assert again == ([1] if fault == "fewer" else [DRAWS])


def test_more_choices_than_were_asked_for_are_no_more_answers(tmp_path: Path) -> None:
    with serving([FAULTS["more"]] * 2) as servers:
        whole(answered(tmp_path, servers, choices=DRAWS))


@pytest.mark.parametrize("choices", [1, DRAWS])
def test_a_long_thinking_that_comes_twice_is_one_draw(tmp_path: Path, choices: int) -> None:
    with serving([], default=FAULTS["same"]) as servers:
        found = answered(tmp_path, servers, choices=choices)
    counted = draws(tuple(getattr(made, name) for name in COLUMNS) for made in found.answers)
    assert len(counted.rated) == len(ROWS)
    assert {made.index for made in found.answers if made.answer_id in counted.rated} == {0}


def test_servers_that_are_all_down_are_waited_for(tmp_path: Path) -> None:
    async def comes() -> None:
        await asyncio.sleep(0.5)
        await server.up()

    late: list[Future[None]] = []
    with serving([]) as [server]:
        loop.submit(_down(server)).result()
        whole(answered(tmp_path, [server], before=lambda: late.append(loop.submit(comes())), attempts=2))
        late[0].result(60)


def test_a_server_that_dies_and_returns_on_its_port_loses_no_answer(tmp_path: Path) -> None:
    async def dies(request: Any, _: Any) -> None:
        back.append(asyncio.ensure_future(returns()))
        server.down()

    async def returns() -> None:
        await asyncio.sleep(0.1)
        await server.up()

    back: list[Any] = []
    with serving([dies]) as [server]:
        whole(answered(tmp_path, [server], attempts=20))


def test_what_no_server_will_ever_take_is_a_reason_and_asked_once(tmp_path: Path) -> None:
    async def refuses(request: Any, body: Any) -> None:
        long = "170" in prompt_of(body["messages"])
        await (says(TOO_LONG, 400) if long else talks())(request, body)

    with serving([], default=refuses) as servers:
        found = answered(tmp_path, servers, timeout_s=PATIENT_S)
    assert len(found.answers) == DRAWS
    assert [(f.reason, f.unit) for f in found.failures] == [("refused", "request")] * DRAWS
    assert all("maximum context length is 64" in (f.detail or "") for f in found.failures)
    assert set(found.asked().values()) == {1}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_thinking_is_told_from_the_answer_wherever_the_server_leaves_it(tmp_path: Path, layout: str) -> None:
    with serving([], default=talks(layout)) as servers:
        found = answered(tmp_path, servers)
    assert len(found.answers) == len(ROWS) * DRAWS
    for made in found.answers:
        assert made.seed is not None
        said = [say(row["prompt"], made.seed) for row in ROWS]
        [meant] = [each for each in said if each.thinking in f"{made.raw_thinking}{made.raw}"]
        [turn] = made.turns
        assert meant.thinking[:200] in (turn.thinking or "")
        assert (turn.content == meant.content) == (layout != "unclosed")
        assert meant.thinking[:40] not in turn.content


def test_the_model_of_the_tests_is_right_as_often_as_it_says() -> None:
    for number in range(20):
        prompt = f"What is {number} + 5?"
        right = sum(say(prompt, seed).content == f"The answer is {number + 5}." for seed in range(2000))
        assert abs(right / 2000 - pass_rate(prompt)) < 0.05
