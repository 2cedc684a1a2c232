"""What every test shares: a disk that does not wait for its platter."""

import atexit
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from datapipe.serving import leftovers
from tests.datapipe.serving.fleets import processes

# A machine with much to do is no fault of an example.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_status: list[int] = []
ROOT = Path(__file__).parents[1]
VLLM_READY_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of the whole program first: they take longest, and would be waited for at the end."""
    items.sort(key=lambda item: len(item.path.parts))


def pytest_sessionfinish(exitstatus: int) -> None:
    """Remember how it went."""
    _status.append(int(exitstatus))


@atexit.register
def _leave() -> None:
    """End without tearing the interpreter down, which makes DuckDB print sixty lines about what others hold.

    Registered first, so it is called last.
    """
    if _status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status[-1])


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    """Nobody pulls the plug in a test; those that hold syncing put their own function in its place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def tiny_m2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of the bundled model on the real vLLM, which takes long to start; a stop leaves nothing."""
    folder = tmp_path_factory.mktemp("vllm")
    recipe = ROOT / "infra" / "vllm" / "recipes" / "tiny-m2.toml"
    command = [sys.executable, "-m", "datapipe", "serve", str(recipe), "--folder", str(folder)]
    process = subprocess.Popen(command, start_new_session=True)
    ready = folder / "generate.servers"
    try:
        until = time.monotonic() + VLLM_READY_S
        while not ready.exists() or not ready.read_text():
            assert process.poll() is None, f"the supervisor ended with status {process.returncode}"
            assert time.monotonic() < until, f"not ready after {VLLM_READY_S} s"
            time.sleep(0.2)
        yield ready.read_text().strip()
        assert len(processes(folder)) == 5  # two guards, an API process, an engine, and Python's own
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(300)
        finally:
            process.kill()
            process.wait()
    assert status == 0
    assert processes(folder) == []
    assert leftovers.scratch(folder) == []
    assert ready.read_text() == ""
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
