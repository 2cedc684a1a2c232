"""What a sandbox is used for: a program with its input, calls of a function, tests that call a function."""

import os
import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from judges.sandbox import CALLS, PROGRAM, TESTS, Exit, Limits, Sandbox
from judges.sandbox_pipes import FRAME_BYTES, Ended, PipeError, TooLarge, TooLate, receive, send
from judges.values.plain_data import NotPlain, decode, encode

_PIECE = 1 << 16
_ERROR_CHARS = 300
_TAIL_BYTES = 1 << 12
_MOST_PARTS = 1_000_000
"""In a result, beyond what is wanted, since each part takes far more memory than its text."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a call: a value, or why there is none."""

    value: Any = None
    error: str | None = None


class Died(Exception):
    """The process ended, or had to be killed; how is in `exit`."""

    def __init__(self, exit: Exit, why: str | None = None) -> None:
        super().__init__(why or f"its process ended: {exit}")
        self.exit, self.why = exit, why


class Candidate:
    """A function in a process of its own. Everything it says is read as plain data and nothing else."""

    def __init__(self, sandbox: Sandbox, sources: Sequence[str], entry: str, limits: Limits) -> None:
        self._sandbox = sandbox
        self._idle_since = time.monotonic()
        self._deadline = self._idle_since + limits.wall_s
        # Tests that call it start later, and between calls its clock stands still.
        clock = replace(limits, wall_s=2 * limits.wall_s)
        self._number, self.sink, self.source = _started(sandbox, CALLS, [], clock)
        self._program = encode([list(sources), entry]).encode()

    def load(self) -> str | None:
        """Run the program's top level; what it raised, if it did. Raises Died."""
        try:
            send(self.sink, self._program, self._deadline)
            told = decode(receive(self.source, self._deadline))
            self._idle_since = time.monotonic()
        except (PipeError, NotPlain) as error:
            raise self._died(error) from None
        if not isinstance(told, list) or len(told) != 1 or not isinstance(told[0], str | None):
            raise Died(self.end(), "its process sent no data that travels")
        return told[0] and told[0][:_ERROR_CHARS]

    def call(self, args: Sequence[Any], wanted_bytes: int = 0) -> Said:
        """Call it with positional arguments. Raises Died, and TooLarge for arguments that cannot be sent."""
        asked = encode([list(args), {}, False]).encode()
        if len(asked) > FRAME_BYTES:
            raise TooLarge
        # What was done with its last result is no time of its own.
        self._deadline += time.monotonic() - self._idle_since
        try:
            send(self.sink, asked, self._deadline)
            body = receive(self.source, self._deadline)
            self._idle_since = time.monotonic()
            if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_PARTS + wanted_bytes:
                raise Died(self.end(), "returned too much data")
            told = decode(body)
        except (PipeError, NotPlain) as error:
            raise self._died(error) from None
        match told:
            case ["value", value, _]:
                return Said(value)
            case ["raised", str(why), _]:
                return Said(error=why[:_ERROR_CHARS])
        raise Died(self.end(), "its process sent no result")

    def end(self) -> Exit:
        """Kill it."""
        return self._sandbox.end(self._number)

    def ended(self) -> Exit:
        """How it ended, which it did by itself, or after it had closed its pipes."""
        return self._sandbox.outcome(self._number, self._deadline)

    def close(self) -> None:
        """Kill it, and leave nothing of it."""
        for fd in (self.sink, self.source):
            os.close(fd)
        self._sandbox.end(self._number)
        self._sandbox.clean()

    def _died(self, error: Exception) -> Died:
        """How it ended: by itself, where its pipe has."""
        if isinstance(error, Ended):
            return Died(self.ended())
        if isinstance(error, TooLate):
            return Died(self._sandbox.end_late(self._number))
        exit = self.end()
        return Died(exit, f"returned {error}" if isinstance(error, NotPlain) else "returned too much data")


@contextmanager
def candidate(sandbox: Sandbox, sources: Sequence[str], entry: str, limits: Limits) -> Iterator[Candidate]:
    """A candidate that is gone afterwards. Raises SandboxLost."""
    made = Candidate(sandbox, sources, entry, limits)
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that has ended."""

    stdout: str
    stderr: str
    """Its last lines."""
    exit: Exit
    too_much: bool
    """It was killed for printing more than it may."""


def run_program(sandbox: Sandbox, sources: Sequence[str], stdin: str, limits: Limits) -> Ran:
    """Run a program to its end. Raises SandboxLost."""
    code_in, code = _pipe(ours="write")
    inside_in, feed = _pipe(ours="write")
    out, inside_out = _pipe(ours="read")
    err, inside_err = _pipe(ours="read")
    try:
        number = sandbox.run(PROGRAM, [code_in, inside_in, inside_out, inside_err], limits)
        deadline = time.monotonic() + limits.wall_s
        with suppress(PipeError):
            send(code, encode(list(sources)).encode(), deadline)
        printed, too_much = _pump(feed, stdin.encode("utf-8", "replace"), (out, err), limits, deadline)
        feed = -1
        exit = sandbox.end(number) if too_much else sandbox.outcome(number, deadline)
    finally:
        for fd in (code, out, err, *((feed,) if feed >= 0 else ())):
            os.close(fd)
    sandbox.clean()
    return Ran(_text(printed[0]), _text(printed[1]), exit, too_much)


def _pump(
    feed: int, stdin: bytes, outputs: tuple[int, int], limits: Limits, deadline: float
) -> tuple[list[bytearray], bool]:
    """Write its input and read what it prints, until it has closed both outputs; closes `feed`."""
    printed, left = {fd: bytearray() for fd in outputs}, memoryview(stdin)
    poll = select.poll()
    for fd in outputs:
        poll.register(fd, select.POLLIN)
    poll.register(feed, select.POLLOUT)
    if not left:
        feed = _close(poll, feed)
    open_fds = set(outputs)
    while open_fds and (seconds := deadline - time.monotonic()) > 0:
        for fd, _ in poll.poll(seconds * 1000):
            if fd == feed:
                left = _write(feed, left)
                feed = feed if left else _close(poll, feed)
            elif piece := os.read(fd, _PIECE):
                printed[fd] += piece
                if fd == outputs[1]:
                    del printed[fd][:-_TAIL_BYTES]
            else:
                poll.unregister(fd)
                open_fds.discard(fd)
        if len(printed[outputs[0]]) > limits.output_mb << 20:
            break
    if feed >= 0:
        _close(poll, feed)
    return list(printed.values()), len(printed[outputs[0]]) > limits.output_mb << 20


def _write(feed: int, left: memoryview) -> memoryview:
    try:
        return left[os.write(feed, left[:_PIECE]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError:
        return left[:0]


def _close(poll: select.poll, fd: int) -> int:
    poll.unregister(fd)
    os.close(fd)
    return -1


def _text(printed: bytearray) -> str:
    return printed.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class TestsDied(Exception):
    """The tests' own process ended, or had to be killed, without a verdict."""

    exit: Exit
    begun: bool
    """They had called the candidate."""


def run_tests(
    sandbox: Sandbox, called: Candidate, sources: Sequence[str | bool], limits: Limits
) -> list[str]:
    """Run tests that call a loaded candidate: a verdict of `judges.sandbox_tests`.

    `sources` are what that takes: setup, tests, entry point, and two settings. Raises TestsDied, SandboxLost.
    """
    deadline, begun = time.monotonic() + limits.wall_s, False
    for fd in (called.sink, called.source):
        os.set_blocking(fd, True)
    number, sink, source = _started(sandbox, TESTS, [os.dup(called.sink), os.dup(called.source)], limits)
    try:
        send(sink, encode(list(sources)).encode(), deadline)
        while (told := decode(receive(source, deadline))) == ["begun"]:
            begun = True
        sandbox.end(number)
        return [str(each) for each in told]
    except TooLate:
        raise TestsDied(sandbox.end_late(number), begun) from None
    except (PipeError, NotPlain):
        raise TestsDied(sandbox.outcome(number, deadline), begun) from None
    finally:
        os.close(sink)
        os.close(source)


def _started(sandbox: Sandbox, kind: bytes, more: list[int], limits: Limits) -> tuple[int, int, int]:
    """A process with a pipe to it and one from it, whose ends here come after its number."""
    inside_in, sink = _pipe(ours="write")
    source, inside_out = _pipe(ours="read")
    try:
        return sandbox.run(kind, [inside_in, inside_out, *more], limits), sink, source
    except BaseException:
        os.close(sink)
        os.close(source)
        raise


def _pipe(ours: str) -> tuple[int, int]:
    """Both ends; ours does not block."""
    read, write = os.pipe()
    os.set_blocking(read if ours == "read" else write, False)
    return read, write
