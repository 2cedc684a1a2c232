"""Twenty-five kills spread over the phases of a run, each followed by a resume."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.gates import Measured

from tests.killing import PHASES, Killing

KILLS = 25


def measure(folder: Path) -> Iterator[Measured]:
    """Faults after each resume; the gate is none."""
    killing = Killing(folder)
    phases = list(PHASES)
    for number in range(KILLS):
        moment = killing.moment(phases[number % len(phases)], seed=100 + number)
        faults = killing.kill(moment)
        where = f"after event {moment.number} of {killing.events[moment.kind]} of {moment.kind!r}"
        yield Measured(f"kill {number + 1:2}, {moment.phase}", where, "no fault", not faults)
        for fault in faults:
            print(f"      {fault}")
