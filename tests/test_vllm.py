"""Both lanes on the bundled model, served by the real vLLM."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import run_pipeline
from datapipe.probe_asks import Ask, ask_all
from datapipe.probe_read import read
from datapipe.probe_rules import judge
from datapipe.query import connect
from datapipe.versions import read_manifest
from schemas.rows import LANES, Answer, Reply, Verdict

pytestmark = pytest.mark.vllm
ROOT = Path(__file__).parents[1]
EVERY = {"verifiable": 7, "non_verifiable": 20}
"""One seed in so many is asked."""


def config(folder: Path, servers: list[str]) -> RunConfig:
    questions = []
    for lane in LANES:
        lines = (ROOT / "data" / "seeds" / f"{lane}.jsonl").read_text(encoding="utf-8").splitlines()
        path = folder / f"{lane}.jsonl"
        path.write_text("\n".join(lines[:: EVERY[lane]]), encoding="utf-8")
        questions.append(str(path))
    model = {"servers": servers, "model": "tiny-m2", "max_tokens": 256, "connect_s": 2, "attempts": 1}
    return RunConfig.model_validate(
        {
            "name": "real",
            "store": str(folder / "store"),
            "shard_size": 32,
            "input": {"questions": questions, "sources": str(ROOT / "data" / "seeds" / "sources.toml")},
            "generate": {**model, "n": 4},
            "judge": model,
        }
    )


@dataclass
class Ran:
    folder: Path
    version: Path
    answers: list[Answer]
    replies: list[Reply]
    verdicts: list[Verdict]


@pytest.fixture(scope="module")
def ran(tiny_m2: str, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("run")
    with Context(config(folder, [tiny_m2])) as ctx:
        version, lines = run_pipeline(ctx)
        assert not any(line.pending or line.failed for line in lines if line.stage in ("answer", "screen"))
        read = ctx.run.read
        return Ran(
            folder,
            version,
            [row for lane in LANES for row in read("answers", Answer, lane)],
            [row for lane in LANES for row in read("replies", Reply, lane)],
            [row for lane in LANES for row in read("verdicts", Verdict, lane)],
        )


def test_the_probe_tells_what_this_server_does(tiny_m2: str) -> None:
    ask = Ask(
        model="tiny-m2",
        sampling={"temperature": 1.0, "top_p": 0.95, "top_k": 40},
        max_tokens=256,
        thinks=True,
    )
    found = judge(read(asyncio.run(ask_all(tiny_m2, ask)), ask), ask)
    assert (found.refusal, found.warnings) == (None, [])
    probe = found.probe
    assert (probe.models, probe.context, probe.health, probe.tokenize) == (["tiny-m2"], 2048, True, True)
    assert (probe.thinking.layout, probe.thinking.field) == ("field", "reasoning")
    assert (probe.choices, probe.choices_differ, probe.repeats, probe.children) == (2, True, True, True)
    assert (probe.cut, probe.ended, probe.too_long, probe.continues) == ("length", "stop", "refused", True)
    assert {"vllm:num_requests_running", "vllm:num_requests_waiting"} <= set(probe.metrics)
    long = replace(ask, max_tokens=4096)
    said = judge(read(asyncio.run(ask_all(tiny_m2, long)), long), long).refusal or ""
    assert said.startswith("its context is 2048 tokens, so none with max_tokens = 4096 is answered")


def test_the_run_probed_it_and_the_version_says_so(ran: Ran) -> None:
    rows = read_manifest(ran.version)["servers"]
    assert [(row["role"], row["servers"], row["refusal"]) for row in rows] == [
        ("generate", 1, None),
        ("judge", 1, None),
    ]


def test_thinking_is_told_from_the_response(ran: Ran) -> None:
    finished = [answer for answer in ran.answers if answer.finish_reason == "stop"]
    assert len(finished) > 0.9 * len(ran.answers)
    # Two of 3,312 answers of the bundled model end before their thinking does.
    answered = [answer for answer in finished if answer.turns[0].content]
    assert len(answered) > 0.95 * len(finished)
    for answer in answered:
        (turn,) = answer.turns
        assert answer.layout == "field"
        assert turn.thinking
        assert "think>" not in turn.thinking + turn.content
        assert answer.raw_thinking is not None
        assert answer.raw.strip() == turn.content
        assert answer.completion_tokens


def test_indices_of_a_question_are_different_draws(ran: Ran) -> None:
    texts: dict[str, set[str]] = {}
    for answer in ran.answers:
        texts.setdefault(answer.question_id, set()).add(answer.raw + str(answer.raw_thinking))
    assert max(len(found) for found in texts.values()) == 4
    assert len({(a.question_id, a.seed) for a in ran.answers}) == len(ran.answers)


def test_some_questions_are_neither_solved_nor_unsolved(ran: Ran) -> None:
    db = connect([ran.folder / "store" / "run=real"])
    sql = "SELECT count(*) FILTER (rate > 0 AND rate < 1), count(*) FROM ratings WHERE lane = 'verifiable'"
    graded, asked = db.execute(sql).fetchone() or (0, 0)
    assert asked == 60
    assert graded > asked / 5


def test_the_judge_gives_verdicts_that_can_be_read(ran: Ran) -> None:
    outcomes = Counter(v.outcome for v in ran.verdicts if v.check == "uses_given_words")
    assert ran.replies
    assert outcomes["unscored"] < 0.1 * outcomes.total()
    assert outcomes["pass"]
    assert outcomes["fail"]


def test_what_is_kept_is_published(ran: Ran) -> None:
    db = connect([ran.folder / "store" / "run=real"])
    rows = db.execute("SELECT lane, thinking, response FROM samples").fetchall()
    assert {lane for lane, _, _ in rows} == set(LANES)
    assert all(thinking and response for _, thinking, response in rows)


def test_a_second_run_asks_nothing(ran: Ran) -> None:
    with Context(config(ran.folder, ["http://127.0.0.1:9/v1"])) as ctx:
        version, _ = run_pipeline(ctx)
    assert version == ran.version
