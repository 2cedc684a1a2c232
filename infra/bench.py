"""Measure speed, size, memory and recovery, as ratios of one run, and hold each to its gate.

    python infra/bench.py [verdicts] [engine] [files] [verifying] [memory] [sandbox] [kill]
                           [suspicion] [stub] [many] [soak] [peers] [vllm]
                           [--pairs N]

Ends with 1 where a gate does not hold. A gate on a ratio holds if the one-sided 95 % bound over the pairs,
which are taken in turns, exceeds it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import (
    engine,
    files,
    gates,
    kill,
    memory,
    sandbox,
    served,
    soak,
    stub,
    suspicion,
    verdicts,
    verifying,
)
from benchmarks.gates import Measured
from benchmarks.peers import measure as peers

from datapipe import loop

PARTS = (
    "verdicts",
    "engine",
    "files",
    "verifying",
    "memory",
    "sandbox",
    "kill",
    "suspicion",
    "stub",
    "many",
    "soak",
    "peers",
    "vllm",
)


def main() -> int:
    """Run the parts asked for: the number of gates that do not hold."""
    given = _arguments()
    parts: dict[str, Callable[[Path], Iterator[Measured]]] = {
        "verdicts": verdicts.measure,
        "engine": partial(engine.measure, pairs=given.pairs),
        "files": partial(files.measure, pairs=given.pairs),
        "verifying": partial(verifying.measure, pairs=given.pairs),
        "memory": memory.measure,
        "kill": kill.measure,
        "suspicion": suspicion.measure,
        "stub": partial(stub.measure, pairs=given.pairs),
        "many": stub.measure_many,
        "soak": soak.measure,
        "peers": partial(peers.measure, pairs=given.pairs),
        "vllm": partial(served.measure, pairs=given.pairs),
        "sandbox": partial(sandbox.measure, pairs=given.pairs),
    }
    failed = 0
    for name in given.parts or parts:
        start = time.monotonic()
        print(f"{name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="datapipe-bench-") as folder:
            for line in parts[name](Path(folder)):
                print(f"  {line}", flush=True)
                failed += not line.holds
        print(f"  {time.monotonic() - start:.0f} s", flush=True)
    loop.stop()
    print(f"{failed} gates do not hold" if failed else "every gate holds")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none")
    parser.add_argument("--pairs", type=int, default=gates.PAIRS, help="pairs a ratio, at least 7")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return given


if __name__ == "__main__":
    sys.exit(main())
