"""How the servers of a fleet stand, for a person or a program."""

import sys
import time
from pathlib import Path

from datapipe.output import say, write_rows
from datapipe.serving.state import Standing, State, read_state, supervised


def status(folder: Path, as_json: bool) -> bool:
    """Write how each worker stands; whether somebody supervises them."""
    state, alive = read_state(folder), supervised(folder)
    if state is not None and not alive:
        for worker in state.workers:
            # Its guard ended it when the supervisor went.
            worker.state, worker.pid = "stopped", None
    if as_json:
        sys.stdout.write((state.model_dump_json(indent=1) if state else "{}") + "\n")
        return alive
    if state is None:
        say(f"nothing was ever served from {folder}")
        return alive
    say(f"{state.fleet}: {_owner(state, alive)}")
    write_rows([_row(each) for each in state.workers], sys.stdout)
    for worker in state.workers:
        if worker.said:
            say(f"{worker.name} last died of: {worker.said}")
    return alive


def _owner(state: State, alive: bool) -> str:
    if not alive:
        return "nobody serves it now; this is what was last known"
    return f"served by process {state.pid} on {state.host}, seen {time.time() - state.written:.0f} s ago"


def _row(worker: Standing) -> dict[str, object]:
    return {
        "worker": worker.name,
        "state": worker.state if worker.healthy is not False else "ready, /health fails",
        "since": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(worker.since)),
        "url": worker.url,
        "pid": worker.pid,
        "restarts": worker.restarts,
        "running": worker.running,
        "waiting": worker.waiting,
        "tokens/s": None if worker.tokens_per_s is None else round(worker.tokens_per_s),
        "roles": ", ".join(worker.roles),
    }
