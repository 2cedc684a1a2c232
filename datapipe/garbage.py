"""How seldom a process looks for garbage: what it loads never is any, and rows hold no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (50_000, 20, 20)
"""Looking every 700 new objects took a fifth of the time of imports, and of a run's CPU time."""


def look_rarely() -> None:
    """From now on, for a process that is about to load what it needs."""
    gc.set_threshold(*_RARELY)


@contextmanager
def spare_the_collector() -> Iterator[None]:
    """Leave out of the search what is there by now, and look rarely for what comes."""
    before = gc.get_threshold()
    gc.freeze()
    look_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
