"""Only a server where nothing moves for long, with requests running and /health failing, is stuck."""

import pytest

from datapipe.server_metrics import Load
from datapipe.serving.pulse import Pulse


def running(requests: int, generated: float, prompt: float = 0.0) -> Load:
    return Load(requests, 0, None, generated + prompt, generated)


@pytest.mark.parametrize(
    ("looks", "stuck"),
    [
        ([(False, running(3, 5))] * 4, True),
        ([(True, running(3, 5))] * 4, False),  # /health is well: whatever it does, it lives
        ([(False, running(3, tokens)) for tokens in range(4)], False),  # slow is not stuck
        ([(False, running(3, 5, prompt)) for prompt in range(4)], False),  # it reads long prompts
        ([(False, running(0, 5))] * 4, False),  # nothing to do
        ([(False, None)] * 4, True),  # it answers nothing at all
        (
            [(False, running(3, 5))] * 3 + [(True, running(3, 5))],
            False,
        ),  # slow under load, and then it answers
        ([(True, None)] * 4, False),
    ],
)
def test_stuck(looks, stuck):
    pulse = Pulse(born=0.0)
    for second, (healthy, metrics) in enumerate(looks):
        pulse.see(100.0 * second, healthy, metrics)
    assert pulse.stuck(100.0 * len(looks), 300.0) is stuck


def test_a_server_that_starts_is_given_the_whole_time():
    pulse = Pulse(born=1000.0)
    pulse.see(1010.0, False, None)
    assert not pulse.stuck(1299.0, 300.0)
    assert pulse.stuck(1300.0, 300.0)


def test_tokens_per_second_are_of_the_last_two_looks():
    pulse = Pulse(born=0.0)
    pulse.see(10.0, True, running(1, 100))
    assert pulse.tokens_per_s is None
    pulse.see(20.0, True, running(2, 600))
    assert (pulse.tokens_per_s, pulse.running, pulse.waiting) == (50.0, 2, 0)
