"""The one event loop of the process: a thread of its own that owns every connection to a model."""

import asyncio
import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

import uvloop

from datapipe.backends.base import Backend, BackendError, Completion, Request, Transient

T = TypeVar("T")
Outcome = Completion | BackendError
"""What became of a request."""

STOP_S = 10.0
"""Seconds that cancelled requests have to end before they are left behind."""
_BATCH = 64
"""Requests handed to the loop at once: the first are on their way while the next are made."""
_log = logging.getLogger(__name__)


class LoopStopped(RuntimeError):
    """The loop was stopped while somebody waited for a request."""


def submit(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run a coroutine on the loop, which starts with the first; returns at once. Cancelled where the loop
    ends first."""
    thread = _running()
    future = asyncio.run_coroutine_threadsafe(coroutine, thread.loop)
    thread.waits(future.cancel)
    future.add_done_callback(lambda _: thread.waits_no_more(future.cancel))
    return future


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait; an interrupt of the waiting thread cancels it."""
    if threading.current_thread() is _thread:
        coroutine.close()
        raise RuntimeError("the loop cannot wait for itself: use await")
    future = submit(coroutine)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def stream(
    backend: Backend, requests: Iterable[Request], window: int, *, ended: Callable[[], bool] = bool
) -> Generator[tuple[Request, Outcome], None, None]:
    """As `batches`, one by one."""
    with closing(batches(backend, requests, window, ended=ended)) as finished:
        for batch in finished:
            yield from batch


def batches(
    backend: Backend, requests: Iterable[Request], window: int, *, ended: Callable[[], bool] = bool
) -> Generator[list[tuple[Request, Outcome]], None, None]:
    """Each request with what became of it, as they finish, some at a time, in the thread that iterates.

    `requests` is read in that thread too, never more than `window` ahead of what was handed out. Any
    error becomes the outcome of its request. Leaving the iteration, by break or by error, cancels the
    requests that are out and waits for them; wrap it in `contextlib.closing` where the iterator itself
    is kept. Raises LoopStopped where the loop ends before the requests do, or `ended` says that it was:
    who is about to stop the loop for good has `ended` say so first, or this would start another.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    thread = _running()
    if ended():
        raise LoopStopped("the loop that asks the models was stopped for good")
    asked = _Asked(backend, thread.loop)
    thread.waits(asked.wake)
    try:
        yield from _pump(asked, iter(requests), window)
    finally:
        asked.end()
        thread.waits_no_more(asked.wake)


def stop() -> None:
    """Cancel what runs, wait for it, end the thread; the next submit starts another."""
    global _thread
    with _lock:
        thread, _thread = _thread, None
    if thread is None or thread.loop.is_closed():
        return
    with suppress(RuntimeError):  # it closed by itself just now
        thread.loop.call_soon_threadsafe(thread.loop.stop)
    if thread is not threading.current_thread():
        thread.join(STOP_S)


class _Thread(threading.Thread):
    """The loop's thread, which knows who waits for the loop: what is handed to a loop that is just ending
    is forgotten by it."""

    def __init__(self) -> None:
        super().__init__(name="datapipe-loop", daemon=True)
        self.loop = uvloop.new_event_loop()
        self._over = False
        self._waiting = set[Callable[[], object]]()

    def run(self) -> None:
        """Run until stopped, then let every task see its cancellation."""
        try:
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.get_loop().run_forever()
        finally:
            self._over = True
            for wake in list(self._waiting):
                wake()

    def waits(self, wake: Callable[[], object]) -> None:
        """Have the end of the loop wake somebody, be it over already."""
        self._waiting.add(wake)
        if self._over:
            wake()

    def waits_no_more(self, wake: Callable[[], object]) -> None:
        self._waiting.discard(wake)


_lock = threading.Lock()
_thread: _Thread | None = None


def _running() -> _Thread:
    global _thread
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = _Thread()
            _thread.start()
        return _thread


def _forget() -> None:
    """A forked child has the loop, but not its thread: it starts its own."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None


os.register_at_fork(after_in_child=_forget)
atexit.register(stop)


class _Asked:
    """The requests of one stream that are out. Its own methods run in the calling thread, those with a
    leading underscore on the loop."""

    def __init__(self, backend: Backend, loop: asyncio.AbstractEventLoop) -> None:
        self._backend = backend
        self._loop = loop
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._finished: list[tuple[Request, Outcome]] = []
        self._stopped = False
        self._inbox: SimpleQueue[list[tuple[Request, Outcome]] | None] = SimpleQueue()

    def start(self, batch: list[Request]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._start, batch)
        except RuntimeError:
            self.wake()

    def wake(self) -> None:
        """Have `wait` raise LoopStopped."""
        self._inbox.put(None)

    def wait(self) -> list[tuple[Request, Outcome]]:
        """At least one finished request."""
        batch = self._inbox.get()
        if batch is None:
            self._stopped = True
            raise LoopStopped("the loop that asks the models was stopped")
        return batch

    def end(self) -> None:
        """Cancel what is out and see it end."""
        if self._stopped or self._loop.is_closed():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._cancel(), self._loop).result(STOP_S)
        except CancelledError:
            pass  # the loop is stopping, and cancels them itself
        except TimeoutError:
            _log.warning("%d requests did not end %g s after they were cancelled", len(self._tasks), STOP_S)

    def _start(self, batch: list[Request]) -> None:
        for request in batch:
            task = self._loop.create_task(outcome(self._backend, request))
            self._tasks.add(task)
            task.add_done_callback(partial(self._done, request))

    def _done(self, request: Request, task: asyncio.Task[Outcome]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self.wake()
            return
        # One wake-up of the other thread for all that finish in one turn of the loop.
        if not self._finished:
            self._loop.call_soon(self._flush)
        self._finished.append((request, task.result()))

    def _flush(self) -> None:
        batch, self._finished = self._finished, []
        self._inbox.put(batch)

    async def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _pump(asked: _Asked, source: Iterator[Request], window: int) -> Iterator[list[tuple[Request, Outcome]]]:
    """Keep up to `window` requests out; ask for more in batches, since each batch wakes the loop."""
    out = 0
    least = max(1, window // 8)
    more = True
    ready: deque[tuple[Request, Outcome]] = deque()
    while True:
        while more and out < window and (window - out >= least or not ready):
            batch = list(islice(source, min(window - out, _BATCH)))
            more = bool(batch)
            out += len(batch)
            asked.start(batch)
        if not out:
            return
        if not ready:
            ready.extend(asked.wait())
        some = [ready.popleft() for _ in range(min(least, len(ready)))]
        out -= len(some)
        yield some


async def outcome(backend: Backend, request: Request) -> Outcome:
    """What becomes of a request, whatever its backend does; only a cancellation from outside passes."""
    try:
        return await backend.complete(request)
    except BackendError as error:
        # Its traceback would keep the frames, and with them the bodies, for as long as the outcome lives.
        return error.with_traceback(None)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return Transient("the request was cancelled from inside its backend")
    except Exception as error:  # noqa: BLE001  around a model request; what broke is the outcome, and logged
        _log.error("a backend broke on request %s", request.id, exc_info=error)
        return Transient(f"{type(error).__name__} in the backend: {error}")
