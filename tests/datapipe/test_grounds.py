"""What a decision hangs on, told for any counts: full tiers, open questions, priors by kind."""

from collections import Counter
from typing import Any

from datapipe.config import Rate, RunConfig
from datapipe.grounds import Grounds
from datapipe.prior import Prior
from datapipe.priors import Priors, cells_of
from schemas.base import Lane, Tier

PRIOR = Prior(0.5, 0.5, 0.1)


def grounds(*full: Tier, lane: Lane = "verifiable", **spend: Any) -> Grounds:
    data = {
        "name": "r",
        "store": "/s",
        "input": {"questions": ["q"]},
        "keep": {"answers": 2},
        "spend": {"rounds": True, "target": dict.fromkeys(full, 5), **spend},
    }
    return Grounds(RunConfig.model_validate(data), lane, PRIOR, full)


def test_a_full_tier_stops_what_most_likely_lies_in_it() -> None:
    assert grounds().step(4, 8, 8).more == 4
    step = grounds("medium").step(4, 8, 8)
    assert (step.more, step.reason, step.tier) == (0, "the medium tier has all 5 samples", "medium")
    assert grounds("easy").step(4, 8, 8).more == 4


def test_a_question_never_right_is_asked_on_for_the_hard_tier_alone() -> None:
    assert grounds("unsolved", "medium").step(0, 16, 16).more == 4
    assert grounds("hard").step(0, 16, 16).more == 0


def test_a_full_tier_stops_nobody_at_all_right_before_eight() -> None:
    assert grounds("trivial", first=4).step(4, 4, 4).more == 4
    assert grounds("trivial", first=4).step(8, 8, 8).more == 0


def test_a_look_is_the_decision_for_every_count() -> None:
    on = grounds("medium")
    assert on.look(8, 8).asks == tuple(passes for passes in range(9) if on.step(passes, 8, 8).more)
    assert 4 not in on.look(8, 8).asks


def test_an_open_question_is_left_with_enough_that_passed() -> None:
    on = grounds(lane="non_verifiable")
    assert on.step(1, 8, 8).more == 4
    assert on.step(2, 8, 8).more == 0
    assert "chance" in on.step(0, 12, 12).reason


def test_a_prior_is_that_of_its_kind_and_of_all_where_the_kind_is_new() -> None:
    easy, hard = ("a", "x"), ("b", "x")
    cells = cells_of(
        [(easy, (8, 8))] * 90 + [(easy, (7, 8))] * 60 + [(hard, (1, 8))] * 90 + [(hard, (0, 8))] * 60
    )
    priors = Priors([cells], Rate())

    def mean(prior: Prior) -> float:
        return prior.alpha / (prior.alpha + prior.beta)

    assert mean(priors.of(hard)) < 0.3 < mean(priors.of(("c", "x"))) < 0.7 < mean(priors.of(easy))
    assert priors.of(easy) == Priors([{easy: cells[easy]}, {hard: cells[hard]}], Rate()).of(easy)
    assert Priors([], Rate()).of(easy).n == 0
    assert Priors([{easy: Counter()}], Rate()).of(hard) == Priors([], Rate()).of(hard)
