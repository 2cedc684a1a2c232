"""`datapipe serve` over fake servers: what it starts, restarts, leaves alone, and leaves behind."""

import json
import subprocess
import sys
import urllib.request

import pytest

from tests.datapipe.serving.fleets import QUICK, processes, put_fleet, put_recipe, put_vllm, serving
from tests.ports import kept_port

pytestmark = pytest.mark.slow
TABLE = 'recipe = "fake.toml"'


@pytest.fixture(autouse=True)
def _vllm(tmp_path, monkeypatch):
    put_vllm(tmp_path, monkeypatch)


def gone(folder) -> bool:
    return not processes(folder)


def test_servers_are_listed_when_ready_and_a_stop_leaves_nothing(tmp_path):
    put_recipe(tmp_path, fake=("child", "deaf"))
    with serving(put_fleet(tmp_path, f"{TABLE}\ncount = 2", f'{TABLE}\nroles = ["judge"]')) as served:
        # Listed first, told as ready then.
        served.until(lambda s: {each.state for each in s.state().workers} == {"ready"})
        assert len(served.urls("judge")) == 3
        assert len(served.urls("generate")) == 2
        assert urllib.request.urlopen(served.urls()[0].replace("/v1", "/health")).status == 200
        assert len(processes(tmp_path)) == 12  # two guards, a server and its child each
        caches = {p.environ().get("VLLM_CACHE_ROOT") for p in processes(tmp_path)}
        assert len(caches) == 3
        assert served.end() == 0
        assert gone(tmp_path)
        assert served.urls("judge") == []
        assert {each.state for each in served.state().workers} == {"stopped"}


def test_a_server_that_never_starts_is_given_up_and_the_others_go_on(tmp_path):
    put_recipe(tmp_path)
    put_recipe(tmp_path, "bad", fake=("no-start",))
    with serving(put_fleet(tmp_path, TABLE, 'recipe = "bad.toml"')) as served:
        served.until(lambda s: (s.worker().state, s.worker(1).state) == ("ready", "given up"))
        assert served.worker(1).restarts == 3
        assert len(served.urls()) == 1
        assert "the model is\\x1b[31m too large" in served.log.read_text()


def test_where_all_are_given_up_it_ends_and_says_why(tmp_path):
    put_recipe(tmp_path, fake=("no-answer",))
    with serving(put_fleet(tmp_path, TABLE, restart={"most": 1, "backoff_s": 0.0})) as served:
        assert served.process.wait(60) == 5
        said = served.log.read_text()
        assert "every server was given up: fake-0: the warm-up request was answered 500" in said
        assert gone(tmp_path)


def test_of_servers_whose_health_fails_only_a_busy_one_is_left_alone(tmp_path):
    put_recipe(tmp_path, "busy", fake=("busy",))
    put_recipe(tmp_path, "sick", fake=("sick",))
    put_recipe(tmp_path, "still", fake=("still",))
    tables = [f'recipe = "{name}.toml"' for name in ("busy", "sick", "still")]
    # Far apart, so that a look that comes late tells one from the other all the same.
    with serving(put_fleet(tmp_path, *tables, restart={**QUICK["restart"], "stuck_s": 4.0})) as served:
        served.until(lambda s: s.worker(1).restarts > 1 and s.worker(2).restarts > 0)
        busy, sick, still = served.state().workers
        assert busy.restarts == 0
        assert "/health failed for 0.4 s in which it had nothing to do" in sick.said
        assert "no token came for 4 s" in still.said
        assert busy.healthy is False
        assert busy.running == 3
        assert busy.tokens_per_s
        assert served.end() == 0


def test_a_loud_server_has_a_bounded_log(tmp_path):
    put_recipe(tmp_path, fake=("loud",))
    with serving(put_fleet(tmp_path, TABLE, log_mb=1)) as served:
        served.until_ready(1)
        logs = served.folder / "logs"
        served.until(lambda s: (logs / "fake-0.log.1").exists())
        # It is copied first, and then emptied.
        served.until(lambda s: (logs / "fake-0.log").stat().st_size < 1 << 20)
        assert (logs / "fake-0.log.1").stat().st_size >= 3_000_000


@pytest.fixture
def port():
    with kept_port() as found:
        yield found


def test_a_second_supervisor_is_refused_and_status_tells(tmp_path, port):
    put_recipe(tmp_path)
    fleet = put_fleet(tmp_path, f"{TABLE}\nport = {port}")
    command = [sys.executable, "-m", "datapipe", "serve", str(fleet)]
    with serving(fleet) as served:
        served.until(lambda s: s.urls() and s.worker().waiting)
        second = subprocess.run(command, capture_output=True, text=True)
        assert second.returncode == 2
        assert "serves this fleet already" in second.stderr
        told = subprocess.run([*command, "--status", "--json"], capture_output=True, text=True, check=True)
        (worker,) = json.loads(told.stdout)["workers"]
        assert (worker["state"], worker["url"], worker["waiting"]) == ("ready", served.urls()[0], 1)
        served.end()
    told = subprocess.run([*command, "--status"], capture_output=True, text=True, check=True)
    said = [line.split(" ", 2)[2] for line in served.log.read_text().splitlines()]
    assert said[0] == f"starting 1 vLLM server(s), which takes a while; logs are in {served.folder}/logs"
    assert said[-1] == "ending every server; a busy one is killed after 5 s"
    assert "nobody serves it now" in told.stdout
    assert (
        f"logs are in {served.folder}/logs; ready ones are named in {served.folder}/*.servers" in told.stdout
    )
    assert "fake-0\tstopped" in told.stdout
