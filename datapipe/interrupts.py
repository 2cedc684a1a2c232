"""SIGINT and SIGTERM: what is open is closed, and a process that does not manage to leave is ended."""

import os
import select
import signal
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn

PATIENCE_S = 60.0
"""Seconds from the signal to the end of the process, whatever it does."""
_NUDGE = signal.SIGURG
"""Ignored wherever nobody listens, and sent by nothing else here."""
_NUDGE_S = 0.1
_STUCK = (
    b"datapipe: still running %d s after signal %d, so it ends here without closing what is open; "
    b"what it journaled is kept, and the same command goes on from there\n"
)


def hear() -> None:
    """Have both signals break off what the main thread does, by KeyboardInterrupt and SystemExit; a second
    one ends the process at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)


def watch(patience_s: float = PATIENCE_S) -> None:
    """As `hear`, again, and have a thread see to it that the process ends. Only after a first `hear`.

    Again, since polars installs a handler of its own when it is imported, with which waits go on. The
    thread, since a signal that comes between the last look for one and a wait is not seen until the wait is
    over, and since the exception may be swallowed where it is raised: in a callback from native code, in a
    `__del__`. A run may be ended anywhere, so that ending it is never the wrong way out.
    """
    if signal.getsignal(signal.SIGINT) is not _leave:
        return
    hear()
    signal.signal(_NUDGE, lambda *_: None)
    out, into = os.pipe()
    os.set_blocking(into, False)
    signal.set_wakeup_fd(into, warn_on_full_buffer=False)
    main = threading.main_thread().ident
    threading.Thread(target=_see_it_leave, args=(out, main, patience_s), daemon=True).start()


def _see_it_leave(told: int, main: int, patience_s: float) -> None:
    number = _first(told)
    end = time.monotonic() + patience_s
    while (left := end - time.monotonic()) > 0:
        if signal.getsignal(number) is _leave:
            signal.pthread_kill(main, _NUDGE)  # which ends its wait, and the handler runs
        time.sleep(min(_NUDGE_S, left))
    with suppress(OSError):
        if select.select([], [2], [], 1.0)[1]:  # nobody may read what is written there
            os.write(2, _STUCK % (patience_s, number))
    os._exit(128 + number)


def _first(told: int) -> int:
    """Waits for the first signal that ends."""
    while True:
        for number in os.read(told, 64):
            if number in (signal.SIGINT, signal.SIGTERM):
                return number


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, lambda again, _: os._exit(128 + again))
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
