"""What a vLLM server says of its load, read out of the text that Prometheus would read."""

import math
import re
from collections import defaultdict
from dataclasses import dataclass

_LINE = re.compile(
    rb"^(?:vllm:)(num_requests_running|num_requests_waiting|kv_cache_usage_perc|gpu_cache_usage_perc"
    rb"|generation_tokens_total|prompt_tokens_total)"
    rb'(?:\{(?:[^"\n}]|"(?:[^"\\\n]|\\.)*")*\})?[ \t]+([0-9.eE+-]{1,40})(?:[ \t]+-?[0-9]{1,20})?[ \t\r]*$',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Load:
    """One look at a server, summed over its engines and models."""

    running: float
    waiting: float
    """Requests in its own queue."""
    kv: float | None
    """KV-cache use from 0 to 1, of the engine that is fullest."""
    tokens: float | None
    """Read and generated since it started; goes up while it does anything."""
    generated: float | None = None
    """Those of them that it generated."""


def load_of(text: bytes) -> Load | None:
    """The load in a text of metrics; None where it tells of no requests. Impossible values are left out."""
    found: dict[bytes, list[float]] = defaultdict(list)
    for name, written in _LINE.findall(text):
        try:
            value = float(written)
        except ValueError:
            continue
        if 0 <= value < math.inf:
            found[name].append(value)
    running, waiting = found[b"num_requests_running"], found[b"num_requests_waiting"]
    if not running or not waiting:
        return None
    # Renamed in vLLM 0.11; one that exports both says the same twice.
    kv = found[b"kv_cache_usage_perc"] or found[b"gpu_cache_usage_perc"]
    made = found[b"generation_tokens_total"]
    return Load(
        running=sum(running),
        waiting=sum(waiting),
        kv=min(max(kv), 1.0) if kv else None,
        tokens=sum(made) + sum(found[b"prompt_tokens_total"]) if made else None,
        generated=sum(made) if made else None,
    )
