"""What servers were asked that no answer tells of is told of a run, on a line of its own."""

from pathlib import Path

import pytest

from datapipe import loop
from datapipe.accounting import account, as_told, balanced
from datapipe.backends.base import Completion, Outage
from datapipe.config_spend import Spend
from datapipe.cost_page import cost
from datapipe.probe import responds
from datapipe.run import RunFolder
from datapipe.server_state import Besides, Counts
from datapipe.usage import record_usage, usage_path
from tests import support
from tests.datapipe.scripted import Server, endpoints, failing

FREE = Spend()


@pytest.fixture
def run(tmp_path: Path) -> support.Ran:
    rows = [support.verifiable(*support.SUMS[0])]
    said = Completion("The answer is 4.", "stop", "s", prompt_tokens=10, completion_tokens=100)
    config = support.settings(tmp_path, rows, lanes=["verifiable"], generate={"n": 1})
    return support.ran(config, support.Model(lambda _: said))


def test_probes_and_trials_are_a_line_of_their_own(run: support.Ran) -> None:
    before, spend = account(run.folder, FREE), Spend(price_in=1.0, price_out=2.0, currency="EUR")
    assert before.besides == []
    usage_path(run.path).write_text('{"token": 1, "role": "generator", "done": 5, "failed": 0, "retried": 0}')
    for token in (2, 3):
        record_usage(run.path, token, "generator", Counts(besides=Besides(10, 100, 500)))
        record_usage(run.path, token, "generator", Counts(done=9, besides=Besides(11, 110, 600)))
    record_usage(run.path, 3, "judge", Counts(besides=Besides(4, 40, 50)))
    found = balanced(RunFolder(run.path), spend)
    assert found.fates == before.fates
    assert [row["generated"] for row in found.cells] == [row["generated"] for row in before.cells]
    assert found.besides == [
        {"role": "generator", "requests": 22, "prompt": 220, "generated": 1_200, "EUR": 0.00262},
        {"role": "judge", "requests": 4, "prompt": 40, "generated": 50, "EUR": None},
    ]
    assert as_told(found, spend)["besides"] == found.besides


def test_the_page_tells_what_probes_cost(run: support.Ran, capsys: pytest.CaptureFixture[str]) -> None:
    record_usage(run.path, 7, "generator", Counts(besides=Besides(10, 100, 500)))
    cost(run.path)
    told = capsys.readouterr().out
    table = "role\trequests\tprompt\tgenerated\ngenerator\t10\t100\t500\n"
    assert f"\nProbes and trials of servers\n{table}" in told


def test_asking_whether_anybody_is_there_is_counted_apart() -> None:
    pool = endpoints(Server("a"))
    assert responds(pool, "m")
    assert pool.snapshot().besides == Besides(1, 0, 2)
    dead = endpoints(Server("a", failing(Outage("nobody"))), attempts=1, startup_s=0.0)
    assert not responds(dead, "m")
    assert dead.snapshot().besides == Besides()
    loop.run(pool.close())
    loop.run(dead.close())


def test_a_copy_of_the_counts_is_of_its_moment() -> None:
    pool = endpoints(Server("a"))
    before = pool.snapshot()
    pool.counts.besides.add(None, 3)
    assert (before.besides, pool.snapshot().besides) == (Besides(), Besides(1, 0, 3))
