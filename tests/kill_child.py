"""One run on the fake backend in a process of its own, which freezes at a given moment to be killed there.

    python tests/kill_child.py CONFIG.json FOLDER [KIND NUMBER DELAY_S]

A moment is DELAY_S after the NUMBERth event of a kind: a request to the `generator` or the `judge`, or a
rename into a table of the run. FOLDER receives `asked` (request ids as they arrive at the backend) and, at
the end, `events.json` (how many events of each kind there were).
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from datapipe.backends.base import Completion, Request
from datapipe.backends.fake import Fake
from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import run_pipeline

LATENCY_S = 0.005


class NoPandas(MetaPathFinder):
    """Arrow spends a second on importing pandas where it is there, as with the tests; a run needs none."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


class Moments:
    """Counts events from any thread, and stops the whole process at the one that is awaited."""

    def __init__(self, run: Path, awaited: tuple[str, int] | None, delay_s: float) -> None:
        self.run, self.awaited, self.delay_s = f"{run}/", awaited, delay_s
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def event(self, kind: str) -> None:
        with self._lock:
            self.counts[kind] += 1
            reached = self.awaited == (kind, self.counts[kind])
        if reached and self.delay_s:
            threading.Thread(target=self._freeze, daemon=True).start()
        elif reached:
            self._freeze()

    def audit(self, name: str, args: tuple[Any, ...]) -> None:
        """A rename into the run: of a part, or of the manifest that promises it."""
        if name == "os.rename" and str(args[1]).startswith(self.run):
            first, _, rest = str(args[1]).removeprefix(self.run).partition("/")
            self.event(rest.split(".")[0] if first == "_manifests" else first)

    def _freeze(self) -> None:
        time.sleep(self.delay_s)
        os.kill(os.getpid(), signal.SIGSTOP)


class Counted:
    """A backend that says which requests reached it."""

    def __init__(self, role: str, moments: Moments, log: int) -> None:
        self.kind = "judge" if role == "judge" else "generator"
        self.moments, self.log = moments, log
        self.fake = Fake(latency_s=LATENCY_S)

    async def complete(self, request: Request) -> Completion:
        os.write(self.log, f"{request.id}\n".encode())
        self.moments.event(self.kind)
        return await self.fake.complete(request)

    async def close(self) -> None:
        await self.fake.close()


def main(config_file: str, folder: str, kind: str = "", number: str = "0", delay_s: str = "0") -> None:
    """Run to the end, or to the moment."""
    config = RunConfig.model_validate_json(Path(config_file).read_bytes())
    moments = Moments(config.folder, (kind, int(number)) if kind else None, float(delay_s))
    sys.meta_path.insert(0, NoPandas())
    sys.addaudithook(moments.audit)
    log = os.open(Path(folder) / "asked", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Context(config, backend=lambda _, role: Counted(role, moments, log)) as ctx:
        run_pipeline(ctx)
    (Path(folder) / "events.json").write_text(json.dumps(moments.counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
