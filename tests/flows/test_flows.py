"""What flows publish, and what Prefect shows of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import PLAN, run_pipeline
from datapipe.run import RunFolder
from datapipe.settings import load_config
from schemas.rows import LANES, Sample
from tests.flows.serving import LONGEST_S, Server, flow_command, wait_for
from tests.support import samples, stored

pytestmark = pytest.mark.flow
HERE = Path(__file__).parent


def published(version: Path) -> list[dict[str, Any]]:
    """The rows of a version, volatile columns aside."""
    return [{k: v for k, v in row.items() if k not in Sample.volatile} for row in samples(version)]


def without_prefect(config: Path, tmp_path: Path) -> tuple[Path, RunConfig]:
    """(the version that `datapipe run` publishes, its configuration)."""
    settings = load_config(config, [f"store={tmp_path / 'plain'}"], fake=True)
    with Context(settings) as ctx:
        version, _ = run_pipeline(ctx)
    return version, settings


def run(server: Server, command: list[str]) -> str:
    done = subprocess.run(
        command, env=server.env, cwd="/", capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_flow_publishes_what_datapipe_run_does(server: Server, config: Path, tmp_path: Path) -> None:
    said = run(server, flow_command("synthesize", config))
    plain, settings = without_prefect(config, tmp_path)
    assert published(Path(said.strip())) == published(plain) != []
    flowed = tmp_path / "store" / settings.folder.name
    assert stored(flowed) == stored(settings.folder)
    shown(server, settings.name)


def shown(server: Server, name: str) -> None:
    """Prefect shows one task per stage and shard, tagged, and the four artifacts."""
    assert server.states(name) == ["COMPLETED"]
    planned = {"publish": {"publish"}}
    for phase in PLAN:
        for stage in phase.stages:
            if phase.scope == "run":
                planned[stage] = {stage}
            else:
                planned |= {f"{stage} {lane} {n:05d}": {stage, lane} for lane in LANES for n in range(2)}
    body = {"flow_runs": {"name": {"any_": [name]}}}

    def completed() -> dict[str, set[str]] | None:
        # The server hears of tasks by events, a little later than of the flow.
        tasks = server.ask("/task_runs/filter", body)
        found = {task["name"]: set(task["tags"]) for task in tasks if task["state_type"] == "COMPLETED"}
        return found if len(found) >= len(planned) else None

    assert wait_for(completed) == planned
    artifacts = {each["key"]: each for each in server.ask("/artifacts/filter", body)}
    kinds = {"progress": "progress", "summary": "table", "drop-reasons": "table", "pass-rates": "markdown"}
    assert {key: artifacts[f"{key}-{name.replace('_', '-')}"]["type"] for key in kinds} == kinds
    assert artifacts[f"progress-{name.replace('_', '-')}"]["data"] == 100.0


def test_a_task_that_prefect_gives_up_is_done_and_shown_so(
    server: Server, config: Path, tmp_path: Path
) -> None:
    said = run(server, [sys.executable, str(HERE / "refused.py"), str(config)])
    refused, version = said.splitlines()
    plain, settings = without_prefect(config, tmp_path)
    assert int(refused) == 4
    assert published(Path(version)) == published(plain)
    shown(server, settings.name)


def test_two_flows_in_one_process(server: Server, config: Path, tmp_path: Path) -> None:
    other = config.with_name("other.toml")
    other.write_text(
        config.read_text(encoding="utf-8").replace('name = "', 'name = "other-'), encoding="utf-8"
    )
    said = run(server, [sys.executable, str(HERE / "two_flows.py"), str(config), str(other)])
    first, second, version = (Path(line) for line in said.split())
    plain, settings = without_prefect(config, tmp_path)
    assert published(version) == published(plain)
    alone = {"non_verifiable": stored(second)["ratings"], "verifiable": stored(first)["ratings"]}
    for lane, ratings in alone.items():
        mine = [row for row in stored(settings.folder)["ratings"] if json.loads(row)["lane"] == lane]
        assert mine == [row for row in ratings if json.loads(row)["lane"] == lane] != []
    assert not RunFolder(second).parts("ratings", "verifiable")
