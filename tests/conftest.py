"""What every test shares: a disk that does not wait for its platter."""

import atexit
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A machine with much to do is no fault of an example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

_status: list[int] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of the whole program first: they take longest, and would be waited for at the end."""
    items.sort(key=lambda item: len(item.path.parts))


def pytest_sessionfinish(exitstatus: int) -> None:
    """Remember how it went."""
    _status.append(int(exitstatus))


@atexit.register
def _leave() -> None:
    """End without tearing the interpreter down, which makes DuckDB print sixty lines about what others hold.

    Registered first, so it is called last.
    """
    if _status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status[-1])


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    """Nobody pulls the plug in a test; those that hold syncing put their own function in its place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield
