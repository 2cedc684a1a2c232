"""A sandbox from its proof to its end: what fails meanwhile is told, and touches nothing else."""

import os
from pathlib import Path

import pytest

from judges import sandbox_landlock, sandbox_preflight
from judges.sandbox import Limits, Sandbox, SandboxLost
from judges.sandbox_preflight import lacking
from judges.sandbox_runs import Ran, candidate, run_program
from judges.sandbox_ways import WAYS, Way

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def working() -> list[Way]:
    """The ways that isolate here, one at least."""
    ways = [way for way in WAYS if lacking(way) is None]
    if not ways:
        pytest.skip("no sandbox works here")
    return ways


def printed(sandbox: Sandbox, program: str) -> Ran:
    return run_program(sandbox, [program], "", Limits())


def test_bubblewrap_contains_without_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    if lack := lacking("bubblewrap"):
        pytest.skip(lack)
    monkeypatch.setattr(sandbox_landlock, "abi", lambda: 0)
    sandbox_preflight._proven.clear()
    assert lacking("bubblewrap") is None
    with Sandbox("bubblewrap") as made:
        for place in ("/x", "/dev/x", "/etc/x", "/usr/x"):
            assert "Read-only file system" in printed(made, f"open({place!r}, 'w')").stderr


def test_a_fault_that_passes_is_none(working: list[Way], monkeypatch: pytest.MonkeyPatch) -> None:
    way = working[0]
    sandbox_preflight._proven.clear()
    with monkeypatch.context() as patched:
        patched.setattr(sandbox_preflight, "Sandbox", no_descriptors)
        assert "Too many open files" in str(lacking(way))
    assert lacking(way) is None


def no_descriptors(_: Way) -> Sandbox:
    raise OSError(24, "Too many open files")


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes others")
def test_each_sandbox_is_a_user_of_its_own(working: list[Way]) -> None:
    for way in working:
        with Sandbox(way) as one, Sandbox(way) as other:
            users = {printed(each, "import os; print(os.getuid())").stdout for each in (one, other)}
        assert len(users) == 2


def test_closing_follows_no_link(tmp_path: Path) -> None:
    if lack := lacking("landlock"):
        pytest.skip(lack)
    made = Sandbox("landlock")
    folder = made._started.folder
    assert folder is not None
    if Path(folder).exists():
        Path(folder).rmdir()
    tmp_path.chmod(0o755)
    (tmp_path / "x").touch()
    Path(folder).symlink_to(tmp_path)
    made.close()
    Path(folder).unlink()
    assert (oct(tmp_path.stat().st_mode)[-3:], os.listdir(tmp_path)) == ("755", ["x"])


def test_the_first_error_tells_why_a_sandbox_was_lost(working: list[Way]) -> None:
    with Sandbox(working[0]) as made:
        os.kill(made._zygote, 9)
        with pytest.raises(SandboxLost) as first, candidate(made, ["def f(): pass"], "f", Limits()) as called:
            called.load()
        with pytest.raises(SandboxLost) as second:
            made.clean()
        assert first.value is second.value
