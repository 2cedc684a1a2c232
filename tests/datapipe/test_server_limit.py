"""A server is given enough to keep it busy, and no queue."""

from collections.abc import Callable

import pytest

from datapipe.server_limit import FIRST, Limit
from datapipe.server_metrics import Load


def steered(takes: int, polls: int, most: int = 2_000, others: int = 0, share: int = 500) -> list[int]:
    """The limit after each look at a server that runs at most `takes` requests, while we have plenty."""
    limit = Limit(most)
    limit.begin(share)
    found = []
    for _ in range(polls):
        ours, every = limit.value, limit.value + others
        running = min(every, takes)
        limit.told(Load(running, every - running, None, 0.0), ours)
        found.append(limit.value)
    return found


@pytest.mark.parametrize("takes", [1, 16, 256, 1_024])
def test_metrics_steer_to_a_full_batch_and_a_short_queue(takes: int) -> None:
    found = steered(takes, 80)
    settled = found[40:]
    assert min(settled) >= takes
    assert max(settled) <= takes + max(1, takes // 16) + max(1, takes // 4)


def test_a_server_that_others_fill_is_not_given_up_nor_flooded() -> None:
    found = steered(256, 80, others=256)[40:]
    assert 16 <= min(found) <= max(found) <= 144


def test_the_limit_of_all_is_never_passed() -> None:
    assert max(steered(10_000, 80, most=700)) == 700


def test_requests_of_several_choices_are_counted_as_requests() -> None:
    limit = Limit(1_000)
    limit.begin(500)
    for _ in range(40):
        ours = limit.value
        running = min(8 * ours, 256)
        limit.told(Load(running, 8 * ours - running, None, 0.0), ours)
    assert 32 <= limit.value <= 40


def test_one_burst_is_no_queue() -> None:
    limit = Limit(64)
    limit.told(Load(0, 64, None, 0.0), 64)
    assert limit.value == 64
    limit.told(Load(64, 0, None, 0.0), 64)
    limit.told(Load(0, 64, None, 0.0), 64)
    assert limit.value == 64


def test_a_full_cache_takes_less_and_a_fuller_one_no_more() -> None:
    limit = Limit(1_000)
    limit.begin(64)
    limit.told(Load(64, 0, 0.95, 0.0), 64)
    assert limit.value == 64
    limit.told(Load(64, 0, 0.99, 0.0), 64)
    assert limit.value == 60
    limit.told(Load(60, 0, 0.5, 0.0), 60)
    assert 60 < limit.value <= 68


def test_without_metrics_the_bound_of_all_is_the_start() -> None:
    limit = Limit(64)
    limit.begin(16)
    assert limit.value == 16
    limit.told(None, 16)
    assert limit.value == 64


def test_a_server_that_turns_requests_away_is_given_fewer_until_it_answers() -> None:
    limit = Limit(64)
    limit.full(40)
    assert limit.value == 28
    for _ in range(28):
        limit.answered()
    assert limit.value == 29
    for _ in range(1_000_000):
        limit.full(1)
    assert limit.value == 1


def test_a_server_that_is_back_begins_small_and_doubles() -> None:
    limit = Limit(64)
    limit.back()
    assert limit.value == FIRST
    for _ in range(24):
        limit.answered()
    assert limit.value == 32
    for _ in range(32):
        limit.answered()
    assert limit.value == 33


@pytest.mark.parametrize("act", [Limit.back, lambda limit: limit.full(0)])
def test_no_limit_is_below_one(act: Callable[[Limit], None]) -> None:
    limit = Limit(1)
    act(limit)
    assert limit.value == 1
