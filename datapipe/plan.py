"""Forecast what a run will keep and cost from its pilot, and hold the bill against the forecast."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from datapipe.accounting import gpu_hours_per_token, money
from datapipe.config import RunConfig
from datapipe.errors import ConfigError
from datapipe.forecast import ALL, Cell, Range, Seen, Terms, forecast
from datapipe.plan_data import Pilot, cells, in_share_of, read_pilot, results
from datapipe.plan_rows import QUANTITIES, Rows
from datapipe.run import RunFolder
from datapipe.shards import write_text
from schemas.ids import content_id

SHARE = 0.01
"""Of the questions, where nobody says how large the pilot is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A forecast as it is stored, or with the bill beside it."""

    terms: str
    """Hash of what the forecast depends on in the configuration."""
    made: str
    share: float
    pilot: int
    """Questions of the pilot."""
    left: int
    """Questions that were still to be asked."""
    rows: Rows
    """A row a lane, domain and tier: `NAME`, `NAME_low` and `NAME_high` of each quantity."""


def make_plan(config: RunConfig, share: float = SHARE) -> Plan | None:
    """The forecast for the configured run; None where the pilot is not through.

    Raises ConfigError where there is nothing to forecast.
    """
    if config.input.recorded:
        raise ConfigError("input.recorded: answers made elsewhere cost nothing here, so there is no forecast")
    if not any((config.folder / "configs").glob("*.json")):
        return None
    pilot = read_pilot(config, share)
    if pilot.open or not pilot.seen:
        return None
    asked = {lane for block in pilot.blocks for lane, _ in block}
    if missing := asked - {each.lane for each in pilot.seen}:
        raise ConfigError(
            f"no question of the lane {' and '.join(sorted(missing))} is in a pilot of {share:g}: take more, "
            f"as with --share {min(share * 5, 1):g}"
        )
    found = forecast(
        pilot.seen,
        pilot.blocks,
        Terms({str(t): n for t, n in config.spend.target.items()}, config.spend.budget),
        seed=config.seed,
    )
    hours = gpu_hours_per_token(RunFolder(config.folder), config.spend)
    rows = [_row(cell, config, hours) for cell in found]
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Plan(terms(config), made, share, len(pilot.seen), pilot.left, rows)


def terms(config: RunConfig) -> str:
    """A hash of what decides what a run keeps and asks; servers and prices do not."""
    spend = config.spend.model_dump(
        mode="json", exclude={"share", "price_in", "price_out", "currency", "gpus"}
    )
    names = {"model", "revision", "chat_template", "sampling", "max_tokens", "n"}
    generate = config.generate.model_dump(mode="json", include=names)
    stages = config.digest("seed", "lanes", "screen", "checks", "rate", "keep")
    return content_id("plan", spend, generate, stages)


def store_plan(config: RunConfig, plan: Plan) -> None:
    """Keep a forecast, the first of a configuration alone: later ones know more of what they foretell."""
    if plan.left and stored_plan(config) is None:
        folder = config.folder / "forecasts"
        path = folder / f"{len(list(folder.glob('*.json'))) + 1:04d}.json"
        write_text(path, json.dumps(asdict(plan), indent=1) + "\n")


def stored_plan(config: RunConfig) -> Plan | None:
    """The forecast made for this configuration, if one was."""
    for path in sorted((config.folder / "forecasts").glob("*.json")):
        plan = Plan(**json.loads(path.read_text(encoding="utf-8")))
        if plan.terms == terms(config):
            return plan
    return None


def bill(plan: Plan, done: Sequence[Seen]) -> Rows:
    """The forecast's rows with what came: `NAME_actual` and `NAME_inside` of each quantity."""
    came = _sums(cells(done))
    rows = []
    for row in plan.rows:
        actual = came.get((row["lane"], row["domain"], row["tier"]), Counter())
        more: dict[str, Any] = {}
        for name in QUANTITIES:
            more[f"{name}_actual"] = actual[name]
            more[f"{name}_inside"] = row[f"{name}_low"] <= actual[name] <= row[f"{name}_high"]
        rows.append({**row, **more})
    return rows


def told_bill(config: RunConfig) -> dict[str, Any] | None:
    """The forecast with the bill beside it, as a manifest holds it; None where no forecast was made.

    `unasked` are the questions that are not done.
    """
    plan = stored_plan(config)
    if plan is None:
        return None
    done = results(config)
    unasked = max(sum(in_share_of(config, config.spend.share).values()) - len(done), 0)
    return {**asdict(plan), "rows": bill(plan, list(done.values())), "unasked": unasked}


def _row(cell: Cell, config: RunConfig, hours: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {"lane": cell.lane, "domain": cell.domain, "tier": cell.tier, "pilot": cell.pilot}
    row |= dict(_named("questions", cell.questions, 0))
    row |= dict(_named("kept", cell.kept, 0))
    row |= dict(_named("tokens", cell.tokens, 0))
    spend = config.spend
    # Both ends at once: prompt and generated tokens of a cell rise and fall with its questions.
    costs = [money(p, t, spend) for p, t in zip(cell.prompt, cell.tokens, strict=True)]
    known = [cost for cost in costs if cost is not None]
    if len(known) == len(costs):
        row |= dict(_named(spend.currency, Range(*known), 4))
    if hours is not None:
        row |= dict(_named("gpu_hours", Range(*(t * hours for t in cell.tokens)), 4))
    return row


def _named(name: str, of: Range, digits: int) -> Iterator[tuple[str, float | int]]:
    for key, value in ((name, of.mid), (f"{name}_low", of.low), (f"{name}_high", of.high)):
        yield key, round(value, digits) if digits else round(value)


def _sums(came: Mapping[tuple[str, str, str], Counter[str]]) -> dict[tuple[str, str, str], Counter[str]]:
    """Cells with the sums over tiers, domains and lanes that a forecast has."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for (lane, domain, tier), counts in came.items():
        for key in ((lane, domain, tier), (lane, domain, ALL), (lane, ALL, ALL), (ALL, ALL, ALL)):
            found.setdefault(key, Counter()).update(counts)
    return found


def pilot_standing(config: RunConfig, share: float) -> Pilot:
    """How far a pilot is; an empty one where the run has not begun."""
    begun = any((config.folder / "configs").glob("*.json"))
    return read_pilot(config, share) if begun else Pilot()
