"""What servers were sent by each owner of a run: append-only, since no answer tells of lost tries."""

import json
import threading
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from datapipe.pausing import insist
from datapipe.server_state import Besides, Counts

_lock = threading.Lock()
_COUNTS = ("done", "failed", "retried", "tokens_out")
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
    line = json.dumps({"token": token, "role": role, **counts, "besides": said["besides"]})
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


def besides(run: Path) -> list[dict[str, Any]]:
    """A row a role: what its servers were asked that no answer or reply tells of, and its tokens."""
    sums: dict[str, Counter[str]] = {}
    for row in read_usage(run):
        told = row.get("besides")
        if isinstance(told, dict) and any(told.values()):
            sums.setdefault(str(row["role"]), Counter()).update({name: int(told[name]) for name in _BESIDES})
    return [{"role": role, **{name: of[name] for name in _BESIDES}} for role, of in sums.items()]
