"""Which models are one family: a sibling that repeats an answer is no second opinion."""

import re
from collections.abc import Mapping
from itertools import product

Family = frozenset[str]
"""The words that tell a model's kin; empty where its name tells nothing."""

# fmt: off
_SAY_NOTHING = frozenset({
    # sizes and kinds
    "base", "instruct", "instruction", "chat", "it", "preview", "latest", "turbo", "tiny", "mini", "nano",
    "micro", "small", "medium", "large", "xl", "xxl", "pro", "plus", "max", "ultra", "flash", "lite", "air",
    "next", "omni", "thinking", "reasoner", "reasoning", "reason", "think", "coder", "code", "math", "text",
    "vl", "vision", "audio", "moe", "dense", "long", "fast", "high", "low", "free", "exp", "experimental",
    "dev",
    # how it was trained, packed or named at home
    "distill", "distilled", "distillation", "sft", "rl", "rlhf", "dpo", "ppo", "grpo", "lora", "ft",
    "tuned", "finetune", "finetuned", "finetuning", "pretrained", "verification", "verifier", "merged",
    "merge", "hf", "fp", "bf", "int", "gptq", "awq", "gguf", "mlx", "exl", "bnb", "bit", "quantized",
    "quant", "model", "models", "llm", "lm", "my", "our", "run", "ckpt", "checkpoint", "step", "steps",
    "epoch", "final", "version", "test",
})
_LINES = {
    "o": "gpt", "davinci": "gpt", "gemma": "gemini", "qwq": "qwen", "qvq": "qwen", "mixtral": "mistral",
    "ministral": "mistral", "codestral": "mistral", "magistral": "mistral", "devstral": "mistral",
    "pixtral": "mistral", "vicuna": "llama", "alpaca": "llama", "zephyr": "mistral", "moonlight": "kimi",
}
"""Names under which a maker's one line goes besides its own."""
_HOSTS = frozenset({
    "unsloth", "thebloke", "bartowski", "lmstudio-community", "mlx-community", "hf", "models",
})
"""Owners of repositories who hold models of all families."""
# fmt: on
_PIECE = re.compile(r"[^\W\d_]+")
_OWNED = re.compile(r"([^/.~][^/]*)/[^/]+")
_LEAST = 3
"""Letters from which a word is a name and no version, as the R of R1 is."""


def family(model: str, known: Mapping[str, str]) -> Family:
    """The family of a model: as the configuration names it, else what its name and its owner tell.

    `Qwen/Qwen2.5-7B-Instruct` is qwen, `deepseek-ai/DeepSeek-R1-Distill-Qwen-7B` is deepseek and qwen.
    """
    if model in known:
        return frozenset({known[model].casefold()})
    words = _words(model.rstrip("/").rpartition("/")[2].casefold())
    owner = _OWNED.fullmatch(model.casefold())
    return words | ({f"@{owner[1]}"} if owner and owner[1] not in _HOSTS else set())


def strangers(one: Family, other: Family) -> bool:
    """Whether two models are of two families. In doubt they are one, and so is a model whose name tells
    nothing with all others: a second opinion that is none costs more than one that is missed."""
    named = any(not word.startswith("@") for word in one) and any(not word.startswith("@") for word in other)
    return named and not any(_akin(*each) for each in product(one, other))


def _words(name: str) -> Family:
    """The first word, whatever figures it ends with, and what behind it is a word and no version."""
    told = [word for word in re.split(r"[-_. :@+]+", name) if word]
    found = [(piece[0], word) for word in told if (piece := _PIECE.match(word))]
    named = [(piece, word) for piece, word in found if piece not in _SAY_NOTHING]
    return frozenset(
        _LINES.get(piece, piece)
        for place, (piece, word) in enumerate(named)
        if place == 0 or piece == word or len(piece) >= _LEAST
    )


def _akin(one: str, other: str) -> bool:
    """One word, or one at an end of the other, as in `codellama`."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= _LEAST and (long.startswith(short) or long.endswith(short)))
