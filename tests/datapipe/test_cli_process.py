"""The `datapipe` command as a process of its own: what it writes where, and how it ends."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from datapipe.run import Run
from datapipe.settings import load_config
from schemas.tables import TABLES
from tests import support
from tests.stub_server import dead_url

DATAPIPE = [sys.executable, "-c", "from datapipe.cli import main; main()"]


def configured(folder: Path, **changes: Any) -> Path:
    """A configuration file of a small run with the fake model."""
    support.write_jsonl(folder / "questions.jsonl", support.both_lanes())
    lines = [f'name = "r"\nstore = "{folder}/store"\n[input]\nquestions = ["questions.jsonl"]']
    lines += [
        f"[{name}]\n" + "\n".join(f"{k} = {v}" for k, v in keys.items()) for name, keys in changes.items()
    ]
    file = folder / "run.toml"
    file.write_text("\n".join(lines))
    return file


@pytest.mark.slow
def test_a_run_leaves_its_results_on_stdout_and_readers_may_leave(tmp_path: Path) -> None:
    file = configured(tmp_path, generate={"n": 2})
    done = subprocess.run(
        [*DATAPIPE, "run", file, "--fake"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["stage", "lane", "unit"]
    assert f"version {tmp_path}/store/run=r/versions/v0001 " in done.stdout
    assert "note: source 'tests' is not registered" in done.stderr
    assert "note:" not in done.stdout
    assert "Traceback" not in done.stderr
    sql = "SELECT repeat(raw, 10_000) FROM answers"
    with subprocess.Popen(
        [*DATAPIPE, "query", sql, tmp_path / "store" / "run=r"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdout.read(10)
        reader.stdout.close()
        assert reader.stderr.read() == b""
        assert reader.wait(120) == 141


def asking(process: "subprocess.Popen[str]", journals: Path) -> list[psutil.Process]:
    """Wait until a run has a journal of answers; the processes it has by then."""
    deadline = time.monotonic() + 300
    while not list(journals.glob("lane=*/*.jsonl")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    return children


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_ended_leaves_quietly_and_alone(tmp_path: Path, number: int, code: int) -> None:
    file = configured(tmp_path, generate={"n": 4, "concurrency": 1}, faults={"slow": 1.0, "slow_s": 900.0})
    with subprocess.Popen(
        [*DATAPIPE, "run", file, "--fake"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            children = asking(process, tmp_path / "store" / "run=r" / "_journal" / "answers")
            os.kill(process.pid, number)
            # Far less than the quarter of an hour that the answer under way would take.
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert len(gone) == len(children)
    assert not alive


@pytest.mark.slow
def test_a_terminal_shows_the_stages_and_stdout_the_results_alone(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*DATAPIPE, "run", configured(tmp_path), "--fake"],
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    ) as process:
        os.close(slave)
        drawn = b"".join(iter(lambda: _read(master), b"")).decode()
        out, _ = process.communicate(timeout=120)
    os.close(master)
    assert process.returncode == 0
    assert "\x1b" not in out
    assert out.startswith("stage\tlane\tunit")
    assert "\x1b[" in drawn, "nothing was drawn anew"
    last = drawn[drawn.rindex("seeds") :].replace("\r", "")
    found = dict(re.findall(r"(\w+) +(\d+ +\d+) +\d+:\d\d", last))
    counts = {stage: tuple(int(word) for word in text.split()) for stage, text in found.items()}
    assert {stage: counts[stage] for stage in ("seeds", "dedup", "answer", "rate")} == {
        "seeds": (8, 8),
        "dedup": (8, 8),
        "answer": (64, 64),
        "rate": (8, 8),
    }


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""


@pytest.mark.slow
def test_servers_that_are_not_there_are_named(tmp_path: Path) -> None:
    url = dead_url()
    file = configured(
        tmp_path,
        generate={"model": '"m"', "servers": f'["{url}"]', "startup_s": "3"},
        judge={"model": '"m"', "servers": f'["{url}"]'},
    )
    done = subprocess.run([*DATAPIPE, "run", file], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert "no server answered" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_lost_rows_are_an_exit_code(tmp_path: Path) -> None:
    file = configured(tmp_path)
    command = [*DATAPIPE, "run", str(file), "--fake"]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    run = Run(load_config(file, fake=True))
    part = "part-00000"
    entry = run.manifest("dropped", "verifiable").get(part)
    assert entry is not None
    rows = list(run.read_part("dropped", TABLES["dropped"], "verifiable", part))
    run.commit(
        "dropped", "verifiable", part, rows[1:], entry.inputs, covers=entry.covers, counts=entry.counts
    )
    run.close()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (6, "")
    assert "keep (verifiable): 1 answer" in done.stderr.splitlines()[-1]
