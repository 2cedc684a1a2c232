"""Draws go where a token brings most samples, and no further than what is lacking."""

import pytest

from datapipe.harvesting import Candidate, allot
from schemas.base import Tier


def of(
    name: str, chance: float, tokens: float = 100, tier: Tier = "hard", room: int = 4, most: int = 8
) -> Candidate:
    return Candidate(("verifiable", 0, name), tier, chance, tokens, room, most)


def test_the_best_question_by_the_token_comes_first() -> None:
    found = allot([of("dear", 0.5, 900), of("cheap", 0.4, 100)], {"hard": 1})
    assert {key[2]: draws for key, draws in found.items()} == {"cheap": 3}


def test_a_tier_that_lacks_nothing_is_not_drawn_from() -> None:
    assert not allot([of("a", 0.9), of("b", 0.9, tier="easy")], {"hard": 0})


def test_the_gain_of_a_question_falls_as_its_room_fills() -> None:
    found = allot([of("sure", 1.0, room=2), of("other", 0.3)], {"hard": 3})
    assert {key[2]: draws for key, draws in found.items()} == {"sure": 2, "other": 4}


@pytest.mark.parametrize(("tokens", "draws"), [(0, 0), (250, 3), (None, 8)])
def test_the_tokens_left_bound_what_is_drawn(tokens: int | None, draws: int) -> None:
    assert allot([of("a", 0.1)], {"hard": 5}, tokens).total() == draws
