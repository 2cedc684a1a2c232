"""Two servers of the bundled model under `datapipe serve`: one is killed in a run, which loses nothing."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from datapipe.run import RunFolder
from datapipe.serving import leftovers
from schemas.rows import Answer, Failure
from tests.datapipe.serving.fleets import Served, guards, kill_at_once, processes, serving, wait_for
from tests.leaving import ended

pytestmark = pytest.mark.vllm
ROOT = Path(__file__).parents[1]
READY_S = 500.0
"""Two start beside each other, and what else the machine does."""
RUN_S = 400.0
N = 16
FLEET = f"""
poll_s = 1.0
[restart]
backoff_s = 0.5
[[workers]]
recipe = "{ROOT}/infra/vllm/recipes/tiny-m2.toml"
count = 2
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    fleet = tmp_path_factory.mktemp("fleet") / "fleet.toml"
    fleet.write_text(FLEET)
    with serving(fleet) as made:
        made.until_ready(2, READY_S)
        yield made


def start(folder: Path, served: Served) -> subprocess.Popen[bytes]:
    """`datapipe run` over what the fleet says is ready."""
    lines = (ROOT / "data" / "seeds" / "verifiable.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "questions.jsonl").write_text("\n".join(lines[::7]), encoding="utf-8")
    config = {
        "name": "r",
        "store": str(folder / "store"),
        "lanes": ["verifiable"],
        "shard_size": 16,
        "input": {"questions": ["questions.jsonl"], "sources": str(ROOT / "data" / "seeds" / "sources.toml")},
        "generate": {
            "servers_file": str(served.folder / "generate.servers"),
            "model": "tiny-m2",
            "max_tokens": 256,
            "n": N,
            "concurrency": 32,
        },
    }
    words = [f"{key}={json.dumps(value)}" for key, value in config.items() if not isinstance(value, dict)]
    tables = [
        f"[{key}]\n" + "\n".join(f"{k}={json.dumps(v)}" for k, v in value.items())
        for key, value in config.items()
        if isinstance(value, dict)
    ]
    (folder / "run.toml").write_text("\n".join([*words, *tables]))
    command = [sys.executable, "-m", "datapipe", "run", str(folder / "run.toml")]
    with (folder / "run.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def has_answered(folder: Path, server: str) -> bool:
    """Whether an answer of a server stands in a journal now."""
    journals = (folder / "store" / "run=r" / "_journal" / "answers").glob("**/*.jsonl")
    for path in journals:
        with suppress(FileNotFoundError):  # its shard was stored just now
            if server.encode() in path.read_bytes():
                return True
    return False


def engine_of(api: psutil.Process) -> psutil.Process:
    return max(api.children(recursive=True), key=lambda process: process.memory_info().rss)


def run_and_kill(folder: Path, served: Served, number: int, victim: str) -> None:
    """A run in which a server is killed once it has answered; every question has its answers after it."""
    before = served.worker(number)
    assert before.pid
    api = psutil.Process(before.pid)
    engine = engine_of(api)
    run = start(folder, served)
    try:
        wait_for(lambda: run.poll() is not None or has_answered(folder, before.url), RUN_S)
        assert run.poll() is None, (folder / "run.log").read_text()
        os.kill(engine.pid if victim == "engine" else api.pid, signal.SIGKILL)
        assert run.wait(RUN_S) == 0, (folder / "run.log").read_text()
    finally:
        run.kill()
        run.wait()
    made_by = check_answers(RunFolder(folder / "store" / "run=r"))
    assert before.url in made_by
    served.until(lambda now: now.worker(number).restarts == 1, READY_S)
    assert ended(api)
    assert ended(engine)


def check_answers(folder: RunFolder) -> set[str]:
    """Each question has its answers, once; who made them."""
    made = list(folder.read("answers", Answer, "verifiable"))
    questions = folder.rows("questions", "verifiable")
    assert sorted(Counter(answer.question_id for answer in made).values()) == [N] * questions
    assert len({(answer.question_id, answer.index) for answer in made}) == questions * N
    assert list(folder.read("failures", Failure, "verifiable")) == []
    return {answer.server or "" for answer in made}


def test_a_server_killed_in_the_middle_of_a_run_costs_no_answer(served: Served, tmp_path: Path) -> None:
    assert len(processes(served.folder.parent)) == 10  # each two guards, API, engine, and Python's own
    first = served.worker(0).url
    run_and_kill(tmp_path, served, 0, "engine")
    assert served.worker(1).restarts == 0
    assert served.worker(0).url == first


def test_the_other_killed_while_the_first_may_still_start_costs_no_answer(
    served: Served, tmp_path: Path
) -> None:
    first = served.worker(0).url
    run_and_kill(tmp_path, served, 1, "api")
    served.until(lambda now: now.worker(0).state == "ready", READY_S)
    assert first in served.urls()
    assert (served.worker(0).restarts, served.worker(1).restarts) == (1, 1)


def test_supervisor_and_guards_killed_at_once_leave_nothing(served: Served) -> None:
    folder = served.folder.parent
    served.until(lambda now: all(each.pid for each in now.state().workers), READY_S)
    assert engine_of(psutil.Process(served.worker(0).pid)) in processes(folder)
    kill_at_once(served.process.pid, *(guards(each)[1].pid for each in served.state().workers))
    wait_for(lambda: not processes(folder))
    assert served.urls() == []
    assert leftovers.scratch(served.folder) == []
