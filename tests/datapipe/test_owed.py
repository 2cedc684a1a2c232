"""What is owed follows from the configuration and the stored decisions, and from nothing else."""

from typing import Any

import pytest

from datapipe.config import RunConfig
from datapipe.owed import HARVEST, Due, Slot
from schemas.ids import request_id
from schemas.rows import Round


def config(**spend: Any) -> RunConfig:
    data = {
        "name": "r",
        "store": "/s",
        "input": {"questions": ["q"]},
        "generate": {"n": 3},
        "spend": {"first": 2, "most": 8, **spend},
    }
    return RunConfig.model_validate(data)


def row(number: int, draws: int, more: int | None = None, **change: Any) -> Round:
    base = {
        "lane": "verifiable",
        "question_id": "q",
        "policy_id": "p",
        "round": number,
        "draws": draws,
        "action": "ask" if more else "stop",
        "reason": "because",
        "more": more,
        "passes": 0,
        "scored": draws,
    }
    return Round.model_validate({**base, **change})


def rounds_of(due: Due, question: str = "q") -> list[tuple[int, int]]:
    return [(slot.index, slot.round) for slot in due.rate(question)]


def test_a_fixed_n_is_owed_whatever_was_decided() -> None:
    assert Due(config(), "p", [row(0, 2, 4)]).of("q") == [Slot(0), Slot(1), Slot(2)]


def test_without_a_decision_the_first_draws_are_owed() -> None:
    assert Due(config(rounds=True), "p").of("q") == [Slot(0), Slot(1)]


def test_every_decision_adds_its_draws() -> None:
    draws = Due(config(rounds=True), "p", [row(1, 5, 1), row(0, 2, 3), row(2, 6)])
    assert rounds_of(draws) == [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (5, 2)]
    assert rounds_of(draws, "another") == [(0, 0), (1, 0)]


def test_decisions_stand_when_first_changes() -> None:
    decided = [row(0, 2, 2)]
    assert rounds_of(Due(config(rounds=True, first=1), "p", decided))[-1] == (3, 1)
    assert rounds_of(Due(config(rounds=True, first=6), "p", decided))[2:] == [(n, 1) for n in range(2, 6)]
    assert rounds_of(Due(config(rounds=True, first=6), "p", [row(0, 2)]))[2:] == [(n, 1) for n in range(2, 6)]


def test_a_lost_decision_costs_no_draw_that_a_later_one_counts() -> None:
    assert len(Due(config(rounds=True), "p", [row(1, 5, 1)]).rate("q")) == 6


def test_rows_of_a_fixed_n_or_another_policy_decide_nothing() -> None:
    others = [row(0, 9, scored=None, reason="n is fixed"), row(0, 2, 6, policy_id="other")]
    assert len(Due(config(rounds=True), "p", others).of("q")) == 2


@pytest.mark.parametrize("rounds", [False, True])
def test_harvested_draws_have_indices_of_their_own(rounds: bool) -> None:
    decided = [row(0, 0, 2, purpose="harvest"), row(1, 2, 1, purpose="harvest")]
    draws = Due(config(rounds=rounds), "p", decided)
    assert draws.harvest("q") == [
        Slot(HARVEST, "harvest", 1),
        Slot(HARVEST + 1, "harvest", 1),
        Slot(HARVEST + 2, "harvest", 2),
    ]
    assert len(draws.rate("q")) == (2 if rounds else 3)


def test_keys_are_those_of_the_requests() -> None:
    found = dict(Due(config(rounds=True), "p").requests("q", "plain"))
    assert found == {request_id("q", "p", "plain", 0, index): Slot(index) for index in range(2)}


def test_recorded_answers_owe_nothing() -> None:
    data = config().model_dump() | {"input": {"questions": ["q"], "recorded": ["a"]}}
    assert Due(RunConfig.model_validate(data), "p").of("q") == []
