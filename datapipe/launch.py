"""Run a configuration to its end in this process: progress and notes on stderr, the outcome on stdout."""

import sys
from pathlib import Path

import polars as pl

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.display import Display
from datapipe.doubts import false_passes, suspicions
from datapipe.errors import DatapipeError
from datapipe.garbage import spare_the_collector
from datapipe.ledger import Line, unanswered
from datapipe.output import note, say, write_rows
from datapipe.pipeline import run_pipeline
from datapipe.report import raised, summary_rows
from datapipe.versions import read_manifest


def launch(config: RunConfig) -> None:
    """Raises what stops a run; what was finished by then is stored."""
    with spare_the_collector(), Context(config, ahead=True) as ctx:
        with Display(ctx.progress, sys.stderr, lambda: left_of(ctx)):
            version, lines = run_pipeline(ctx)
        tell(ctx, version, lines)


def tell(ctx: Context, version: Path, lines: list[Line]) -> None:
    """The ledger, where the version is, and what a person should know."""
    write_rows(summary_rows(lines), sys.stdout)
    for title, rows in (
        ("suspect references", suspicions(ctx.run)),
        ("passed by luck", false_passes(ctx.run, ctx.settings.rate)),
    ):
        if rows:
            say(f"\n{title}")
            write_rows(rows, sys.stdout)
    say(f"\nversion {version} ({read_manifest(version)['rows']} rows)")
    for text in (*ctx.progress.notes, *raised(ctx.run, ctx.checks)):
        note(text)


def left_of(ctx: Context) -> int | None:
    """Requests without an answer, once it is known what is asked."""
    dedup = ctx.progress.stages.get("dedup")
    if dedup is None or dedup.done < dedup.owed or ctx.settings.input.recorded:
        return None
    try:
        return sum(unanswered(ctx.run, ctx.settings, lane) for lane in ctx.lanes)
    except (OSError, pl.exceptions.PolarsError, DatapipeError):
        return None  # a part changed under the reader, so ask again
