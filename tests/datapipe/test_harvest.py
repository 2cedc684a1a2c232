"""Harvested draws fill tiers and enter no rate; a budget is held to and what it leaves unsent stays owed."""

from pathlib import Path
from typing import Any

import pytest

from datapipe.context import Context, Shard
from datapipe.decide import decision_part
from datapipe.owed import HARVEST
from datapipe.settings import parse_config
from datapipe.status import status
from schemas.rows import Answer
from tests.datapipe.drawn import in_rounds, model
from tests.support import Ran, ran, stored

pytestmark = pytest.mark.slow
RATES = {n: (0.5 if n % 3 else 0.15) for n in range(1, 13)}
SPEND = {"first": 8, "most": 12, "hard": 16, "harvest": 12, "target": {"hard": 12, "medium": 4}}


def run(folder: Path, **spend: Any) -> Ran:
    return ran(in_rounds(folder, 12, {**SPEND, **spend}), model(RATES))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("harvest"))


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("without"), harvest=0)


def harvested(of: Ran) -> list[Answer]:
    return [row for row in of.rows("answers") if row.purpose == "harvest"]


def kept_in(of: Ran, tier: str) -> int:
    tiers = {row.question_id: row.tier for row in of.rows("ratings")}
    return sum(tiers[row.question_id] == tier for row in of.rows("kept"))


def derived(of: Ran) -> dict[str, list[str]]:
    """All tables but those that name the input file."""
    return {table: rows for table, rows in stored(of.path).items() if table not in ("seeds", "questions")}


def test_harvest_adds_samples_where_they_lack(whole: Ran, without: Ran) -> None:
    made = harvested(whole)
    tiers = {row.question_id: row.tier for row in whole.rows("ratings")}
    assert {tiers[row.question_id] for row in made} == {"hard"}
    assert kept_in(without, "hard") < kept_in(whole, "hard")
    kept = {row.answer_id for row in whole.rows("kept")}
    assert kept & {row.answer_id for row in made}
    assert kept_in(whole, "medium") == kept_in(without, "medium") >= 4


def test_no_question_is_harvested_beyond_the_most(whole: Ran) -> None:
    for question in {row.question_id for row in harvested(whole)}:
        indices = sorted(row.index for row in harvested(whole) if row.question_id == question)
        assert indices == [HARVEST + k for k in range(len(indices))]
        assert len(indices) <= 12


def test_harvested_draws_enter_no_rate(whole: Ran, without: Ran) -> None:
    """Drawing until enough are right would report a rate of .1 as .127."""
    assert len(harvested(whole)) > 10
    assert stored(whole.path)["ratings"] == stored(without.path)["ratings"]
    assert stored(whole.path)["clusters"] == stored(without.path)["clusters"]


def test_the_ledger_balances_and_a_resume_asks_nothing(whole: Ran) -> None:
    assert [line.gap for line in whole.lines] == [0] * len(whole.lines)
    before = stored(whole.path)
    again = ran(whole.ctx.settings, model(RATES))
    assert again.model.asked == []
    assert stored(again.path) == before


def test_decisions_that_a_kill_left_half_stored_are_taken_as_they_were(
    whole: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[str] = []

    def dying(ctx: Context, shard: Shard) -> str:
        commits.append("")
        if len(commits) == 2:
            pytest.exit("killed")
        return decision_part(ctx, shard)

    with monkeypatch.context() as patch:
        patch.setattr("datapipe.harvest.decision_part", dying)
        with pytest.raises(pytest.exit.Exception):
            run(tmp_path)
    assert (tmp_path / "store/run=r/_harvest.json").exists()
    again = run(tmp_path)
    assert derived(again) == derived(whole)
    assert not (again.path / "_harvest.json").exists()


def test_harvest_goes_with_a_fixed_n(tmp_path: Path) -> None:
    fixed = {"rounds": False, "target": {"hard": 8}}
    plain = ran(
        in_rounds(tmp_path / "a", 6, {**SPEND, **fixed, "harvest": 0}, generate={"n": 8}), model(RATES)
    )
    more = ran(in_rounds(tmp_path / "b", 6, {**SPEND, **fixed}, generate={"n": 8}), model(RATES))
    assert harvested(more)
    assert kept_in(more, "hard") > kept_in(plain, "hard")
    assert stored(more.path)["ratings"] == stored(plain.path)["ratings"]
    assert [line.gap for line in more.lines] == [0] * len(more.lines)


def test_a_budget_is_held_to_and_what_is_unsent_stays_owed(
    whole: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spent = sum(row.completion_tokens or 0 for row in whole.rows("answers") if row.purpose == "rate")
    for share in (0.3, 0.7):
        limit = int(share * spent)
        some = run(tmp_path, budget=limit)
        used = sum(row.completion_tokens or 0 for row in some.rows("answers"))
        in_flight = 20 * some.ctx.settings.generate.concurrency
        assert limit <= used <= limit + in_flight
        [line] = [each for each in some.lines if each.stage == "answer"]
        assert (line.gap, line.note) == (0, f"the budget of {limit:,} tokens is spent")
        assert line.pending == line.came - line.out > 0
        assert [each.gap for each in some.lines] == [0] * len(some.lines)
        assert any("raise it and run again" in note for note in some.ctx.progress.notes)
        status(some.path)
        assert "the budget of" in capsys.readouterr().out
        assert run(tmp_path, budget=limit).model.asked == []
    again = run(tmp_path, budget=10 * spent)
    assert derived(again) == derived(whole)


def test_what_stands_in_a_journal_is_spent(
    whole: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("datapipe.answer._Work.commit", lambda self: pytest.exit("killed"))
        with pytest.raises(pytest.exit.Exception):
            run(tmp_path)
    config = in_rounds(tmp_path, 12, {**SPEND, "budget": 100})
    again = ran(parse_config(config.model_dump(mode="json"), "test"), model(RATES))
    assert again.model.asked == []
    assert len(again.rows("answers")) == 4 * 8


def test_a_pilot_harvests_for_its_part_of_the_target(tmp_path: Path) -> None:
    pilot = run(tmp_path, share=0.5)
    asked = len({row.question_id for row in pilot.rows("answers")})
    assert 2 < asked < 10
    part = -(-12 * asked // 12)
    assert _wanted_of(pilot) == {part}
    drawn = len(harvested(pilot))
    assert drawn > 0
    whole = run(tmp_path)
    assert _wanted_of(whole) == {part, 12}
    assert len(harvested(whole)) > drawn


def _wanted_of(of: Ran) -> set[int]:
    """Samples that harvests were told to be wanted of the hard tier."""
    told = (row.reason for row in of.rows("rounds") if row.purpose == "harvest")
    return {int(reason.split(" of ")[1].split()[0]) for reason in told}
