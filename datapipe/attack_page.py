"""The page about what fools a verifier: every attack of `datapipe/attacks.py`, tried in its own workers."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datapipe.attack_targets import bundled, of_file
from datapipe.errors import ConfigError
from datapipe.output import note, say, write_rows
from datapipe.selfchecks import counts_of
from datapipe.selftest_rates import attack_names, rate_row
from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.base import Attempt, Check, Ruling
from judges.catalog import catalog, pick

MOST_TARGETS = 200
"""References of a file that are attacked."""
MOST_RATE = 0.01
"""The exploit rate above which a verifier is not fit to decide."""


def attack(name: str, questions: str | None, folders: Sequence[Path], as_json: bool) -> bool:
    """Print the exploit rate of each attack, and of all; whether none is above 1 %.

    Raises ConfigError where the verifier cannot work here or nothing can be tried on it, CatalogError.
    """
    check = pick(catalog(tuple(folders)), name)
    if not isinstance(check, Check) or check.kind != "verifier":
        raise ConfigError(f"{name!r} is no verifier: `datapipe checks list` shows which are")
    if lacks := check.lacks():
        raise ConfigError(lacks)
    targets = of_file(questions, name, MOST_TARGETS) if questions else bundled(check)
    with WorkerPool(PoolSettings(size=2, folders=tuple(folders))) as pool:
        told = pool.run([Job((f"{name}/attack",), target) for target in targets])
    rulings = [ruling for (ruling,) in told]
    rows = _rates(name, rulings)
    if not rows:
        why = next((ruling.reason for ruling in rulings if ruling.reason), "no attack fits its references")
        raise ConfigError(f"nothing could be tried on {name!r}: {why}")
    _tell(rows, targets, rulings, as_json)
    return all(row["rate"] <= MOST_RATE for row in rows)


def _rates(name: str, rulings: Sequence[Ruling]) -> list[dict[str, Any]]:
    """A row an attack, and one of all of them."""
    counts: Counter[str] = Counter()
    for ruling in rulings:
        counts.update(counts_of(ruling))
    names = attack_names(counts)
    for what in ("", "_passed", "_unscored"):
        counts[f"all{what}"] = sum(counts[f"{a}{what}"] for a in names)
    return [
        rate_row({"type": name, "attack": a}, counts[f"{a}_passed"], counts[a], counts[f"{a}_unscored"])
        for a in (*names, *["all"] * bool(names))
    ]


def _tell(
    rows: list[dict[str, Any]], targets: Sequence[Attempt], rulings: Sequence[Ruling], as_json: bool
) -> None:
    if as_json:
        say(json.dumps(rows, indent=1))
    else:
        write_rows(rows, sys.stdout)
    lost = sum(ruling.outcome != "pass" for ruling in rulings)
    if lost:
        note(f"{lost} of {len(targets)} references could not be tried")
    for ruling in [each for each in rulings if each.extracted][:5]:
        note(f"passed: {ruling.extracted!r}")
