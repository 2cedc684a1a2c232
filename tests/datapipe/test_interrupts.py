"""A process that is told to end does, whatever it is at."""

import os
import signal
import subprocess
import sys
from typing import IO

import pytest

CHILD = """
import signal, sys, threading
from datapipe import interrupts

number = signal.Signals(int(sys.argv[1]))
interrupts.hear()
{before}
interrupts.watch({patience})
waiting = threading.Lock()
waiting.acquire()

def wait():
    print("ready", flush=True)
    waiting.acquire()
{waits}
"""
BOTH = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


def ended(number: int, waits: str, *, before: str = "", patience: float = 60.0) -> tuple[int, str, str]:
    """How a process left, and what it wrote, that was told to end while it waited."""
    code = CHILD.format(before=before, waits=waits, patience=patience)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(int(number))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        out, err = pipes(process)
        assert out.readline() == "ready\n"
        os.kill(process.pid, number)
        try:
            return process.wait(60), out.read(), err.read()
        finally:
            process.kill()


def pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout, process.stderr


CLOSES = """
try:
    wait()
except BaseException as error:
    print(type(error).__name__, flush=True)
    raise SystemExit(128 + number) from None
"""


@BOTH
def test_what_waits_is_broken_off_and_may_close(number: int, code: int) -> None:
    name = "KeyboardInterrupt" if number == signal.SIGINT else "SystemExit"
    assert ended(number, CLOSES) == (code, f"{name}\n", "")


@BOTH
def test_a_signal_that_the_wait_did_not_see_is_heard(number: int, code: int) -> None:
    """Taken by another thread, it does not end the wait, as one that comes just before it does not."""
    deaf = """
other = threading.Thread(target=threading.Event().wait, daemon=True)
other.start()
signal.pthread_sigmask(signal.SIG_BLOCK, {number})"""
    name = "KeyboardInterrupt" if number == signal.SIGINT else "SystemExit"
    assert ended(number, deaf + CLOSES) == (code, f"{name}\n", "")


SWALLOWS = """
while True:
    try:
        wait()
    except BaseException:
        print("swallowed", flush=True)
"""


@BOTH
def test_a_process_that_swallows_it_is_ended(number: int, code: int) -> None:
    status, out, err = ended(number, SWALLOWS, patience=3.5)
    assert (status, out) == (code, "swallowed\nready\n")
    assert err.startswith("datapipe: still running 3 s after signal")
    assert "goes on from there" in err


def test_words_that_nobody_reads_hold_no_process() -> None:
    full = """
import os
os.set_blocking(2, False)
try:
    while True: os.write(2, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(2, True)"""
    status, out, err = ended(signal.SIGINT, SWALLOWS, before=full, patience=3.5)
    assert (status, out, set(err)) == (130, "swallowed\nready\n", {"x"})


@BOTH
def test_a_second_one_ends_it_at_once(number: int, code: int) -> None:
    twice = """
try:
    wait()
except BaseException:
    import os
    os.kill(os.getpid(), number)
    waiting.acquire()
"""
    assert ended(number, twice) == (code, "", "")


def test_a_handler_of_a_library_does_not_stay() -> None:
    """One that lets waits go on, as polars installs when it is imported."""
    assert ended(signal.SIGINT, CLOSES, before="import polars") == (130, "KeyboardInterrupt\n", "")


def test_who_did_not_ask_for_it_keeps_its_own_handlers() -> None:
    own = "signal.signal(signal.SIGINT, lambda *_: sys.exit(7))"
    assert ended(signal.SIGINT, "wait()", before=own) == (7, "", "")
