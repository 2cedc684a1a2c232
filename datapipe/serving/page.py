"""How the servers of a fleet stand, for a person or a program."""

import json
import sys
import time
from pathlib import Path

from datapipe.output import say, write_rows
from datapipe.serving import leftovers
from datapipe.serving.state import Standing, State, read_state, supervised


def status(folder: Path, as_json: bool) -> bool:
    """Write how each worker stands; whether somebody supervises them."""
    state, alive = read_state(folder), supervised(folder)
    left = {} if alive else leftovers.find(folder)
    if state is not None and not alive:
        state.workers = [_unserved(each, state.written) for each in state.workers]
    if as_json:
        told = state.model_dump(mode="json") if state else {}
        sys.stdout.write(json.dumps({**told, "supervised": alive, "left": left}, indent=1) + "\n")
        return alive
    if state is None:
        say(f"nothing was ever served from {folder}")
        return alive
    say(f"{state.fleet}: {_owner(state, alive)}")
    write_rows([_row(each) for each in state.workers], sys.stdout)
    say(f"logs are in {folder / 'logs'}; ready ones are named in {folder / '*.servers'}")
    for worker in state.workers:
        if worker.said:
            say(f"{worker.name} last died of: {worker.said}")
    if left:
        pids = ", ".join(map(str, sorted(left)))
        say(
            f"left by a supervisor that was killed: process {pids}. Its guards end what is theirs within "
            f"seconds; where they were killed too, the next `datapipe serve` does"
        )
    return alive


def _unserved(worker: Standing, seen: float) -> Standing:
    """A worker of a supervisor that was killed, which could not write what became of it."""
    if worker.state in ("stopped", "given up"):
        return worker
    known = {"name", "roles", "url", "restarts", "said"}
    return Standing(**worker.model_dump(include=known), state="stopped", since=seen)


def _owner(state: State, alive: bool) -> str:
    if alive:
        return f"served by process {state.pid} on {state.host}, seen {time.time() - state.written:.0f} s ago"
    return f"nobody serves it now; this is what was last known, on {state.host}"


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
