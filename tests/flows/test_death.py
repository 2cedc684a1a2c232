"""Flows that are killed or interrupted, and flows whose server is."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from datapipe.lease import held, read_lease
from datapipe.run import RunFolder
from datapipe.settings import load_config
from datapipe.versions import latest_version
from tests.flows.serving import LONGEST_S, Server, end, flow_command, wait_for
from tests.flows.test_flows import published, run, without_prefect

pytestmark = pytest.mark.flow

SLOWLY = ("window=1", "faults={slow=1.0, slow_s=0.6}", "generate.concurrency=2", "judge.concurrency=2")
"""A shard at a time, and seconds for each."""


@pytest.fixture
def second(server: Server, empty_database: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that may be killed."""
    started = Server(tmp_path / "home", like=empty_database)
    started.env["PREFECT_CLIENT_MAX_RETRIES"] = "1"  # its flow ends all the same, two minutes later
    try:
        started.wait_until_up()
        yield started
    finally:
        started.stop()


def begun(server: Server, config: Path) -> "tuple[subprocess.Popen[bytes], Path]":
    """(a flow that has screened its first shard and has others before it, its run's folder)."""
    process = server.start("flow", flow_command("synthesize", config, *SLOWLY))
    folder = load_config(config).folder

    def screened() -> bool:
        assert process.poll() is None, server.said("flow")
        return bool(RunFolder(folder).parts("ratings", "verifiable"))

    wait_for(screened)
    return process, folder


def test_killed_flow_goes_on_and_is_marked(server: Server, config: Path, tmp_path: Path) -> None:
    process, folder = begun(server, config)
    end(process, signal.SIGKILL)
    assert server.states(name_of(folder)) == ["RUNNING"]
    said = run(server, flow_command("synthesize", config))
    assert server.states(name_of(folder)) == ["CRASHED", "COMPLETED"]
    plain, _ = without_prefect(config, tmp_path)
    assert Path(said.strip()).parents[1] == folder
    assert published(Path(said.strip())) == published(plain)


def test_lost_server_costs_nothing(second: Server, config: Path, tmp_path: Path) -> None:
    process, folder = begun(second, config)
    end(second.process, signal.SIGKILL)
    assert latest_version(folder) is None
    assert process.wait(LONGEST_S) == 0, second.said("flow")
    assert "the run goes on without it" in second.said("flow")
    plain, _ = without_prefect(config, tmp_path)
    version = latest_version(folder)
    assert version is not None
    assert published(version) == published(plain)
    assert "released" in read_lease(folder)
    assert not [line for line in json.loads((folder / "ledger.json").read_text()) if line["gap"]]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_interrupt_leaves_nothing_behind(
    server: Server, config: Path, number: signal.Signals, status: int
) -> None:
    process, folder = begun(server, config)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children, "no verifier process had been started"
    process.send_signal(number)
    assert process.wait(LONGEST_S) == status
    assert not psutil.wait_procs(children, timeout=120)[1]
    assert not held(folder)
    assert "released" in read_lease(folder)
    assert server.states(name_of(folder)) == ["CRASHED"]


def name_of(folder: Path) -> str:
    return folder.name.removeprefix("run=")
