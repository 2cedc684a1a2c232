"""A model that is right with a known chance on every question, and runs of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from datapipe.backends.base import Completion, Request
from datapipe.backends.fake import Said
from datapipe.config import RunConfig
from schemas.ids import draw
from tests.support import Model, settings, verifiable

CUT = 0.05
"""Share of answers cut short where a test wants some."""


def prompt(number: int) -> str:
    return f"What is {number} + {number}?"


def questions(count: int, **more: Any) -> list[dict[str, Any]]:
    return [verifiable(prompt(number), str(2 * number), **more) for number in range(1, count + 1)]


def chances(rates: Mapping[int, float], cut: float = 0.0) -> Callable[[Request], Said]:
    """Right with a chance of `rates` by question number, by the seed of the request."""

    def respond(request: Request) -> Said:
        text = str(request.messages[-1]["content"])
        number = next(each for each in rates if prompt(each) in text)
        words = " ".join(f"w{request.seed}{k}" for k in range(3))
        if draw("cut", request.seed) < cut:
            return Completion(f"<think>\n{words}", "length", "fake", completion_tokens=40)
        right = draw("right", request.seed) < rates[number]
        said = 2 * number if right else 2 * number + 1
        text = f"<think>\nI add {words}.\n</think>\n\nThe answer is {said}."
        return Completion(text, "stop", "fake", completion_tokens=20)

    return respond


def model(rates: Mapping[int, float], cut: float = 0.0) -> Model:
    return Model(chances(rates, cut))


def in_rounds(folder: Path, count: int, spend: dict[str, Any] | None = None, **more: Any) -> RunConfig:
    """A run of so many questions in rounds."""
    base: dict[str, Any] = {
        "lanes": ["verifiable"],
        "shard_size": 4,
        "window": 1,
        "diversify": {"rewrites": 0.0, "formats": {"plain": 1.0}},
        "spend": {"rounds": True, **(spend or {})},
    }
    return settings(folder, questions(count), **{**base, **more})
