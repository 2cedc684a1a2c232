"""Rounds that go on after others: what was decided stands, what comes next knows all there is by then."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from datapipe.context import Context, Shard
from datapipe.decide import decision_part
from datapipe.prior import Cell
from datapipe.priors import Priors, cells_of
from datapipe.share import in_share
from schemas.rows import Round
from tests.datapipe.drawn import in_rounds, model
from tests.support import Ran, ran, stored

pytestmark = pytest.mark.slow
RATES = {n: (0.9 if n % 2 else 0.7) for n in range(1, 13)}
KIND = ("tests", "arithmetic")
SHARE = 0.4
HARD = dict.fromkeys(RATES, 0.2)
EASY = {"tiers": {"hard": 0.3, "medium": 0.31, "easy": 0.99}}
"""Nearly all that is ever right is easy."""


def run(
    folder: Path, share: float = 1.0, size: int = 4, rates: Any = RATES, rate: Any = None, **spend: Any
) -> Ran:
    config = in_rounds(folder, 12, {"hard": 16, "share": share, **spend}, shard_size=size, rate=rate or {})
    return ran(config, model(rates))


def decided(of: Ran) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = defaultdict(list)
    for row in sorted(of.rows("rounds"), key=lambda row: row.round):
        if row.purpose == "rate":
            found[row.question_id].append(row)
    return found


def dies(patch: pytest.MonkeyPatch, place: str, at: int) -> None:
    """The process ends where decisions are to be stored for so many times."""
    seen: list[Shard] = []

    def dying(ctx: Context, shard: Shard) -> str:
        seen.append(shard)
        if len(seen) == at:
            pytest.exit("killed")
        return decision_part(ctx, shard)

    patch.setattr(f"datapipe.{place}.decision_part", dying)


def test_after_a_pilot_decisions_are_taken_on_all_that_is_known(tmp_path: Path) -> None:
    pilot = run(tmp_path, SHARE, size=12)
    before, rows = set(stored(pilot.path)["rounds"]), decided(pilot)
    [little] = {tuple(row.prior or ()) for of in rows.values() for row in of}
    inside = {q.question_id for q in pilot.rows("questions") if in_share(SHARE, 0, q.question_id)}
    assert set(rows) == inside
    assert 1 < len(inside) < 9
    whole = run(tmp_path, size=12)
    assert before <= set(stored(whole.path)["rounds"])
    assert {request.affinity for request in whole.model.asked}.isdisjoint(inside)
    after = decided(whole)
    assert all(len(after[question]) == len(rows[question]) for question in inside)
    first: list[Cell] = [(of[0].passes or 0, of[0].scored or 0) for of in after.values()]
    known = Priors([cells_of((KIND, cell) for cell in first)], whole.ctx.settings.rate).of(KIND)
    assert len(first) == known.n == 12
    fresh = {tuple(row.prior or ()) for question, of in after.items() if question not in inside for row in of}
    assert fresh == {(known.alpha, known.beta, known.unsolved, known.solved)}
    assert fresh != {little}


def test_after_a_pilot_a_full_tier_is_known_to_be_full(tmp_path: Path) -> None:
    """The pilot's shards had none, and the third learns of the first."""
    spend = {"rate": EASY, "target": {"easy": 9}}
    pilot = run(tmp_path, SHARE, **spend)
    before = decided(pilot)
    assert all(row.full == [] for rows in before.values() for row in rows)
    whole, number = run(tmp_path, **spend), dict[str, int]()
    for shard in range(3):
        rows = whole.folder.columns("questions", "verifiable", shard, "question_id")
        number.update((question, shard) for (question,) in rows)
    fresh = {q: rows for q, rows in decided(whole).items() if q not in before}
    assert {number[q] for q in before} == {number[q] for q in fresh} == {0, 1, 2}
    for question, rows in fresh.items():
        assert {tuple(row.full or ()) for row in rows} == {("easy",) if number[question] == 2 else ()}


@pytest.mark.parametrize("at", [2, 4])
def test_a_run_after_a_pilot_that_is_killed_decides_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    run(tmp_path, SHARE)
    run(tmp_path / "whole", SHARE)
    whole = stored(run(tmp_path / "whole").path)
    with monkeypatch.context() as patch:
        dies(patch, "decide", at)
        with pytest.raises(pytest.exit.Exception):
            run(tmp_path)
    again = stored(run(tmp_path).path)
    assert again["rounds"] == whole["rounds"]
    assert again["ratings"] == whole["ratings"]


def test_harvests_that_a_kill_left_are_those_of_the_configuration_that_took_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored by one that asks more rounds, they do not pass for its own decisions."""
    few = {"rates": HARD, "rate": EASY, "most": 8, "hard": 8, "harvest": 4, "target": {"hard": 60}}
    more = {**few, "most": 12, "hard": 12}
    run(tmp_path / "whole", **few)
    whole = run(tmp_path / "whole", **more)
    with monkeypatch.context() as patch:
        dies(patch, "harvest", 1)
        with pytest.raises(pytest.exit.Exception):
            run(tmp_path, **few)
    assert (tmp_path / "store/run=r/_harvest.json").exists()
    again = run(tmp_path, **more)
    ends = {question: rows[-1].draws for question, rows in decided(whole).items()}
    assert 12 in ends.values()
    assert {question: rows[-1].draws for question, rows in decided(again).items()} == ends
