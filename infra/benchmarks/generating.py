"""The generation of a run by itself: its questions asked, every answer journalled, stored and screened.

    python infra/benchmarks/generating.py CONFIG.json

The stages and the window are those that `datapipe run` uses; rating and what comes after it are left out.
Prints one line of JSON: seconds and CPU seconds (with the workers') from the first shard's first request to
the last shard's verdicts, seconds of the imports and of everything after them, answers, output tokens.
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

started = time.perf_counter()

from datapipe.garbage import look_rarely, spare_the_collector  # noqa: E402

look_rarely()  # as the command does

from datapipe.config import RunConfig  # noqa: E402  the time that imports take is measured
from datapipe.context import Context  # noqa: E402
from datapipe.pipeline import run_stage  # noqa: E402
from datapipe.sliding import Sliding, nothing  # noqa: E402
from schemas.rows import Answer  # noqa: E402


def main(file: str) -> None:
    """Into a fresh run folder."""
    import_s = time.perf_counter() - started
    config = RunConfig.model_validate_json(Path(file).read_bytes())
    with spare_the_collector(), Context(config, ahead=True) as ctx, ThreadPoolExecutor(config.window) as pool:
        run_stage(ctx, "seeds")
        run_stage(ctx, "dedup")
        shards = [shard for lane in ctx.lanes for shard in ctx.shards(lane)]
        start, cpu = time.perf_counter(), _cpu_s()
        window, abort = ctx.settings.window, ctx.abort
        stages = ("answer", "screen")
        Sliding(
            stages,
            window,
            lambda stage, shard: pool.submit(run_stage, ctx, stage, shard),
            nothing,
            abort=abort,
        ).take(shards)
        seconds, own = time.perf_counter() - start, _cpu_s() - cpu
        tokens = [
            made.completion_tokens or 0
            for lane in ctx.lanes
            for made in ctx.run.read("answers", Answer, lane)
        ]
    of_workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        "seconds": seconds,
        "cpu_s": own + of_workers.ru_utime + of_workers.ru_stime,
        "import_s": import_s,
        "whole_s": time.perf_counter() - started - import_s,
        "answers": len(tokens),
        "tokens": sum(tokens),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
