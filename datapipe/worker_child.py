"""The inside of a worker: load the checks once, then rule on attempts in a fork that can be made anew."""

import gc
import json
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from datapipe.selfchecks import selfchecks
from datapipe.worker_forks import ANEW, Turns, bind_to, keep_two, may_fork
from datapipe.worker_frames import decode, encode, frame, read_frame, write_all
from datapipe.worker_outbox import Outbox
from judges.attempt import Attempt
from judges.base import Check, Ruling
from judges.catalog import CatalogError, catalog
from judges.pairs import pair_checks

WALL_FACTOR = 4
"""Wall seconds that one soft second of CPU time may take, since the machine may be busy."""
_MEMORY_SHARE = 0.75
_AGAIN_S, _CLOSE_S = 0.1, 0.001


class Deadline(BaseException):
    """No Exception, since libraries swallow those."""


class _Alarm:
    """Raises Deadline in the main thread, again and again while armed: bare excepts swallow one.

    The clock rings first, since the kernel counts CPU time in ticks of milliseconds: after half the time, so
    that the next process can make itself ready, then for what is left. The CPU timer stays for checks that
    set the clock themselves: it ticks on from check to check, and sets the clock again.
    """

    def __init__(self, soft_s: float, half: Callable[[], None]) -> None:
        self.soft_s, self.half, self.armed, self.reason = soft_s, half, False, Ruling.undecided("deadline")
        self._cpu_s = self._since = 0.0
        self._ticks = False
        signal.signal(signal.SIGPROF, self._fire)
        signal.signal(signal.SIGALRM, self._fire)

    def _fire(self, _number: int, _frame: FrameType | None) -> None:
        if not self.armed:
            return
        waited = time.monotonic() - self._since
        cpu_left = self.soft_s - (time.process_time() - self._cpu_s)
        wall_left = self.soft_s * WALL_FACTOR - waited
        if cpu_left > _CLOSE_S and wall_left > _CLOSE_S:
            to_half = self.soft_s / 2 - waited
            early = to_half > _CLOSE_S
            signal.setitimer(signal.ITIMER_REAL, to_half if early else min(cpu_left, wall_left), _AGAIN_S)
            if not early:
                self.half()
            return
        # Too long by the clock alone may be the machine's fault, so it is worth another try.
        self.reason = (
            Ruling.undecided(f"deadline of {self.soft_s:g} s")
            if cpu_left <= _CLOSE_S
            else Ruling.undecided(f"deadline of {self.soft_s * WALL_FACTOR:g} s by the clock", "infra")
        )
        raise Deadline

    def arm(self, cpu_s: float) -> None:
        """For one check, from now on, which is at `cpu_s` by the clock of this process."""
        self._cpu_s, self._since = cpu_s, time.monotonic()
        self.armed = True
        if not self._ticks:
            signal.setitimer(signal.ITIMER_PROF, min(self.soft_s, _AGAIN_S), _AGAIN_S)
            self._ticks = True
        signal.setitimer(signal.ITIMER_REAL, self.soft_s / 2, _AGAIN_S)

    def stop(self) -> None:
        """Leave no timer running. Between checks one may run on, and is not heard."""
        if self._ticks:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._ticks = False


def serve() -> None:
    """Speak frames over what were stdin and stdout: settings, then lists of `[checks, attempt]`.

    Answers `{"ready": names, "cpu_s": so far, "pid": of the process that rules}` or `{"broken": why}`, then
    `{"ruled": [...], "leaving": null}` with the rulings of all checks in order, as `Outbox` writes them. With
    `leaving`, so many jobs of the list in hand are given back; after that it is ready anew, and goes on with
    the lists that it has not read yet.
    """
    source, sink = _own_pipes()
    settings = json.loads(read_frame(source) or b"{}")
    bind_to(settings["parent"])
    memory = settings["memory_mb"] << 20
    _limit_memory(memory)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        checks = _checks(settings)
    except CatalogError as error:
        write_all(sink, frame(encode({"broken": str(error)})))
        return
    gc.freeze()  # what is loaded stays, and stays shared
    gc.enable()
    outbox, turns, soft_s = Outbox(sink), Turns(), settings["soft_s"]

    def rule() -> None:
        turns.wait()
        _rule_until_the_end(source, sink, outbox, turns, checks, soft_s)

    if may_fork():
        keep_two(rule, lambda: _warm(checks), outbox, turns)
    rule()


def _warm(checks: Mapping[str, Check]) -> None:
    for check in checks.values():
        if check.warm is not None:
            check.warm()
            for attempt in check.passes:
                check.judge(Attempt.from_json(attempt.to_json()))


def _rule_until_the_end(
    source: int, sink: int, outbox: Outbox, turns: Turns, checks: Mapping[str, Check], soft_s: float
) -> None:
    ready = {"ready": list(checks), "cpu_s": time.process_time(), "pid": os.getpid()}
    write_all(sink, frame(encode(ready)))
    alarm = _Alarm(soft_s, turns.announce)
    memory = resource.getrlimit(resource.RLIMIT_AS)[0]
    while (body := read_frame(source)) is not None:
        jobs = decode(body)
        for number, (names, attempt) in enumerate(jobs, 1):
            owed = _work(Attempt.from_json(attempt), [checks[name] for name in names], alarm, outbox)
            if owed is not None:
                _leave(outbox, turns, len(jobs) - number + (owed > 0))
        alarm.stop()
        if _mapped_bytes() > memory * _MEMORY_SHARE:
            _leave(outbox, turns, 0)
        outbox.send()


def _work(attempt: Attempt, checks: list[Check], alarm: _Alarm, outbox: Outbox) -> int | None:
    """None, or how many checks are still owed where the process may not go on.

    What was broken off may have left a library's caches half written.
    """
    cpu_s = time.process_time()
    for number, check in enumerate(checks, 1):
        outbox.send_due()
        ruling, broken_off = _rule(check, attempt, alarm, cpu_s)
        cpu_s = outbox.put(ruling)
        if broken_off or (ruling.reason or "").startswith("raised MemoryError"):
            return len(checks) - number
    return None


def _leave(outbox: Outbox, turns: Turns, left: int) -> NoReturn:
    """Ask to be replaced, in the message of the last ruling: after it the next list may be on its way."""
    outbox.send(leaving=left)
    turns.hand_on()
    os._exit(ANEW)


def _rule(check: Check, attempt: Attempt, alarm: _Alarm, cpu_s: float) -> tuple[Ruling, bool]:
    if check.own_process:
        alarm.stop()
        return _rule_unbound(check, attempt), False
    try:
        alarm.arm(cpu_s)
        try:
            return check.judge(attempt), False
        finally:
            alarm.armed = False
    except Deadline:
        alarm.armed = False
        return alarm.reason, True


def _rule_unbound(check: Check, attempt: Attempt) -> Ruling:
    """Its processes have limits of their own; only the supervisor's limit by the clock is above them."""
    memory, _ = resource.getrlimit(resource.RLIMIT_AS)
    _limit_memory(resource.RLIM_INFINITY)
    try:
        return check.judge(attempt)
    finally:
        _limit_memory(memory)


def _limit_memory(size: int) -> None:
    """The soft limit alone, since a check whose processes have their own must be able to lift it."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        size = most if size == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(resource.RLIMIT_AS, (size, most))


def _own_pipes() -> tuple[int, int]:
    """Move the pipes away from where a check could print into them."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    return source, sink


def _checks(settings: Mapping[str, Any]) -> dict[str, Check]:
    folders = tuple(Path(folder) for folder in settings["folders"])
    found = catalog(folders, settings["params"], versioned=False)
    made = {name: check for name, check in found.items() if isinstance(check, Check)}
    return made | pair_checks(made) | selfchecks(made)


def _mapped_bytes() -> int:
    """Address space in use, which is what the limit counts; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
