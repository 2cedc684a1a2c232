"""The deployments as the README shows them: server, worker, deploy, run, shards."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from datapipe.lease import held
from datapipe.settings import load_config
from datapipe.versions import check_version_folder, latest_version
from tests.flows.serving import BIN, LONGEST_S, Server, end, wait_for

pytestmark = pytest.mark.flow
PREFECT = str(BIN / "prefect")
FILE = Path(__file__).parents[2] / "infra" / "prefect.yaml"


def test_deployment_makes_shards_from_a_foreign_folder(server: Server, config: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    worker = server.start(
        "worker", [PREFECT, "worker", "start", "--pool", "datapipe", "--type", "process"], elsewhere
    )
    try:
        wait_for(lambda: server.ask("/work_pools/filter"))
        command(server, elsewhere, [PREFECT, "--no-prompt", "deploy", "--all", "--prefect-file", str(FILE)])
        found = server.ask("/deployments/filter")
        assert {each["name"]: (each["entrypoint"], each["pull_steps"]) for each in found} == {
            name: (f"flows.{flow}.{flow}", [])
            for name, flow in (
                ("synthesize", "synthesize"),
                ("verifiable", "verifiable"),
                ("non-verifiable", "non_verifiable"),
            )
        }
        flow = [sys.executable, "-m", "flows", "parameters", str(config), "--fake"]
        parameters = command(server, elsewhere, flow)
        command(
            server,
            elsewhere,
            [PREFECT, "deployment", "run", "synthesize/synthesize", "--params", "-"],
            parameters,
        )
        settings = load_config(config)
        wait_for(lambda: server.states(settings.name) == ["COMPLETED"])
    finally:
        end(worker, signal.SIGTERM)
    version = latest_version(settings.folder)
    assert version is not None
    assert check_version_folder(version)
    assert json.loads(parameters)["config"]["store"] == settings.store
    assert not held(settings.folder)
    assert not list(elsewhere.iterdir())


def command(server: Server, cwd: Path, words: list[str], said: str = "") -> str:
    done = subprocess.run(
        words,
        env=server.env,
        cwd=cwd,
        input=said,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
