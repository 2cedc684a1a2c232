"""The load of a server is read out of its metrics, whoever wrote them."""

import pytest

from datapipe.server_metrics import Load, load_of

TWO_ENGINES = b"""# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="MiniMaxAI/MiniMax-M2"} 12.0
vllm:num_requests_running{engine="1",model_name="MiniMaxAI/MiniMax-M2"} 3.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="MiniMaxAI/MiniMax-M2"} 2.0
vllm:num_requests_waiting{engine="1",model_name="MiniMaxAI/MiniMax-M2"} 0.0
vllm:num_requests_waiting_by_reason{engine="1",reason="capacity"} 77.0
vllm:kv_cache_usage_perc{engine="0",model_name="MiniMaxAI/MiniMax-M2"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="MiniMaxAI/MiniMax-M2"} 0.5
vllm:prompt_tokens_total{engine="0",model_name="MiniMaxAI/MiniMax-M2"} 100.0
vllm:generation_tokens_total{engine="0",model_name="MiniMaxAI/MiniMax-M2"} 1.5e+06
vllm:generation_tokens_total{engine="1",model_name="MiniMaxAI/MiniMax-M2"} 7.0 1763928000000
vllm:generation_tokens_created{engine="1"} 1.7e+09
"""


def test_engines_are_summed_and_the_fullest_cache_counts() -> None:
    assert load_of(TWO_ENGINES) == Load(15.0, 2.0, 0.5, 1_500_107.0, 1_500_007.0)


def test_older_servers_name_their_cache_otherwise() -> None:
    text = b"vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:gpu_cache_usage_perc 0.125\n"
    assert load_of(text) == Load(1.0, 0.0, 0.125, None)


def test_label_values_may_hold_anything() -> None:
    text = rb'vllm:num_requests_running{model_name="a\"}\\ 9",x="y"} 4.0' + b"\nvllm:num_requests_waiting 0\n"
    assert load_of(text) == Load(4.0, 0.0, None, None)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>busy</html>",
        b"vllm:num_requests_running 1",
        b"vllm:num_requests_running NaN\nvllm:num_requests_waiting 0",
        b"vllm:num_requests_running -1\nvllm:num_requests_waiting 0",
        b"vllm:num_requests_running 1e999\nvllm:num_requests_waiting 0",
        b"vllm:num_requests_running 1 2 3\nvllm:num_requests_waiting 0",
        b"vllm:num_requests_running 1.2.3\nvllm:num_requests_waiting 0",
        b" vllm:num_requests_running 1\nvllm:num_requests_waiting 0",
        b'vllm:num_requests_running{a="b} 1\nvllm:num_requests_waiting 0',
        b"vllm:num_requests_running{" + b'a="' * 200_000 + b"\nvllm:num_requests_waiting 0",
        b"vllm:num_requests_running " + b"9" * 1_000_000 + b"\nvllm:num_requests_waiting 0",
        b"\xff\x00" * 100_000,
    ],
)
def test_what_tells_no_load_is_none(text: bytes) -> None:
    assert load_of(text) is None
