"""Say how a run stands, from its folder alone."""

import sys
from pathlib import Path

from datapipe.errors import DatapipeError
from datapipe.journalled import JOURNALLED, journalled
from datapipe.lease import describe, held, read_lease
from datapipe.ledger import standing
from datapipe.output import say, write_rows
from datapipe.report import summary_rows
from datapipe.run import RunFolder
from datapipe.versions import latest_version, read_manifest, versions_of


def status(path: Path) -> None:
    """Who owns the run, its ledger, what waits in journals, its versions. Changes nothing."""
    run = RunFolder(path)
    config = run.config()
    say(f"run {config.name} in {path}\n{_owner(path)}")
    newest = latest_version(path)
    lines = standing(run, config, newest if newest and _whole(newest) else None)
    write_rows(summary_rows(lines), sys.stdout)
    for line in lines:
        if line.note:
            say(f"{line.stage} ({line.lane}): {line.pending} {line.unit}s wait: {line.note}")
    if left := waiting(path):
        say(f"{left} finished answers and replies wait in journals for their shard")
    for version in versions_of(path):
        say(f"version {version} ({_rows(version)}){' newest' if version == newest else ''}")
    if newest is None:
        say("nothing is published yet")


def waiting(path: Path) -> int:
    """Finished answers and replies that only journals hold."""
    tables = [journalled(path, table) for table in JOURNALLED]
    return sum(len(table.beside(RunFolder(path))) for table in tables)


def _owner(path: Path) -> str:
    lease = read_lease(path)
    if held(path):
        return f"running: {describe(lease)}"
    if "released" in lease:
        return "nobody works on it; it was left in good order"
    return f"nobody works on it; {describe(lease)} ended without a word, run again to go on"


def _whole(version: Path) -> bool:
    """Whether its manifest can be read; a version that is damaged is told by its line."""
    try:
        return "held_back" in read_manifest(version)
    except DatapipeError:
        return False


def _rows(version: Path) -> str:
    try:
        return f"{read_manifest(version)['rows']} rows"
    except DatapipeError as error:
        return f"damaged: {error}"
