"""What servers were sent by each owner of a run: append-only, since no answer tells of lost tries."""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from datapipe.pausing import insist
from datapipe.server_state import TALLY, Besides, Counts
from datapipe.shards import write_text

_lock = threading.Lock()
_COUNTS = ("done", "failed", "retried", "tokens_out")
_Row = tuple[int, str, str, Counter[str]]
_TOLD = ("besides", "lost", "spoiled")
_BESIDES = tuple(each.name for each in fields(Besides))


def usage_path(run: Path) -> Path:
    """Where it stands: a JSON line whenever a stage ended, the last of an owner and role counts."""
    return run / "_usage.jsonl"


def record_usage(run: Path, token: int, role: str, snapshot: Counts) -> None:
    """Append the counts so far of the owner with a fencing token. Where nothing was sent no line is written.

    Raises StoreError where the file cannot be written.
    """
    said = asdict(snapshot)
    counts = {name: said[name] for name in _COUNTS}
    if not any(counts.values()) and not snapshot.besides.requests:
        return
    line = json.dumps({"token": token, "role": role, **counts, **{name: said[name] for name in _TOLD}})
    path = usage_path(run)

    def act() -> None:
        with path.open("a", encoding="utf-8") as file:
            # A line torn by a kill must not swallow the next one.
            file.write(f"\n{line}\n")

    with _lock:
        insist(path, act)


def read_usage(run: Path) -> list[dict[str, Any]]:
    """The last record of every owner and role, in the order they began. A torn line is skipped."""
    last: dict[tuple[int, str], dict[str, Any]] = {}
    path = usage_path(run)
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.split("\n"):
        try:
            row = json.loads(line)
            last[int(row["token"]), str(row["role"])] = row
        except (ValueError, KeyError, TypeError):
            continue
    return list(last.values())


def lost_tries(run: Path) -> dict[str, int]:
    """Requests sent that brought nothing, by role: those tried again, and the last try of those given up."""
    tries: Counter[str] = Counter()
    for row in read_usage(run):
        tries[str(row["role"])] += int(row.get("retried", 0)) + int(row.get("failed", 0))
    return dict(tries)


def besides(run: Path, name: str = "besides") -> list[dict[str, Any]]:
    """A row a role: what its servers were asked that no answer or reply tells of, and its tokens. `lost` and
    `spoiled`, the same of tries and of choices that came with a count and could not be used."""
    sums: dict[str, Counter[str]] = {}
    for row in read_usage(run):
        told = row.get(name)
        if isinstance(told, dict) and any(told.values()):
            sums.setdefault(str(row["role"]), Counter()).update({name: int(told[name]) for name in _BESIDES})
    return [{"role": role, **{name: of[name] for name in _BESIDES}} for role, of in sums.items()]


def servers_path(run: Path) -> Path:
    """Where it stands what came of each server's requests: rows of this owner, and of those before as one."""
    return run / "_servers.json"


def record_servers(run: Path, token: int, role: str, tallies: Mapping[str, Mapping[str, int]]) -> None:
    """Keep the tallies so far of the owner with a fencing token, by server. Of owners before it the sums are
    kept; where another came after it nothing is written.

    Raises StoreError where the file cannot be written.
    """
    mine = [(token, role, name, Counter(tally)) for name, tally in tallies.items() if any(tally.values())]
    with _lock:
        rows, before = _server_rows(run), dict[tuple[str, str], Counter[str]]()
        if not mine or any(each[0] > token for each in rows):
            return
        for owner, of, name, tally in rows:
            if owner < token:
                before.setdefault((of, name), Counter()).update(tally)
        others = [each for each in rows if each[0] == token and each[1] != role]
        made = [*((0, *key, tally) for key, tally in before.items()), *others, *mine]
        told = [{"token": owner, "role": of, "server": name, **tally} for owner, of, name, tally in made]
        write_text(servers_path(run), json.dumps(told, indent=1) + "\n")


def server_tallies(run: Path) -> list[dict[str, Any]]:
    """A row a role and server: what came of its requests, by every owner together."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for _, role, name, tally in _server_rows(run):
        sums.setdefault((role, name), Counter()).update(tally)
    return [
        {"role": role, "server": name, **{each: of[each] for each in TALLY}}
        for (role, name), of in sorted(sums.items())
    ]


def _server_rows(run: Path) -> list[_Row]:
    """Token, role, server and tally; nothing of a file that is damaged: it is made anew."""
    path = servers_path(run)
    if not path.exists():
        return []
    text = insist(path, lambda: path.read_text(encoding="utf-8", errors="replace"))
    try:
        rows = json.loads(text)
        return [(int(row["token"]), str(row["role"]), str(row["server"]), _tally(row)) for row in rows]
    except (ValueError, KeyError, TypeError):
        return []


def _tally(row: Mapping[str, Any]) -> Counter[str]:
    return Counter({name: int(row[name]) for name in TALLY})
