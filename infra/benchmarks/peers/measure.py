"""The same questions through datapipe and through the clients of others, at the same server, in turns."""

import json
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.clients import Took, configure, generate, prompts_of, run, told
from benchmarks.gates import PAIRS, Measured, held
from benchmarks.peers.setup import Missing, python_of, versions_of

from tests.stub_process import stub_processes

HERE = Path(__file__).parent
QUESTIONS, DRAWS, AT_ONCE = 2_000, 4, 256
TIMES = 8.0
"""The gate: so many times the answers per second of each."""
WITHIN_S = 600.0


@dataclass(frozen=True)
class Peer:
    """One way of asking with one peer; `gated` is what its documents give for a server of one's own."""

    name: str
    package: str
    words: tuple[str, ...] = ()
    gated: bool = True

    def ask(self, python: Path, url: str, model: str, prompts: Path, at_once: int) -> Took:
        """Ask every prompt once, in a fresh folder. Seconds are without imports. Raises RuntimeError."""
        script = HERE / f"ask_{self.package}.py"
        with tempfile.TemporaryDirectory() as folder:
            words = [url, model, str(prompts), folder, str(at_once), *self.words]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [str(python), str(script), *words],
                capture_output=True,
                text=True,
                cwd=folder,
                check=False,
                timeout=WITHIN_S,
            )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise RuntimeError(f"{self.name} ended with {done.returncode}: {done.stderr[-1500:]}")
        found = json.loads(done.stdout.rstrip().rpartition("\n")[2])
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Took(found["answers"], found["seconds"], spent)


PEERS = (
    Peer("curator, litellm", "curator", ("litellm",)),
    Peer("curator, openai", "curator", ("openai",), gated=False),
    Peer("distilabel", "distilabel"),
)
"""curator's documents ask vLLM servers through litellm; its other backend is printed beside it."""


def measure(folder: Path, pairs: int) -> Iterator[Measured]:
    """Answers per second of each, interleaved, for the same work: of ours from the first request until the
    last answer is screened and stored, of theirs from the prompts, once all is imported, until the dataset is
    there. Printed beside it: ours with what peers do not do, reading, checking and sorting out questions."""
    here = dict[str, Path]()
    for name in dict.fromkeys(peer.package for peer in PEERS):
        try:
            here[name] = python_of(name)
            print(f"  {versions_of(name, here[name])}")
        except Missing as error:
            yield Measured(name, "could not be installed", "to be there", False)
            print(f"        {error}")
    peers = [peer for peer in PEERS if peer.package in here]
    with stub_processes(()) as [server]:
        config = configure(folder, [server.url], QUESTIONS, DRAWS, AT_ONCE)
        prompts = prompts_of(config)
        asks: dict[str, Callable[[], Took]] = {"datapipe": lambda: generate(config)}
        for peer in peers:
            asks[peer.name] = lambda p=peer: p.ask(here[p.package], server.url, "m", prompts, AT_ONCE)
        took = in_turns(asks, max(pairs, PAIRS))
        version = run(config)
    yield told("datapipe, to the last verdict", took["datapipe"])
    yield told("datapipe, with its start", [*map(_whole, took["datapipe"])])
    yield told("datapipe run, from its start to the version", [version])
    for peer in peers:
        yield from _beside(peer, took["datapipe"], took[peer.name])


def _beside(peer: Peer, ours: list[Took], theirs: list[Took]) -> Iterator[Measured]:
    yield told(peer.name, theirs)
    ratios = [one.rate / other.rate for one, other in zip(ours, theirs, strict=True)]
    found = held(f"datapipe / {peer.name}", ratios, TIMES)
    yield found if peer.gated else _printed(found)
    whole = [_whole(one).rate / other.rate for one, other in zip(ours, theirs, strict=True)]
    yield _printed(held(f"datapipe with its start / {peer.name}", whole, TIMES))


def _printed(found: Measured) -> Measured:
    return Measured(found.name, found.value, "none", True)


def _whole(took: Took) -> Took:
    return replace(took, seconds=took.whole_s)


def in_turns(asks: dict[str, Callable[[], Took]], rounds: int) -> dict[str, list[Took]]:
    """Each once a round; the order turns round with every round."""
    took: dict[str, list[Took]] = {name: [] for name in asks}
    for number in range(rounds):
        for name in list(asks)[:: -1 if number % 2 else 1]:
            took[name].append(asks[name]())
    return took
