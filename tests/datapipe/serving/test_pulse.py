"""Only a server where nothing moves for long, with requests running and /health failing, is stuck."""

import pytest

from datapipe.serving.pulse import Pulse, read_metrics

TEXT = """# HELP vllm:num_requests_running Number of requests
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a b}"} 3.0
vllm:num_requests_running{engine="1",model_name="a"} 4
vllm:generation_tokens_total{engine="0"} 1.5e+03 1700000000
vllm:kv_cache_usage_perc{engine="0"} NaN
half a line
other 1 2 3
"""


def test_metrics_are_summed_over_engines_and_rubbish_is_left_out():
    assert read_metrics(TEXT) == {
        "vllm:num_requests_running": 7,
        "vllm:generation_tokens_total": 1500,
        "other": 1,
    }


def running(requests: int, tokens: float, prompt: float = 0.0) -> dict[str, float]:
    return {
        "vllm:num_requests_running": requests,
        "vllm:generation_tokens_total": tokens,
        "vllm:prompt_tokens_total": prompt,
    }


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
    assert (pulse.tokens_per_s, pulse.running, pulse.waiting) == (50.0, 2, None)
