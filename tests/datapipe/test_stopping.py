"""When a question is asked again, and what is said for it."""

import pytest

from datapipe import stopping
from datapipe.config import Tiers
from datapipe.config_spend import Spend
from datapipe.prior import Prior
from datapipe.stopping import Step

USUAL = Prior(0.5, 0.5, 0.1)
SURE = Prior(0.1, 0.1, 0.45, 0.45)
"""Under it nearly all is never right or always."""
THREE = Tiers(hard=0.3, medium=0.7, easy=0.999)
SPEND = Spend(rounds=True)


def decided(
    passes: int,
    scored: int,
    draws: int | None = None,
    *,
    spend: Spend = SPEND,
    prior: Prior = USUAL,
    tiers: Tiers = THREE,
    short: bool = False,
) -> Step:
    return stopping.decide(passes, scored, draws or scored, spend, prior, tiers, short)


def test_the_first_draws_are_asked_whatever_comes() -> None:
    step = decided(0, 3)
    assert (step.more, step.reason) == (5, "the first 8 draws are asked whatever comes")


def test_it_stops_where_one_tier_holds_enough() -> None:
    step = decided(1, 12)
    assert (step.more, step.tier, step.reason) == (0, "hard", "hard holds 0.96 of the mass")
    assert step.mass == pytest.approx(0.961, abs=0.001)


def test_it_goes_on_where_none_does() -> None:
    step = decided(4, 12)
    assert step.more == 4
    assert step.reason == "no tier holds 0.9 of the mass: medium holds 0.61"


def test_it_never_goes_beyond_the_most() -> None:
    step = decided(8, 16, tiers=Tiers(hard=0.45, medium=0.5, easy=0.55))
    assert step.more == 0
    assert step.reason.startswith("16 draws are the most; ")


@pytest.mark.parametrize("passes", [0, 4])
def test_none_and_all_say_little_before_8(passes: int) -> None:
    early = Spend(rounds=True, first=4)
    assert decided(passes, 4, spend=early, prior=SURE).more == 4
    assert decided(passes, 4, spend=early, prior=SURE).mass > 0.9
    assert decided(2 * passes, 8, spend=early, prior=SURE).more == 0


@pytest.mark.parametrize("passes", [0, 4])
def test_who_wants_fewer_than_8_at_most_gets_no_more(passes: int) -> None:
    few = Spend(rounds=True, first=4, most=4, hard=4)
    step = decided(passes, 4, spend=few)
    assert step.more == 0
    assert step.reason.startswith("4 draws are the most; ")
    assert decided(passes, 4, spend=few, short=True).more == 0


def test_fewer_than_8_at_most_are_more_while_hard_questions_are_short() -> None:
    few = Spend(rounds=True, first=2, step=2, most=4, hard=6)
    assert [decided(0, draws, spend=few, short=True).more for draws in (2, 4, 6)] == [2, 2, 0]
    assert [decided(0, draws, spend=few).more for draws in (2, 4)] == [2, 0]
    assert decided(4, 4, spend=few, short=True).more == 0


def test_draws_without_a_verdict_do_not_count_among_the_8() -> None:
    assert decided(0, 7, 8, prior=SURE).more == 4
    assert decided(0, 0, 8, prior=SURE).more == 4
    assert decided(0, 7, 16, prior=SURE).more == 0


def test_never_right_goes_on_while_hard_questions_are_short() -> None:
    for draws in (8, 12, 16, 20, 28):
        step = decided(0, draws, prior=SURE, short=True)
        assert (step.more, step.reason) == (4, f"0 of {draws} right while hard questions are short")
    assert decided(0, 32, prior=SURE, short=True).more == 0
    assert decided(1, 20, prior=USUAL, short=True).more == 0
    assert decided(0, 16, prior=SURE, short=False).more == 0


def test_all_walks_look_at_the_same_draws() -> None:
    odd = Spend(rounds=True, first=8, step=5, most=16, hard=20)
    assert decided(0, 13, spend=odd, short=True).more == 3
    assert decided(4, 13, spend=odd, short=True).more == 3
    assert decided(0, 16, spend=odd, short=True).more == 4


def test_a_look_is_the_decision_for_every_count() -> None:
    plain = Prior(0.5, 0.5, 0.0)
    for short in (False, True):
        found = stopping.look(11, 12, SPEND, plain, THREE, short)
        assert found.scored == 11
        assert found.asks == tuple(c for c in range(12) if decided(c, 11, 12, prior=plain, short=short).more)
        assert (0 in found.asks) == short
        assert 4 in found.asks


@pytest.mark.parametrize(("passes", "scored", "draws"), [(-1, 2, 2), (3, 2, 2), (1, 3, 2)])
def test_counts_that_cannot_be_are_told(passes: int, scored: int, draws: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        stopping.decide(passes, scored, draws, SPEND, USUAL, THREE, False)
    with pytest.raises(ValueError, match="cannot be"):
        stopping.decide_open(passes, scored, draws, SPEND, USUAL, 4)


@pytest.mark.parametrize(
    ("passes", "draws", "more", "reason"),
    [
        (1, 2, 6, "the first 8 draws are asked whatever comes"),
        (4, 8, 0, "4 passed and 4 are kept"),
        (3, 8, 4, "3 of 4 wanted passed"),
        (3, 16, 0, "16 draws are the most; 3 of 4 wanted passed"),
        (0, 8, 0, "another draw is kept with a chance of 0.04"),
    ],
)
def test_an_open_question_stops_when_another_draw_is_unlikely_to_be_kept(
    passes: int, draws: int, more: int, reason: str
) -> None:
    assert stopping.decide_open(passes, draws, draws, SPEND, USUAL, 4) == (more, reason)
