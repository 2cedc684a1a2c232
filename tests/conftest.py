"""What every test shares: a disk that does not wait for its platter."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A machine with much to do is no fault of an example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    """Nobody pulls the plug in a test; those that hold syncing put their own function in its place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield
