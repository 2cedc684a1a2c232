"""A run over servers that misbehave and die, itself killed again and again: is every answer there, once?"""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import fmean

import psutil

from datapipe.config import RunConfig
from datapipe.run import RunFolder
from datapipe.settings import parse_config
from tests.soak_checks import LANE, failure_reasons, faults_of, still_owed, stored_keys
from tests.stub_process import StubProcess, stub_processes

ROOT = Path(__file__).parents[1]
SERVERS, AT_ONCE = 4, 128
FAULTS = "all=0.004,gigantic=0.0002"
"""About one reply in ten."""
TOO_LONG = 0.01
"""Share of questions that no server will ever take."""
DOWN_S, BETWEEN_S = (0.3, 2.0), (2.0, 6.0)
"""How long a server stays dead, and how long all of them live."""
KILLED = 0.5
"""Share of the requests after which our own process is not killed again, so that its last life is long."""
EVERY_S, LEAST, GROWTH = 0.25, 1_000, 1.25
"""While the last process asks, its last quarter holds no more memory and file descriptors than this many
times what its second quarter holds (means of samples); said only where a quarter has that many requests:
fewer are no growth, however long a busy machine takes for them."""
LOOKS = 3
"""A server answers as many more requests, one after the other, when it has seen whatever came before them:
one is accepted, its connection is heard, and what is ready with it is served."""
LINE = 28
"""About the bytes of a request in the log of a server."""
_RUN = """
import sys
from pathlib import Path
from datapipe.config import RunConfig
from datapipe.launch import launch
launch(RunConfig.model_validate_json(Path(sys.argv[1]).read_bytes()))
"""


@dataclass(frozen=True)
class Sample:
    """One look at our process."""

    asked: int
    """Requests that have reached the servers so far."""
    rss: int
    fds: int


@dataclass(frozen=True)
class Moment:
    """`delay_s` after so many requests have reached the servers."""

    asked: int
    delay_s: float


@dataclass
class Soaked:
    """What a soak found."""

    faults: list[str]
    answers: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Requests given up, by reason."""
    kills: int = 0
    deaths: int = 0
    """Of servers."""
    asked: int = 0
    """Requests that reached a server."""
    stored: int = 0
    """Answers that stood in parts and journals at the last kill."""
    ended: list[str] = field(default_factory=list)
    """What processes said that ended by themselves before the work was done."""
    rss: tuple[float, float] = (0.0, 0.0)
    """Mean resident bytes of the last process, in its second and in its last quarter."""
    fds: tuple[float, float] = (0.0, 0.0)
    """The same of file descriptors."""
    seconds: float = 0.0

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.failed.items()) or "none"
        early, late = (each / 2**20 for each in self.rss)
        return (
            f"{self.answers:,} answers, failed: {reasons}; {self.kills} kills, {self.deaths} deaths of "
            f"servers, {self.asked:,} requests came, {len(self.ended)} runs ended early; {early:.0f} then "
            f"{late:.0f} MiB, {self.fds[0]:.0f} then {self.fds[1]:.0f} fds, {self.seconds:.0f} s"
        )


class Soak:
    """One run of `questions` sums, `draws` answers each; what happens when follows from `seed`."""

    def __init__(self, folder: Path, questions: Path, draws: int, kills: int, seed: int = 0) -> None:
        self.folder, self.questions, self.draws, self.kills = folder, questions, draws, kills
        self._pick = Random(seed)
        self.found = Soaked([])
        self.config: RunConfig
        self._samples: list[Sample] = []
        self._servers: list[StubProcess] = []

    def run(self) -> Soaked:
        """Soak, then look at what there is."""
        started = time.monotonic()
        options = ("--faults", FAULTS, "--too-long", str(TOO_LONG), "--delay", "0.01")
        logs = [str(self.folder / f"asked-{number}") for number in range(SERVERS)]
        each = [(*options, "--seed", str(n), "--log", log) for n, log in enumerate(logs)]
        with stub_processes(*each) as servers, self._dying(servers):
            self._servers = servers
            config = self._config([server.url for server in servers])
            self._until_done(config)
        self.config = config
        self.found.faults += faults_of(config)
        self._count(config)
        self.found.seconds = time.monotonic() - started
        return self.found

    def _until_done(self, config: RunConfig) -> None:
        """Kill as often as is due, then let it end; again where requests are left owed to an outage."""
        file = self.folder / "config.json"
        file.write_text(config.model_dump_json())
        for moment in self._moments():
            with self._started(file) as process:
                if self._reaches(process, moment):
                    process.kill()
                    self.found.kills += 1
            self._note_known(config)
        for _ in range(2 * config.generate.give_up_after):
            self._samples.clear()
            with self._started(file) as process:
                self._reaches(process, Moment(sys.maxsize, 0.0))
            if process.returncode == 0 and not still_owed(config):
                return
        self.found.faults.append(f"requests were still owed after every run; {self._said()}")

    def _moments(self) -> Iterator["Moment"]:
        """When to kill: at counts of requests up to KILLED of them all, every fourth soon after the start."""
        total = KILLED * self.draws * len(self.questions.read_bytes().splitlines())
        for count in sorted(self._pick.sample(range(int(total)), self.kills)):
            soon = not self._pick.randrange(4)
            yield Moment(0 if soon else count, self._pick.uniform(0, 4.0 if soon else 1.0))

    @contextmanager
    def _started(self, file: Path) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / "said").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-c", _RUN, str(file)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said
            )
            try:
                yield process
                process.wait()
            finally:
                process.kill()
        if process.returncode not in (0, -signal.SIGKILL):
            self.found.ended.append(self._said())

    def _said(self) -> str:
        return (self.folder / "said").read_text(encoding="utf-8", errors="replace")[-500:]

    def _reaches(self, process: subprocess.Popen[bytes], moment: "Moment") -> bool:
        """Watch a process until the moment, or until it ends by itself."""
        while process.poll() is None:
            asked = sum(log.stat().st_size for log in self.folder.glob("asked-*")) // LINE
            if asked >= moment.asked:
                time.sleep(moment.delay_s)
                return process.poll() is None
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                seen = psutil.Process(process.pid)
                self._samples.append(Sample(asked, seen.memory_info().rss, seen.num_fds()))
            time.sleep(EVERY_S)
        return False

    def _note_known(self, config: RunConfig) -> None:
        """After a kill: nothing that is stored may be asked from here on."""
        for server in self._servers:
            with suppress(OSError):  # one that is dead writes nothing down
                for _ in range(LOOKS):
                    urllib.request.urlopen(f"{server.url.removesuffix('/v1')}/health", timeout=60).close()
        known = stored_keys(config)
        self.found.stored = len(known)
        for log in self.folder.glob("asked-*"):
            with log.open("a") as file:
                file.write("---\n")
        (self.folder / f"known-{self.found.kills}").write_text("\n".join(sorted(known)))

    @contextmanager
    def _dying(self, servers: list[StubProcess]) -> Iterator[None]:
        """Kill one server after the other, in a thread, until the block ends."""
        done = threading.Event()
        pick = Random(self._pick.random())

        def kill() -> None:
            while not done.wait(pick.uniform(*BETWEEN_S)):
                server = pick.choice(servers)
                server.kill()
                self.found.deaths += 1
                done.wait(pick.uniform(*DOWN_S))
                server.start()

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _count(self, config: RunConfig) -> None:
        found, run = self.found, RunFolder(config.folder)
        found.answers = run.rows("answers", LANE)
        found.failed.update(failure_reasons(config))
        found.faults += self._asked_again()
        self._hold_growth()

    def _hold_growth(self) -> None:
        """Look at the last process while it asked: what it holds may not rise with what it has done."""
        found, last = self.found, max((each.asked for each in self._samples), default=0)
        while_asking = [each for each in self._samples if self._samples[0].asked < each.asked < last]
        quarter = len(while_asking) // 4
        if not quarter or while_asking[-1].asked - while_asking[0].asked < 4 * LEAST:
            return
        early, late = while_asking[quarter : 2 * quarter], while_asking[-quarter:]
        found.rss = fmean(each.rss for each in early), fmean(each.rss for each in late)
        found.fds = fmean(each.fds for each in early), fmean(each.fds for each in late)
        for name, (before, after) in (("memory", found.rss), ("file descriptors", found.fds)):
            if after > GROWTH * before:
                found.faults.append(f"{name} grew from {before:,.0f} to {after:,.0f}")

    def _asked_again(self) -> list[str]:
        """Requests that reached a server although their answers were stored when the run was resumed."""
        again = 0
        for log in self.folder.glob("asked-*"):
            for number, part in enumerate(log.read_text().split("---\n")):
                asked = part.split("\n")[:-1]
                self.found.asked += len(asked)
                known = self.folder / f"known-{number}"
                again += len(set(asked) & set(known.read_text().split("\n"))) if number else 0
        return [f"{again} answers that were stored were asked again"] if again else []

    def _config(self, urls: list[str]) -> RunConfig:
        generate = {
            "servers": urls,
            "probe": False,  # its requests are none of those that are counted
            "model": "m",
            "n": self.draws,
            "max_tokens": 1024,
            "concurrency": AT_ONCE,
            "timeout_s": 3.0,
            "tokens_per_second": 1e4,
            "connect_s": 2.0,
            "attempts": 8,
            "backoff_s": 0.05,
            "backoff_max_s": 1.0,
        }
        data = {
            "name": "soak",
            "store": str(self.folder / "store"),
            "lanes": ["verifiable"],
            "shard_size": 128,
            "input": {"questions": [str(self.questions)]},
            "generate": generate,
            "screen": {"rubrics": []},
            "selftest": {"sample": 16, "attacked": 2},
        }
        return parse_config(data, "soak")
