"""The `datapipe` command as a process of its own: what it writes where, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import support

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
    assert "note: source 'tests' is not registered" in done.stdout
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
        assert reader.wait(60) == 141


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_ended_leaves_quietly_and_alone(tmp_path: Path, number: int, code: int) -> None:
    file = configured(tmp_path, generate={"n": 4, "concurrency": 1}, faults={"slow": 1.0, "slow_s": 30.0})
    process = subprocess.Popen(
        [*DATAPIPE, "run", file, "--fake"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        journals = tmp_path / "store" / "run=r" / "_journal" / "answers"
        deadline = time.monotonic() + 90
        while not list(journals.glob("lane=*/*.jsonl")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        os.kill(process.pid, number)
        # Far less than the thirty seconds that the answer under way would take.
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert len(gone) == len(children)
    assert not alive
