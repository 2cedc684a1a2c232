"""Generation against servers that answer at once, beside a loop that does nothing but ask them."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.clients import Took, bare, configure, generate, run, told
from benchmarks.gates import Measured, held, paired
from benchmarks.memory import peak_of

from tests.stub_process import stub_processes

QUESTIONS, DRAWS = 12_500, 4
WHOLE_RUNS = 2
LATE_S = 0.5
"""What the slow one of four servers takes for an answer; the others take nothing."""
OF_BARE, WITH_SLOW = 0.4, 0.9
"""The gates."""
FEW, MANY, FLAT = 2_500, 25_000, 1.3
"""Questions, and the gate on memory: ten times the answers take no more than this many times as much."""


def measure(folder: Path, pairs: int) -> Iterator[Measured]:
    """Speed against the bare loop, and with one slow server of four against four quick ones."""
    with stub_processes(()) as [server]:
        config = configure(folder / "one", [server.url], QUESTIONS, DRAWS)
        ours, plain, before = list[Took](), list[Took](), server.cpu_s()
        ratios = paired(lambda: kept(generate(config), ours), lambda: kept(bare(config), plain), pairs)
        served = 1e3 * (server.cpu_s() - before) / sum(each.answers for each in (*ours, *plain))
        yield held("generation / bare aiohttp loop, answers/s", ratios, OF_BARE)
        for name, each in (("generation: asked, journalled, screened", ours), ("bare loop", plain)):
            yield told(name, each)
        yield Measured("CPU of the server", f"{served:.3f} ms an answer", "none", True)
        whole = [run(config) for _ in range(WHOLE_RUNS)]
        yield told("datapipe run, from its start to the version", whole)
    yield from _one_slow(folder, pairs)


def _one_slow(folder: Path, pairs: int) -> Iterator[Measured]:
    late = ("--delay", str(LATE_S))
    with stub_processes((), (), (), (), late) as servers:
        urls = [server.url for server in servers]
        quick = configure(folder / "quick", urls[:4], QUESTIONS, DRAWS)
        slow = configure(folder / "slow", urls[1:], QUESTIONS, DRAWS)
        ratios = paired(lambda: generate(slow).rate, lambda: generate(quick).rate, pairs)
        yield held(f"one server of four {LATE_S:g} s late / none", ratios, WITH_SLOW)


def measure_many(folder: Path) -> Iterator[Measured]:
    """Peak memory of the run's processes at ten thousand and at a hundred thousand answers."""
    with stub_processes(()) as [server]:
        peaks = [
            peak_of(folder / str(count), configure(folder / str(count), [server.url], count, DRAWS))
            for count in (FEW, MANY)
        ]
    ratio = peaks[1] / peaks[0]
    value = f"{ratio:.2f} ({peaks[0] >> 20} MiB, then {peaks[1] >> 20} MiB)"
    name = f"peak memory, {MANY * DRAWS:,} / {FEW * DRAWS:,} answers"
    yield Measured(name, value, f"< {FLAT:g}", ratio < FLAT)


def kept(took: Took, all_of_them: list[Took]) -> float:
    """Remember what was measured: its rate."""
    all_of_them.append(took)
    return took.rate
