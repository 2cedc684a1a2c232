"""What servers were sent in each session of a run: append-only, since no answer tells of lost tries."""

import json
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datapipe.pausing import insist

_lock = threading.Lock()
_COUNTS = ("done", "failed", "retried", "tokens_out")


def usage_path(run: Path) -> Path:
    """Where it stands: a JSON line whenever a stage ended, the last of a session and role counts."""
    return run / "_usage.jsonl"


def record_usage(run: Path, session: str, role: str, snapshot: object) -> None:
    """Append the counts so far of one session's role. A snapshot that counts nothing leaves no line.

    Raises StoreError where the file cannot be written.
    """
    said: dict[str, Any] = asdict(snapshot) if hasattr(snapshot, "__dataclass_fields__") else {}  # type: ignore[call-overload]
    counts = {name: said[name] for name in _COUNTS if isinstance(said.get(name), int)}
    if not any(counts.values()):
        return
    line = json.dumps({"session": session, "role": role, **counts})
    path = usage_path(run)

    def act() -> None:
        with path.open("a", encoding="utf-8") as file:
            # A line torn by a kill must not swallow the next one.
            file.write(f"\n{line}\n")

    with _lock:
        insist(path, act)


def read_usage(run: Path) -> list[dict[str, Any]]:
    """The last record of every session and role, in the order they began. A torn line is skipped."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    path = usage_path(run)
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        try:
            row = json.loads(line)
            last[str(row["session"]), str(row["role"])] = row
        except (ValueError, KeyError, TypeError):
            continue
    return list(last.values())


def lost_tries(run: Path) -> dict[str, int]:
    """Requests sent that brought nothing, by role: those tried again, and the last try of those given up."""
    tries: Counter[str] = Counter()
    for row in read_usage(run):
        tries[str(row["role"])] += int(row.get("retried", 0)) + int(row.get("failed", 0))
    return dict(tries)
