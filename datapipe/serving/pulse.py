"""Whether a living server still does anything: what /metrics says, and how long nothing has moved."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

RUNNING, WAITING = "vllm:num_requests_running", "vllm:num_requests_waiting"
TOKENS, PROMPT = "vllm:generation_tokens_total", "vllm:prompt_tokens_total"
_LINE = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)(?:\s|$)")


def read_metrics(text: str) -> dict[str, float]:
    """Each metric by name, summed over its labels: a server with several engines has a line for each."""
    found: dict[str, float] = {}
    for line in text.split("\n"):
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            value = float(match[2])
        except ValueError:
            continue
        if math.isfinite(value):
            found[match[1]] = found.get(match[1], 0.0) + value
    return found


@dataclass
class Pulse:
    """What was last seen of a server. Times are those of one clock, in seconds."""

    born: float
    """When it became ready."""
    running: int | None = None
    waiting: int | None = None
    tokens_per_s: float | None = None
    _tokens: float | None = None
    _prompt: float | None = None
    _seen: float = 0.0
    _moved: float = 0.0
    """When anything last moved, or nothing ran, or /health was well."""

    def __post_init__(self) -> None:
        self._moved = self.born

    def see(self, now: float, healthy: bool, metrics: Mapping[str, float] | None) -> None:
        """One look; `metrics` is None where /metrics did not answer, which says nothing of what runs."""
        moved = healthy
        if metrics is not None:
            self.running, self.waiting = _count(metrics, RUNNING), _count(metrics, WAITING)
            tokens, prompt = metrics.get(TOKENS), metrics.get(PROMPT)
            moved = moved or not self.running or tokens != self._tokens or prompt != self._prompt
            if tokens is not None and self._tokens is not None and now > self._seen:
                self.tokens_per_s = max(0.0, tokens - self._tokens) / (now - self._seen)
            self._tokens, self._prompt, self._seen = tokens, prompt, now
        if moved:
            self._moved = now

    def stuck(self, now: float, after: float) -> bool:
        """Whether for `after` seconds no token came, while requests ran, and /health failed each time."""
        return now - self._moved >= after


def _count(metrics: Mapping[str, float], name: str) -> int | None:
    value = metrics.get(name)
    return None if value is None else int(value)
