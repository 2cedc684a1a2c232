"""Output tokens a second out of a real vLLM server: a whole run beside a loop that only reads the bodies."""

import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from benchmarks.clients import ROOT, Took, bare, configure, prompts_of, run, told
from benchmarks.gates import Measured, held, paired
from benchmarks.peers.measure import PEERS
from benchmarks.peers.setup import Missing, python_of

from datapipe.config import RunConfig
from datapipe.run import RunFolder

RECIPE = ROOT / "infra/vllm/recipes/tiny-m2.toml"
SEEDS = ROOT / "data/seeds/verifiable.jsonl"
MODEL, DRAWS, READY_S = "tiny-m2", 4, 300
TRIED, PART, SATURATED = (16, 32, 64, 128, 256), 300, 0.95
"""Requests in flight that are tried, each over so many requests; the fewest with that share of the best."""
AT_LEAST = 0.9
"""The gate on the bound; 0.97 is aimed at."""
PEER_RUNS = 2


def measure(folder: Path, pairs: int) -> Iterator[Measured]:
    """The ratio at the concurrency that saturates the server; what peers make of the same work beside it."""
    with _served(folder / "vllm") as url:
        at_once = _saturating(folder, url)
        config = _configured(folder / "whole", url, at_once)
        bare(config)
        ours, plain = list[Took](), list[Took]()
        ratios = paired(lambda: _tokens(_ours(config), ours), lambda: _tokens(bare(config), plain), pairs)
        yield held(f"datapipe run / bare loop, tokens/s, {at_once} at once", ratios, AT_LEAST)
        yield _told("datapipe run", ours)
        yield _told("bare loop", plain)
        whole = fmean(took.tokens / (took.seconds - took.import_s) for took in map(_whole, ours))
        yield Measured("datapipe run, to the published version", f"{whole:,.0f} tokens/s", "none", True)
        yield from _peers(config, at_once)


def _ours(config: RunConfig) -> Took:
    """A run, timed from its first request to its last answer; what is screened after that is in `whole_s`."""
    took = run(config)
    times = RunFolder(config.folder).columns("answers", "verifiable", None, "finished_at", "latency_s")
    spans = [(end - latency, end) for end, latency in times]
    window = max(end for _, end in spans) - min(start for start, _ in spans)
    return replace(took, seconds=window, whole_s=took.seconds)


def _whole(took: Took) -> Took:
    return replace(took, seconds=took.whole_s)


def _tokens(took: Took, all_of_them: list[Took]) -> float:
    all_of_them.append(took)
    return _rate(took)


def _told(name: str, each: list[Took]) -> Measured:
    rate = fmean(map(_rate, each))
    line = told(name, each)
    return replace(line, value=f"{rate:,.0f} tokens/s, {line.value}")


def _configured(folder: Path, url: str, at_once: int, questions: int | None = None) -> RunConfig:
    folder.mkdir(parents=True)
    lines = SEEDS.read_text(encoding="utf-8").split("\n")[:questions]
    (folder / "seeds.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return configure(
        folder,
        [url],
        0,
        DRAWS,
        at_once,
        input={"questions": [str(folder / "seeds.jsonl")]},
        generate={"model": MODEL, "max_tokens": 256},
        workers={"size": 1},
        diversify={"rewrites": 0.0},
    )


def _saturating(folder: Path, url: str) -> int:
    """The fewest requests in flight that give nearly all that the server can; prints what each gave."""
    config = _configured(folder / "trial", url, max(TRIED), PART // DRAWS)
    bare(config)
    rates = {at_once: _rate(bare(config, at_once)) for at_once in TRIED}
    print(
        "  tokens/s by requests in flight: " + ", ".join(f"{n}: {rate:,.0f}" for n, rate in rates.items()),
        flush=True,
    )
    return min(n for n, rate in rates.items() if rate >= SATURATED * max(rates.values()))


def _rate(took: Took) -> float:
    return took.tokens / took.seconds


def _peers(config: RunConfig, at_once: int) -> Iterator[Measured]:
    """The same prompts through each peer; tokens as the server counts them."""
    url, prompts = config.generate.servers[0], prompts_of(config)
    for peer in PEERS:
        took = list[Took]()
        try:
            python = python_of(peer.package)
            for _ in range(PEER_RUNS):
                before = _generated(url)
                found = peer.ask(python, url, MODEL, prompts, at_once)
                took.append(replace(found, tokens=_generated(url) - before))
        except (Missing, RuntimeError, subprocess.TimeoutExpired) as error:
            print(f"        {peer.name}: {str(error)[-600:]}")
        if took:
            yield _told(peer.name, took)


def _generated(url: str) -> int:
    """Tokens that the server has made since it was started."""
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/metrics", timeout=10) as response:
        text = response.read().decode()
    return int(sum(float(n) for n in re.findall(r"^vllm:generation_tokens_total\{.*\} (\S+)$", text, re.M)))


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The base URL of the bundled model under `datapipe serve`."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "datapipe", "serve", str(RECIPE), "--folder", str(folder)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=log, stderr=log)
    ready, until = folder / "generate.servers", time.monotonic() + READY_S
    try:
        while not ready.exists() or not ready.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"vLLM is not served: {(folder / 'serve.log').read_text()[-1000:]}")
            time.sleep(0.2)
        yield ready.read_text().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
