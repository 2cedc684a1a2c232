"""The demo on the fake backend: what it prints, what it makes, and what it leaves behind."""

import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from datapipe.versions import check_version_folder, latest_version
from tests.flows.serving import wait_for

pytestmark = pytest.mark.flow
DEMO = [sys.executable, str(Path(__file__).parents[1] / "infra" / "demo.py"), "--fake", "--store"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def test_demo_makes_a_dataset_and_asks_it(store: Path) -> None:
    done = subprocess.run(
        [*DEMO, str(store)], cwd="/", capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    (run,) = store.glob("run=demo-*")
    version = latest_version(run)
    assert version is not None
    assert str(version) in done.stdout
    for part in check_version_folder(version):
        assert str(part.relative_to(version)) in done.stdout
    assert re.findall(r"^(\d)\. ", done.stdout, re.MULTILINE) == ["1", "2", "3"]
    assert re.search(r"^verifiable +arithmetic +\d+ +\d+ +0\.\d+ +0\.\d+ +0\.\d+$", done.stdout, re.MULTILINE)
    assert "thinking:" in done.stdout
    page = re.search(r"http://127\.0\.0\.1:\d+", done.stderr)
    assert page is not None
    wait_for(lambda: not descendants_of_demo(store))


def descendants_of_demo(store: Path) -> list[psutil.Process]:
    """What a demo with this store has started and is still there, whoever its parent is by now.

    Wait for it to be nothing: whom the demo kills last may need a moment to be gone.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("PREFECT_HOME") == str(store / ".prefect"):
                found.append(process)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    demo = subprocess.Popen(
        [*DEMO, str(tmp_path)], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: len(psutil.Process(demo.pid).children()) == 2)
        demo.send_signal(number)
        assert demo.wait(120) == 130
        wait_for(lambda: not descendants_of_demo(tmp_path))
    finally:
        clear(demo, tmp_path)


INTERRUPTED_AT_ITS_WORST = """
import os, runpy, signal, subprocess, sys

class Popen(subprocess.Popen):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        os.kill(os.getpid(), signal.SIGINT)

    def wait(self, timeout=None):
        os.kill(os.getpid(), signal.SIGINT)
        return super().wait(timeout)

subprocess.Popen = Popen
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs the demo and interrupts it whenever it has just started a process, and when it waits for one's end."""


def test_demo_interrupted_while_it_starts_and_stops_a_process_leaves_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED_AT_ITS_WORST, *DEMO[1:], str(tmp_path)]
    demo = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert demo.wait(120) == 130
        wait_for(lambda: not descendants_of_demo(tmp_path))
    finally:
        clear(demo, tmp_path)


def clear(demo: "subprocess.Popen[bytes]", store: Path) -> None:
    """End what a failed test has left."""
    for process in [demo, *descendants_of_demo(store)]:
        process.kill()
    demo.wait()
