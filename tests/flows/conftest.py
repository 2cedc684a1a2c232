"""One Prefect server for all tests of the flows, and one small run's configuration for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.serving import Server, copy_database
from tests.support import both_lanes, write_jsonl

CONFIG = """\
name = "{name}"
store = "{store}"
shard_size = 3
input.questions = ["questions.jsonl"]
keep = {{high = 1.0, mass = 0.0}}
generate = {{model = "m", max_tokens = 512, n = 2}}
judge = {{model = "m", max_tokens = 512}}
"""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prefect-empty") / "prefect.db"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("prefect") / "home")
    try:
        started.wait_until_up()
        copy_database(started.home / "prefect.db", empty_database)
        yield started
    finally:
        started.stop()


@pytest.fixture
def config(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file that describes a small run, named after the test."""
    write_jsonl(tmp_path / "questions.jsonl", both_lanes())
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:60]
    path = tmp_path / "run.toml"
    path.write_text(CONFIG.format(name=name, store=tmp_path / "store"), encoding="utf-8")
    return path
