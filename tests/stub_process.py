"""Test servers as processes of their own: started, killed, and started again on the same port."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.ports import kept, port_of

STUB = Path(__file__).with_name("stub_server.py")


class StubProcess:
    """One server process; `words` are its options."""

    def __init__(self, *words: str) -> None:
        self._words, self._port = words, kept()
        self.url = ""
        self.start()

    def start(self) -> None:
        """Serve; after `kill` on the same port."""
        words = [*self._words, "--port", str(port_of(self._port))]
        self._process = subprocess.Popen(
            [sys.executable, STUB, *words], cwd=STUB.parents[1], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.end()
            raise RuntimeError(f"the test server did not start: {self._process.returncode}")

    def kill(self) -> None:
        """Die at once."""
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        """Die, where it has not yet, and give the port back."""
        try:
            if self._process.returncode is None:
                self.kill()
        finally:
            self._port.close()

    def cpu_s(self) -> float:
        """CPU seconds it has used."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)


def _started(words: tuple[str, ...]) -> StubProcess:
    return StubProcess(*words)


@contextmanager
def stub_processes(*each: tuple[str, ...]) -> Iterator[list[StubProcess]]:
    """A server for each tuple of options; they are gone when the block ends."""
    servers: list[StubProcess] = []
    try:
        # One by one, so that those that did start are ended where one does not.
        servers.extend(map(_started, each))
        yield servers
    finally:
        for server in servers:
            server.end()
