"""Sandboxes that are kept warm: borrowed for one program, given back, replaced once lost."""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from judges.base import Outage, Unscored
from judges.sandbox import Sandbox
from judges.sandbox_preflight import open_sandbox
from judges.sandbox_ways import Way

_idle: list[tuple[int, Sandbox]] = []
_lock = threading.Lock()


@contextmanager
def borrowed(way: Way | None = None) -> Iterator[Sandbox]:
    """A sandbox nobody else uses; one in which anything went wrong is not used again.

    That there is no verdict is nothing that went wrong. Raises SandboxUnavailable where none isolates here.
    """
    sandbox, whole = _take(way) or open_sandbox(way), False
    try:
        yield sandbox
        whole = True
    except Unscored as error:
        whole = not isinstance(error, Outage)
        raise
    finally:
        if whole:
            with _lock:
                _idle.append((os.getpid(), sandbox))
        else:
            sandbox.close()


def close_idle() -> None:
    """End those that nobody uses."""
    with _lock:
        ours = [sandbox for pid, sandbox in _idle if pid == os.getpid()]
        _idle.clear()
    for sandbox in ours:
        sandbox.close()


def _take(way: Way | None) -> Sandbox | None:
    with _lock:
        for at, (pid, sandbox) in enumerate(_idle):
            if pid == os.getpid() and way in (None, sandbox.way):
                del _idle[at]
                return sandbox
    return None


atexit.register(close_idle)
