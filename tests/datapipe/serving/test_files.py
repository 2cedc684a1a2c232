"""What a supervisor leaves on the disk: servers files, logs, the state."""

import json
import os
import subprocess

import pytest

from datapipe.errors import ConfigError
from datapipe.serving import listing
from datapipe.serving.logs import Log
from datapipe.serving.page import status
from datapipe.serving.state import Ownership, Standing, State, read_state, supervised


def test_servers_are_listed_once_and_taken_off_everywhere(tmp_path):
    listing.clear(tmp_path, {"generate", "judge"})
    for url in ("http://a/v1", "http://b/v1", "http://a/v1"):
        listing.enlist(tmp_path, url, ["generate", "judge"], os.getpid())
    assert listing.servers_file(tmp_path, "judge").read_text() == "http://a/v1\nhttp://b/v1\n"
    listing.unlist(tmp_path, "http://a/v1")
    assert {path.read_text() for path in tmp_path.glob("*.servers")} == {"http://b/v1\n"}


def test_a_server_that_was_well_when_it_was_last_looked_at_and_died_is_not_listed_again(tmp_path):
    listing.clear(tmp_path, {"generate"})
    server = subprocess.Popen(["true"])
    listing.enlist(tmp_path, "http://a/v1", ["generate"], server.pid)
    server.wait()
    listing.unlist(tmp_path, "http://a/v1")
    listing.enlist(tmp_path, "http://a/v1", ["generate"], server.pid)
    assert listing.servers_file(tmp_path, "generate").read_text() == ""


def test_what_a_life_before_left_is_not_believed(tmp_path):
    listing.clear(tmp_path, {"generate", "judge"})
    listing.enlist(tmp_path, "http://a/v1", ["generate", "judge"], os.getpid())
    listing.clear(tmp_path, {"generate"})
    assert [path.name for path in tmp_path.glob("*.servers")] == ["generate.servers"]
    assert listing.servers_file(tmp_path, "generate").read_text() == ""


def test_a_log_is_bounded_while_a_server_writes_to_it(tmp_path):
    log = Log(tmp_path / "logs" / "a.log", 1000)
    with log.open() as server:
        for _ in range(5):
            server.write(b"x" * 900)
            log.bound()
        server.write(b"after\n")
    assert log.path.read_bytes() == b"x" * 900 + b"after\n"
    assert (tmp_path / "logs" / "a.log.1").stat().st_size == 1800


def test_the_end_of_a_log_shows_what_acts(tmp_path):
    log = Log(tmp_path / "a.log", 1000)
    assert log.tail() == "; it has no log"
    log.path.write_bytes(b"\xff\x1b[2J\r\n\r\nlast\n")
    assert log.tail().split("\n")[1:] == ["\ufffd\\x1b[2J", "last"]


def test_a_folder_has_one_owner(tmp_path):
    with Ownership(tmp_path):
        State(fleet="f", workers=[Standing(name="a", roles=["judge"])]).write(tmp_path)
        assert supervised(tmp_path)
        with pytest.raises(ConfigError, match=r"process \d+ on .* serves this fleet already"):
            Ownership(tmp_path)
    assert not supervised(tmp_path)
    assert json.loads((tmp_path / "state.json").read_text())["workers"][0]["state"] == "starting"


def test_a_killed_supervisor_is_not_believed_that_its_servers_are_ready(tmp_path, capsys):
    sick = Standing(name="a", roles=["judge"], state="ready", since=1.0, healthy=False, running=3, pid=1)
    State(fleet="f", workers=[sick, Standing(name="b", roles=["judge"], state="given up")]).write(tmp_path)
    assert not status(tmp_path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    first, second = told["workers"]
    assert (first["state"], second["state"], told["supervised"], told["left"]) == (
        *("stopped", "given up"),
        *(False, {}),
    )
    assert [first[key] for key in ("pid", "healthy", "running")] == [None] * 3
    assert first["since"] == told["written"]
    status(tmp_path, as_json=False)
    assert "a\tstopped" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written here"):
        Ownership(tmp_path / "file" / "below")


def test_a_damaged_state_is_told(tmp_path):
    assert read_state(tmp_path) is None
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(ConfigError, match="not the state of a fleet"):
        read_state(tmp_path)
