"""Say what a run will cost: what a pilot would ask, the forecast it gives, and later the bill."""

import json
import sys
from dataclasses import asdict

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.display import Display
from datapipe.errors import ConfigError
from datapipe.forecast import ALL, LEVEL
from datapipe.launch import left_of
from datapipe.output import note, say, write_rows
from datapipe.pipeline import run_unpublished
from datapipe.plan import make_plan, pilot_standing, store_plan, told_bill
from datapipe.plan_data import counted, in_share_of
from datapipe.plan_rows import Rows, billed, shown, told_inside
from datapipe.report import raised, summary_rows


def show_plan(config: RunConfig, share: float, as_json: bool) -> None:
    """The forecast where the pilot is through; else what it would ask, and how to run it."""
    plan = make_plan(config, share)
    if plan is None:
        _propose(config, share, as_json)
        return
    store_plan(config, plan)
    if as_json:
        say(json.dumps(asdict(plan), indent=1))
        return
    say(
        f"forecast from the {plan.pilot} questions of the pilot, which are part of the run; "
        f"{plan.left} others are asked"
    )
    say(f"in brackets {LEVEL:.0%} intervals\n")
    write_rows([shown(row) for row in plan.rows], sys.stdout)
    _remarks(config)


def run_pilot(config: RunConfig, share: float) -> None:
    """Ask the pilot's questions all that the run would ask of them; what is there is not asked again."""
    part = config.model_copy(update={"spend": config.spend.model_copy(update={"share": share})})
    with Context(part) as ctx:
        with Display(ctx.progress, sys.stderr, lambda: left_of(ctx)):
            lines = run_unpublished(ctx)
        write_rows(summary_rows(lines), sys.stderr)
        for text in (*ctx.progress.notes, *raised(ctx.run, ctx.checks)):
            note(text)


def show_bill(config: RunConfig, as_json: bool) -> None:
    """The forecast with what came beside it. Raises ConfigError where there is no forecast."""
    told = told_bill(config)
    if told is None:
        raise ConfigError(
            f"{config.folder}: no forecast was made for this configuration; `datapipe plan CONFIG --pilot` "
            f"before the run makes one"
        )
    if as_json:
        say(json.dumps(told, indent=1))
        return
    say(f"forecast of {told['made']} from {told['pilot']} questions, and what came\n")
    write_rows([billed(row) for row in told["rows"]], sys.stdout)
    say(f"\n{told_inside(told['rows'], told['unasked'])}")


def _propose(config: RunConfig, share: float, as_json: bool) -> None:
    """What the pilot would ask."""
    standing, whole, part = pilot_standing(config, share), counted(config), in_share_of(config, share)
    if not part:
        raise ConfigError(
            f"no question is in a pilot of {share:g} of {sum(whole.values())}: take more, as with --share 0.1"
        )
    least, most = _draws(config)
    rows: Rows = [
        {
            "lane": lane,
            "domain": domain,
            "questions": count,
            "pilot": part[lane, domain],
            "requests": _span(part[lane, domain] * least, part[lane, domain] * most),
            "tokens at most": part[lane, domain] * most * config.generate.max_tokens,
        }
        for (lane, domain), count in sorted(
            whole.items(), key=lambda each: (each[0][0] != "verifiable", each[0])
        )
    ]
    asked = sum(part.values())
    rows.append(
        {
            "lane": ALL,
            "domain": ALL,
            "questions": sum(whole.values()),
            "pilot": asked,
            "requests": _span(asked * least, asked * most),
            "tokens at most": asked * most * config.generate.max_tokens,
        }
    )
    if as_json:
        say(json.dumps({"share": share, "done": len(standing.seen), "pilot": rows}, indent=1))
        return
    say(f"no forecast yet: {len(standing.seen)} of the {asked} questions of the pilot are done. It asks\n")
    write_rows(rows, sys.stdout)
    say("\nrun it with --pilot; the run goes on from it, and asks nothing twice")


def _draws(config: RunConfig) -> tuple[int, int]:
    """The fewest and the most draws of one question."""
    spend, n = config.spend, config.generate.n
    return (spend.first, spend.hard + spend.harvest) if spend.rounds else (n, n + spend.harvest)


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _remarks(config: RunConfig) -> None:
    spend = config.spend
    if spend.price_in is None and spend.price_out is None:
        note("no money is told: set spend.price_in and spend.price_out, per million tokens")
    if spend.gpus is None:
        note("no GPU-hours are told: set spend.gpus, the GPUs behind each server")
    else:
        note("GPU-hours are at the pilot's tokens a second, which is less than servers do when they are full")
    note("rewrites of kept answers cost no token, and are not in `kept`")
