"""Siblings are one family, strangers are two."""

import pytest

from datapipe.families import family, strangers


def apart(one: str, other: str) -> bool:
    told = strangers(family(one, {}), family(other, {}))
    assert told == strangers(family(other, {}), family(one, {}))
    return told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen3-32B"),
        ("Qwen3-8B", "Qwen3-Next-80B-A3B-Instruct"),
        ("MiniMaxAI/MiniMax-M2", "minimax-m1-80k"),
        ("MiniMax-M2", "MiniMax-Text-01"),
        ("meta-llama/Llama-3.1-8B", "llama-3-70b-chat"),
        ("Meta-Llama-3-8B-Instruct", "Llama-3.1-8B"),
        ("Llama-4-Scout-17B-16E", "Llama-4-Maverick-17B"),
        ("CodeLlama-7b", "Llama-2-7b"),
        ("claude-3-5-sonnet-20241022", "claude-opus-4-20250514"),
        ("deepseek-ai/DeepSeek-R1", "DeepSeek-V3"),
        ("Mistral-7B-v0.1", "Mistral-Nemo-Instruct-2407"),
        ("Mixtral-8x7B", "Mistral-7B-v0.1"),
        ("glm-4-9b-chat", "zai-org/GLM-4.5-Air"),
        ("gpt-4o-mini", "gpt-4o"),
        ("gpt-4o", "o3"),
        ("6b_finetuning", "175b_verification"),
        ("175B", "Qwen3-8B"),
        ("someone/one-model", "someone/another"),
        ("Qwen3-8B", "my-qwen3-8b-sft"),
        ("Qwen3-8B", "acme-qwen3"),
        ("a", "a"),
    ],
)
def test_siblings(one: str, other: str) -> None:
    assert not apart(one, other)


def test_a_distillation_is_of_both_families() -> None:
    distilled = "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"
    assert [apart(distilled, other) for other in ("DeepSeek-R1", "Qwen2.5-Math-7B", "gemma-3-4b")] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Qwen/Qwen3-8B", "meta-llama/Llama-3-8B"),
        ("/models/Qwen3-8B", "/models/Llama-3-8B"),
        ("unsloth/Qwen3-8B", "unsloth/gemma-3-4b"),
        ("deepseek-ai/DeepSeek-V3", "moonshotai/Kimi-K2"),
        ("gpt-4o-mini", "claude-3-5-haiku"),
        ("a", "b"),
        ("model-a", "model-b"),
        ("tiny-m2", "MiniMax-M2"),
    ],
)
def test_strangers(one: str, other: str) -> None:
    assert apart(one, other)


def test_the_configuration_knows_better() -> None:
    known = {"finetune-of-qwen": "Qwen", "acme/a-qwen3-rival": "acme"}
    assert not strangers(family("finetune-of-qwen", known), family("Qwen3-8B", known))
    assert strangers(family("acme/a-qwen3-rival", known), family("Qwen3-8B", known))


@pytest.mark.parametrize("name", ["", "/", "123", "-", "漢字-7B"])
def test_every_name_has_a_family(name: str) -> None:
    assert not apart(name, name)
