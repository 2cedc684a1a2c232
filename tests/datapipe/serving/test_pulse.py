"""A server is stuck when nothing moves for long and /health fails, and sooner where it has nothing to do."""

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
        ([(False, running(0, 5))] * 4, True),  # nothing to do, as one that was set aside
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
    assert bool(pulse.stuck(100.0 * len(looks), 300.0, 1e9)) is stuck


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([(False, running(0, 5))] * 3, "failed for 100 s in which it had nothing to do"),
        ([(False, running(0, 5))] * 2 + [(False, running(1, 5))], None),  # it is tried with a request
        ([(False, Load(0, 1, None, 5, 5))] * 3, None),  # one waits
        ([(False, running(0, tokens)) for tokens in range(3)], None),  # short requests, seen only after them
        ([(False, None)] * 3, None),  # what it has to do is not known
        ([(True, running(0, 5))] * 3, None),
        ([(False, running(0, 5))] * 12, "no token came for 1000 s"),
    ],
)
def test_a_server_with_nothing_to_do_is_stuck_sooner(looks, said):
    pulse = Pulse(born=0.0)
    for second, (healthy, metrics) in enumerate(looks):
        pulse.see(100.0 * second, healthy, metrics)
    why = pulse.stuck(100.0 * (len(looks) - 1), 1000.0, 100.0)
    assert said in why if said and why else why is said


def test_a_server_that_starts_is_given_the_whole_time():
    pulse = Pulse(born=1000.0)
    pulse.see(1010.0, False, None)
    assert not pulse.stuck(1299.0, 300.0, 300.0)
    assert pulse.stuck(1300.0, 300.0, 300.0)


def test_tokens_per_second_are_of_the_last_two_looks():
    pulse = Pulse(born=0.0)
    pulse.see(10.0, True, running(1, 100))
    assert pulse.tokens_per_s is None
    pulse.see(20.0, True, running(2, 600))
    assert (pulse.tokens_per_s, pulse.running, pulse.waiting) == (50.0, 2, 0)
