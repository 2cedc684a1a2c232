"""Peak memory of a run and its workers at ten thousand and at a hundred thousand questions."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from benchmarks.engine import configure
from benchmarks.gates import Measured

from datapipe.config import RunConfig

FEW, MANY = 10_000, 100_000
FLAT = 1.3
"""Gate: ten times the questions take no more than this many times the memory."""
_EVERY_S = 0.2
_RUN = """
import sys
from pathlib import Path
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import run_pipeline
with Context(RunConfig.model_validate_json(Path(sys.argv[1]).read_bytes())) as ctx:
    run_pipeline(ctx)
"""


def measure(folder: Path) -> Iterator[Measured]:
    """One answer a question: what grows with the questions shows, and the run is short."""
    few, many = (_peak(folder / str(count), count) for count in (FEW, MANY))
    value = f"{many / few:.2f} ({few >> 20} MiB at {FEW:,}, {many >> 20} MiB at {MANY:,})"
    yield Measured("peak memory, 100,000 / 10,000 questions", value, f"< {FLAT:g}", many / few < FLAT)


def _peak(folder: Path, questions: int) -> int:
    folder.mkdir()
    return peak_of(folder, configure(folder, questions, 1).model_copy(update={"shard_size": 256}))


def peak_of(folder: Path, config: RunConfig) -> int:
    """The largest sum of resident bytes over the processes of a run."""
    file = folder / "config.json"
    file.write_text(config.model_dump_json())
    process = subprocess.Popen([sys.executable, "-c", _RUN, file])
    peak = 0
    while process.poll() is None:
        peak = max(peak, _resident(process.pid))
        time.sleep(_EVERY_S)
    if process.returncode:
        raise RuntimeError(f"the run in {folder} ended with {process.returncode}")
    return peak


def _resident(pid: int) -> int:
    total = 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
    return total
