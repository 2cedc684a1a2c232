"""The demo on the fake backend: what it prints, what it makes, and what it leaves behind."""

import re
import signal
import subprocess
import sys
import urllib.request
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
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(page[0], timeout=5)


def test_interrupted_demo_leaves_no_process(store: Path) -> None:
    demo = subprocess.Popen(
        [*DEMO, str(store)], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        children = wait_for(lambda: psutil.Process(demo.pid).children(recursive=True))
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 130
    finally:
        demo.kill()
        demo.wait()
    assert not [child for child in children if child.is_running()]
