"""Twenty-five kills spread over the phases of a run, each followed by a resume."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

from benchmarks.gates import Measured

from tests.killing import PHASES, Killed, Killing

KILLS, AT_ONCE = 25, 2


def measure(folder: Path) -> Iterator[Measured]:
    """Faults after each resume; the gate is none, and that some kills met journals and workers."""
    killing, all_killed = Killing(folder), list[Killed]()
    phases = enumerate(islice(cycle(PHASES), KILLS))
    moments = [killing.moment(phase, seed=100 + number) for number, phase in phases]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for moment, killed in zip(moments, pool.map(killing.kill, moments), strict=True):
            all_killed.append(killed)
            where = f"event {moment.number}/{killing.events[moment.kind]} of {moment.kind}, "
            where += f"{killed.journalled} in journals"
            name = f"kill {len(all_killed)}, {moment.phase}"
            yield Measured(name, where, "no fault", not killed.faults)
            for fault in killed.faults:
                print(f"        {fault}")
    journals, workers = (sum(bool(n) for n in found) for found in zip(*map(_met, all_killed), strict=True))
    value = f"{journals} met journals, {workers} met workers"
    yield Measured(f"{KILLS} kills", value, "each > 2", min(journals, workers) > 2)


def _met(killed: Killed) -> tuple[int, int]:
    return killed.journalled, killed.workers
