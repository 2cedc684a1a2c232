"""What came of each server's requests is kept with the run, told by its page and by its versions."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from datapipe.accounting import as_told, balanced
from datapipe.backends.base import Completion, Refused, Request, Transient
from datapipe.backends.fake import Fake
from datapipe.config_spend import Spend
from datapipe.context import Context
from datapipe.cost_page import cost
from datapipe.endpoints import Endpoints
from datapipe.pipeline import drive, finish
from datapipe.server_list import ServersFile
from datapipe.usage import record_servers, server_tallies, servers_path
from tests import support
from tests.datapipe.scripted import Server, ask, endpoints, failing, request, run, settings
from tests.datapipe.test_choices import config as choosing
from tests.datapipe.test_server_joining import A, B, until
from tests.datapipe.test_server_oddities import three

NONE = {"answers": 0, "tokens": 0, "refused": 0, "failed": 0, "withdrawn": 0, "asides": 0}


def test_what_came_of_requests_is_counted_by_server() -> None:
    bad, good = Server("bad", failing(Transient("torn"))), Server("good", three(10))
    pool = endpoints(bad, good, strikes=2, attempts=3, aside_s=1e6)
    run(pool, *(request(i) for i in range(20)))
    found = pool.tallies()
    assert found["good"] == {**NONE, "answers": 60, "tokens": 600}
    assert found["bad"] == {**NONE, "failed": len(bad.asked), "asides": 1}
    picky = endpoints(Server("picky", failing(Refused("too long"))))
    run(picky, *(request(i) for i in range(3)))
    assert picky.tallies()["picky"] == {**NONE, "refused": 3}


def test_one_that_has_left_is_still_counted_and_one_that_returns_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text(A)
    file = ServersFile(path, "generator")
    file.read()
    pool = Endpoints({}, settings(servers_file=str(path), poll_s=0.01), file=file, make=Server)

    async def tell() -> None:
        await ask(pool, *(request(i) for i in range(5)))
        for listed in (B, A):
            path.write_text(listed)
            await until(lambda listed=listed: pool.healthy() == (listed,))
            await ask(pool, *(request(i) for i in range(5)))
        await pool.close()

    asyncio.run(asyncio.wait_for(tell(), 60))
    assert {name: tally["answers"] for name, tally in pool.tallies().items()} == {A: 10, B: 5}


def test_owners_one_after_the_other_are_added_up(tmp_path: Path) -> None:
    def tally(answers: int) -> dict[str, int]:
        return {**NONE, "answers": answers}

    record_servers(tmp_path, 1, "generator", {"a": tally(5)})
    record_servers(tmp_path, 1, "generator", {"a": tally(7), "b": tally(1)})
    record_servers(tmp_path, 1, "judge", {"a": tally(2)})
    record_servers(tmp_path, 2, "generator", {"a": tally(10), "c": tally(0)})
    record_servers(tmp_path, 3, "judge", {"a": tally(100)})
    record_servers(tmp_path, 3, "generator", {"a": tally(1_000)})
    record_servers(tmp_path, 2, "generator", {"a": tally(10**6)})  # it has lost the run
    told = {(row["role"], row["server"]): row["answers"] for row in server_tallies(tmp_path)}
    assert told == {("generator", "a"): 1_017, ("generator", "b"): 1, ("judge", "a"): 102}
    assert len(json.loads(servers_path(tmp_path).read_text())) == 5
    servers_path(tmp_path).write_text('[{"token": 1')
    assert server_tallies(tmp_path) == []
    record_servers(tmp_path, 4, "generator", {"a": tally(3)})
    assert [row["answers"] for row in server_tallies(tmp_path)] == [3]


class Halves(Fake):
    """Fails at every other request before it answers."""

    tried: set[str]

    async def complete(self, request: Request) -> Completion:
        self.tried = getattr(self, "tried", set())
        if request.id not in self.tried and len(self.tried) % 2:
            self.tried.add(request.id)
            raise Transient("torn")
        self.tried.add(request.id)
        return await super().complete(request)


def over(names: list[str]) -> Any:
    """Backends over servers of these names."""

    def backend(config: Any, role: str) -> Endpoints:
        fakes = {name: Halves(server=name) for name in names}
        role = "judge" if role == "judge" else "generator"
        return Endpoints(fakes, settings(*names, role=role, attempts=9, strikes=100))

    return backend


@pytest.mark.slow
def test_the_page_the_card_and_the_manifest_tell_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = choosing(tmp_path, n=8, choices=4)
    urls = ["http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1"]
    with Context(made, backend=over(urls)) as ctx:
        ctx.__dict__["pool"] = support.Inline(ctx.checks)
        drive(ctx, support.in_turn(ctx))
        version, _ = finish(ctx)
    found = balanced(ctx.run, Spend())
    assert {row["server"] for row in found.fleet} <= {*urls}
    assert sum(row["answers"] for row in found.fleet) == 16 == found.cells[-1]["answers"]
    assert sum(row["tokens"] for row in found.fleet) == found.cells[-1]["generated"]
    assert sum(row["failed"] for row in found.fleet) > 0
    cost(made.folder)
    titled = "\nRequests of each server\nrole\tserver\tanswers\ttokens\trefused\tfailed"
    assert titled in capsys.readouterr().out
    told = json.loads((version / "manifest.json").read_text())["spending"]
    assert [{**row, "server": ""} for row in told["fleet"]] == [{**row, "server": ""} for row in found.fleet]
    assert {row["server"] for row in told["fleet"]} == {row["server"] for row in told["servers"]}
    assert {row["server"] for row in told["fleet"]} <= {"server 1", "server 2"}
    assert as_told(found, Spend())["fleet"] == found.fleet
    card = (version / "README.md").read_text()
    assert "| role | server | answers | tokens | refused | failed | withdrawn | asides |" in card
    assert "10.0.0." not in card + json.dumps(told)
