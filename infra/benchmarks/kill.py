"""Twenty-five kills spread over the phases of a run, each followed by a resume."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from benchmarks.gates import Measured

from tests.killing import PHASES, Killed, Killing

KILLS = 25


def measure(folder: Path) -> Iterator[Measured]:
    """Faults after each resume; the gate is none, and that some kills met journals and workers."""
    killing, all_killed = Killing(folder), list[Killed]()
    for number, phase in zip(range(KILLS), cycle(PHASES)):
        moment = killing.moment(phase, seed=100 + number)
        killed = killing.kill(moment)
        all_killed.append(killed)
        where = f"event {moment.number}/{killing.events[moment.kind]} of {moment.kind}, "
        where += f"{killed.journalled} in journals"
        yield Measured(f"kill {number + 1}, {phase}", where, "no fault", not killed.faults)
        for fault in killed.faults:
            print(f"        {fault}")
    journals, workers = (sum(bool(n) for n in found) for found in zip(*map(_met, all_killed), strict=True))
    value = f"{journals} met journals, {workers} met workers"
    yield Measured(f"{KILLS} kills", value, "each > 4", min(journals, workers) > 4)


def _met(killed: Killed) -> tuple[int, int]:
    return killed.journalled, killed.workers
