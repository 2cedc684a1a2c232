"""The code verifier in workers: outside their limits, and nothing of it left behind when one is killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.attempt import Attempt
from judges.sandbox_preflight import lacking
from tests.leaving import ended

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(all(map(lacking, ("bubblewrap", "landlock"))), reason="no sandbox works here"),
]

REFERENCE = {"type": "code", "entry_point": "f", "cases": [{"input": [2], "output": 4}]}


def job(body: str) -> Job:
    return Job(("code",), Attempt.of(f"```python\nimport time\ndef f(x):\n    {body}\n```", REFERENCE))


def test_programs_do_not_count_against_the_limits_of_workers() -> None:
    """Of 400 MiB and half a second the worker may use, the programs take more."""
    with WorkerPool(PoolSettings(size=1, memory_mb=400, soft_s=0.5)) as made:
        told = made.run(
            [
                job("return len(bytearray(700 << 20)) and x * 2"),
                job("time.sleep(3); return x * 2"),
                job("return x + 3"),
            ]
        )
    assert [(each.outcome, each.reason) for (each,) in told] == [
        ("pass", None),
        ("pass", None),
        ("fail", "f(2): returned 5, not 4"),
    ]


PARENT = """
import sys
from datapipe import interrupts
from datapipe.workers import *
from judges.attempt import Attempt
interrupts.hear()
interrupts.watch()
REFERENCE = {"type": "code", "entry_point": "f", "cases": [{"input": [2], "output": 4}]}
def job(body):
    return Job(("code",), Attempt.of(f"```python\\nimport time\\ndef f(x):\\n    {body}\\n```", REFERENCE))
with WorkerPool(PoolSettings(size=1)) as pool:
    pool.run([job("return 4")])
    print(*pool.pids, flush=True)
    pool.run([job("time.sleep(600)")])
"""


@pytest.mark.parametrize("whom", ["worker", "parent"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_program_outlives_its_worker_or_parent(number: signal.Signals, whom: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PARENT)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        cwd=root,
    ) as parent:
        assert parent.stdout is not None
        try:
            (worker,) = (int(pid) for pid in parent.stdout.readline().split())
            _until(lambda: len(psutil.Process(worker).children(recursive=True)) >= 2)
            below = psutil.Process(worker).children(recursive=True)
            os.kill(worker if whom == "worker" else parent.pid, number)
            _until(lambda: all(map(ended, below)))
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
    _until(lambda: not psutil.pid_exists(worker))


def _until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "still running"
        time.sleep(0.02)
