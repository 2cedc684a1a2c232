"""Answers per second of a whole run against those of the loop that only generates."""

import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.gates import Measured, held, paired
from benchmarks.questions import write_questions

from datapipe.asking import to_request
from datapipe.backends.base import Completion
from datapipe.backends.fake import Fake
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.endpoints import Endpoints, EndpointSettings
from datapipe.loop import stream
from datapipe.owed import Due
from datapipe.pipeline import run_pipeline
from datapipe.questions import to_question
from datapipe.reading import read_raw
from datapipe.run import RunFolder
from datapipe.settings import parse_config

QUESTIONS, DRAWS, AT_ONCE = 500, 4, 64
SERVER_S = 0.25
"""Latency of the fake server that sets the pace: AT_ONCE / SERVER_S answers a second."""
TIMES_BARE = 10
"""Once takes too short to be measured where the server costs nothing."""
WITH_SERVER, WITHOUT_SERVER, VERDICT_BYTES = 0.6, 0.015, 10.0
"""The gates."""


def measure(folder: Path, pairs: int) -> Iterator[Measured]:
    """Both speeds with a server that takes its time and with one that takes none; bytes per verdict."""
    config = configure(folder, QUESTIONS, DRAWS)
    _run(config, 0.0)  # pays for imports and caches
    for name, latency_s, gate in (
        (f"whole run / bare loop, server of {AT_ONCE / SERVER_S:g} answers/s", SERVER_S, WITH_SERVER),
        ("whole run / bare loop, server that costs nothing", 0.0, WITHOUT_SERVER),
    ):
        yield held(
            name, paired(partial(_run, config, latency_s), partial(_bare, config, latency_s), pairs), gate
        )
    size = _bytes_per_verdict(config)
    yield Measured("bytes per stored verdict", f"{size:.1f}", f"< {VERDICT_BYTES:g}", size < VERDICT_BYTES)


def configure(folder: Path, questions: int, draws: int) -> RunConfig:
    """A run of the verifiable lane over generated questions, in a folder that is there."""
    write_questions(folder / "questions.jsonl", questions)
    data = {
        "name": "bench",
        "store": str(folder / "store"),
        "input": {"questions": [str(folder / "questions.jsonl")]},
        "shard_size": 128,
        "generate": {"backend": "fake", "n": draws, "max_tokens": 256, "concurrency": AT_ONCE},
        "judge": {"backend": "fake"},
    }
    return parse_config(data, "bench")


def _run(config: RunConfig, latency_s: float) -> float:
    """Answers/s from question files to a published version."""
    shutil.rmtree(config.folder, ignore_errors=True)
    start = time.perf_counter()
    with Context(config, backend=lambda *_: _server(latency_s)) as ctx:
        run_pipeline(ctx)
    return QUESTIONS * DRAWS / (time.perf_counter() - start)


def _server(latency_s: float) -> Endpoints:
    """The fake behind what bounds requests over all shards, so that both loops keep as many in flight."""
    return Endpoints({"fake": Fake(latency_s=latency_s)}, EndpointSettings(("fake",), concurrency=AT_ONCE))


def _bare(config: RunConfig, latency_s: float) -> float:
    """Answers/s of the same requests through the loop, nothing kept."""
    rows = read_raw(Path(config.input.questions[0]), 2**26)
    owed = Due(config, "bench").all([to_question(row, config) for row in rows])
    times = 1 if latency_s else TIMES_BARE
    start = time.perf_counter()
    for _ in range(times):
        requests = (to_request(config, key, *asked) for key, asked in owed.items())
        said = [found for _, found in stream(_server(latency_s), requests, AT_ONCE)]
    seconds = (time.perf_counter() - start) / times
    if not all(isinstance(each, Completion) for each in said):
        raise RuntimeError("the fake model did not answer everything")
    return len(said) / seconds


def _bytes_per_verdict(config: RunConfig) -> float:
    """Size of the parts of a finished run over their rows."""
    entries = RunFolder(config.folder).manifest("verdicts", "verifiable").entries().values()
    return sum(entry.bytes for entry in entries) / sum(entry.rows for entry in entries)
