"""A run as Prefect shows it. A server that does not answer costs the view, never the run."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import httpx
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import MissingContextError, PrefectException
from prefect.logging import get_run_logger
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

P = ParamSpec("P")
T = TypeVar("T")
Look = Callable[[], tuple[float, str]]
"""(per cent done, what is going on in words)."""

GONE = (httpx.HTTPError, PrefectException, OSError)
"""What calls to a Prefect server raise where there is none, or one that does not do as asked."""
PERIOD_S = 2.0
"""Seconds between two looks at the progress, and so until a lost server is noticed."""
PATIENCE_S = 20.0
"""Seconds that the server, which may be busy, has for one answer; one that refuses is gone at once."""


class View:
    """Shows the progress of a run while it is open, and notices when nobody is there to be shown it."""

    def __init__(
        self, key: str, look: Look, on_loss: Callable[[], None], lost: threading.Event | None = None
    ) -> None:
        self.lost = lost or threading.Event()
        """Set while the server does not answer."""
        self._key, self._look, self._on_loss = artifact_key(key), look, on_loss
        self._ended = threading.Event()
        self._artifact: Any = None
        # The context says to which flow run the artifact belongs.
        run = copy_context().run
        self._thread = threading.Thread(target=run, args=(self._watch,), name="datapipe-view", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(PATIENCE_S)

    def show(self, make: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Show something more, such as a table."""
        with impatient():
            self._call(make, *args, **kwargs)

    def _watch(self) -> None:
        with impatient():
            while not self._ended.wait(PERIOD_S):
                self._draw()
            self._draw()

    def _draw(self) -> None:
        percent, text = self._look()
        if self._artifact is None:
            self._artifact = self._call(create_progress_artifact, percent, key=self._key, description=text)
        else:
            self._call(update_progress_artifact, self._artifact, percent, description=text)

    def _call(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            made = make(*args, **kwargs)
        except httpx.HTTPStatusError as error:
            log().warning("the Prefect server refuses what it is to show: %s", error)
            return None
        except GONE as error:
            if not self.lost.is_set():
                log().warning("the Prefect server does not answer, the run goes on without it: %r", error)
            self.lost.set()
            self._on_loss()
            return None
        self.lost.clear()
        return made


@contextmanager
def impatient() -> Iterator[None]:
    """Inside, a call to the server is tried once; Prefect's own clients try for more than a minute."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: PATIENCE_S}):
        yield


def artifact_key(*words: str) -> str:
    """Words as the key of an artifact, which is of lower-case letters, digits and dashes."""
    text = "-".join(words).lower()
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text)


def log() -> "logging.Logger | logging.LoggerAdapter[logging.Logger]":
    """The flow run's logger, or this module's own outside of one."""
    with suppress(MissingContextError):
        return get_run_logger()
    return logging.getLogger(__name__)
