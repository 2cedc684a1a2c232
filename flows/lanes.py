"""Takes lanes of a run to a published version, inside a flow run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.futures import PrefectFuture
from prefect.states import Crashed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from datapipe.accounting import account
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.doubts import false_passes, suspicions
from datapipe.errors import ConfigError
from datapipe.lease import describe
from datapipe.ledger import Line, ledger
from datapipe.pipeline import drive, finish
from datapipe.progress import Progress
from datapipe.report import drop_reasons, histogram, markdown_table, raised, summary_rows
from datapipe.settings import parse_config
from flows.tasks import Tasks
from flows.view import View, artifact_key, log
from schemas.rows import Lane

RUNNER = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=32))
"""Bounded, which it is not by default. How many threads work is the `window` of the configuration."""

published: dict[Path, Path] = {}
"""What flows of this process have published: the version by the run's folder."""


def run_lanes(config: RunConfig, lanes: Sequence[Lane]) -> str:
    """Take these lanes of a run as far as they go without the others; returns the run's folder.

    Raises ConfigError where the run has none of them, and what the stages raise.
    """
    left = [lane for lane in config.lanes if lane in lanes]
    if not left:
        raise ConfigError(f"lanes: run {config.name!r} is of {config.lanes}, this flow of {list(lanes)}")
    with _opened(config, left) as (ctx, tasks, view):
        drive(ctx, tasks.submit)
        _show(view, ctx, ledger(ctx.run, config.model_copy(update={"lanes": left})))
    return str(config.folder)


def run_and_publish(config: RunConfig) -> str:
    """Take every lane of a run to one published version; returns the version's folder."""
    with _opened(config) as (ctx, tasks, view):
        drive(ctx, tasks.submit)
        made: list[tuple[Path, list[Line]]] = []
        tasks.hand_out("publish", None, lambda: made.append(finish(ctx))).result()
        version, lines = made[0]
        published[config.folder] = version
        _show(view, ctx, lines)
        log().info("published %s", version)
    return str(version)


@contextmanager
def _opened(config: RunConfig, lanes: Sequence[Lane] | None = None) -> Iterator[tuple[Context, Tasks, View]]:
    """The run, the hands that do its stages, and the view of both; an owner who died is marked so."""
    config = parse_config(config.model_dump(mode="json"), "config")
    flow_run_id = _flow_run_id()
    with Context(config, lanes=lanes, note={"flow_run_id": flow_run_id}) as ctx:
        tasks = Tasks(ctx)
        with View(f"progress-{config.name}", lambda: _look(ctx, tasks), tasks.take_over, tasks.lost) as view:
            view.show(_bury, ctx.run.lease.before, flow_run_id)
            with tasks:
                yield ctx, tasks, view
        for note in (*ctx.progress.notes, *raised(ctx.run, ctx.checks)):
            log().warning("%s", note)


def _flow_run_id() -> str | None:
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else None


def _bury(before: dict[str, Any], flow_run_id: str | None) -> None:
    """Mark the flow run that owned this run as crashed where its process is gone; Prefect would not know."""
    dead = before.get("flow_run_id")
    if not dead or "released" in before or dead == flow_run_id:
        return
    client = get_client(sync_client=True)
    try:
        state = client.read_flow_run(UUID(dead)).state
    except (ObjectNotFound, ValueError):
        return  # the run was begun under another Prefect server
    if state is None or not state.is_final():
        message = f"{describe(before)} is gone; flow run {flow_run_id} goes on with the run"
        client.set_flow_run_state(dead, Crashed(message=message), force=True)


def _look(ctx: Context, tasks: Tasks) -> tuple[float, str]:
    """(per cent of the stages done, the counters in words)."""
    planned = max(tasks.planned, 1)
    return min(100.0, 100.0 * tasks.done / planned), describe_progress(ctx.progress)


def describe_progress(progress: Progress) -> str:
    """`answer 120 of 400 · judge 30 of 90 · 12.0 answers/s · 900 tokens/s`."""
    answers, tokens = progress.rates()
    stages = [f"{name} {count.done} of {count.owed}" for name, count in list(progress.stages.items())]
    return " · ".join([*stages, f"{answers:.1f} answers/s", f"{tokens:.0f} tokens/s"])


def _show(view: View, ctx: Context, lines: list[Line]) -> None:
    """The artifacts of a finished run."""
    name = ctx.settings.name
    spent = account(ctx.run, ctx.settings.spend)
    tables = {
        "summary": (summary_rows(lines), f"What came, what left and why, in run {name}"),
        "drop-reasons": (drop_reasons(ctx.run), f"Why answers of run {name} are no data"),
        "suspects": (suspicions(ctx.run), f"References of run {name} that its answers speak against"),
        "false-passes": (
            false_passes(ctx.run, ctx.settings.rate),
            f"Expected share of passed answers of run {name} that are wrong, by tier",
        ),
        "servers": (spent.fleet, f"What came of the requests of each server in run {name}"),
        "tokens": (spent.fates, f"What became of the tokens of run {name}"),
        "spending": (spent.cells, f"What they bought, by domain and tier, in run {name}"),
    }
    for key, (table, description) in tables.items():
        view.show(create_table_artifact, table=table, key=artifact_key(key, name), description=description)
    view.show(
        create_markdown_artifact,
        markdown=markdown_table(histogram(ctx.run)),
        key=artifact_key("pass-rates", name),
        description=f"Questions of run {name} by pass rate",
    )
