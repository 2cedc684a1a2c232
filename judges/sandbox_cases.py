"""Run the cases of a code reference in a sandbox: one result per case, and why a process ended."""

import json
import re
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from judges.base import Outage, Unscored
from judges.sandbox import Exit, Limits, Sandbox
from judges.sandbox_pipes import FRAME_BYTES, TooLarge
from judges.sandbox_runs import Candidate, Died, Ran, TestsDied, candidate, run_program, run_tests
from judges.sandbox_spies import CHANGED, UNCHANGED, WATCHED
from judges.values.outputs import same_output, same_print, shown
from judges.values.plain_data import NotPlain
from schemas.references import Case, StdinCase

_BUSY, _SLEPT = 0.75, 0.05
"""A process that ran and waited for a processor less of its time than this was late by its own doing. Where
the kernel does not tell waiting, one that ran less than the other."""
_BUDGET = 3
"""Cases of one answer that run out of time may take so many times what one may."""
_TOGETHER_S = 100.0
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case; no reason means that it passed."""

    case: str
    reason: str | None
    lost_s: float = 0.0
    """Seconds that went with a process which died of it."""


def told(exit: Exit, limits: Limits) -> str:
    """Why a process ended, as a reason against the program. Raises Outage where it is the machine's fault."""
    if _of_cpu_time(exit, limits):
        return f"took more than {limits.cpu_s:g} s of CPU time"
    if exit.late:
        if _busy(exit, limits):
            raise Outage(f"did not end within {limits.wall_s:g} s on a busy machine")
        return f"did not end within {limits.wall_s:g} s, asleep or waiting"
    if exit.full:
        return "wrote more files than it may"
    if exit.status == -signal.SIGKILL:  # which no program can send
        raise Outage("the program was killed from outside")
    if exit.status < 0:
        return f"died of signal {-exit.status}"
    return f"ended with exit status {exit.status}"


def _of_cpu_time(exit: Exit, limits: Limits) -> bool:
    return exit.status == -signal.SIGXCPU or (exit.cpu_s >= limits.cpu_s and exit.status == -signal.SIGKILL)


def _out_of_time(exit: Exit, limits: Limits) -> bool:
    return exit.late or _of_cpu_time(exit, limits)


def _busy(exit: Exit, limits: Limits) -> bool:
    if exit.waited_s is None:
        return exit.cpu_s >= _SLEPT * limits.wall_s
    return exit.cpu_s + exit.waited_s >= _BUSY * limits.wall_s


def function_results(
    sandbox: Sandbox,
    sources: Sequence[str],
    entry: str,
    cases: Sequence[Case],
    limits: Limits,
    tolerance: float | None,
) -> Iterator[Result]:
    """Call the entry point once for each case, in as few processes as may be.

    A process that dies costs the case it was at; one that had run out of time on earlier cases costs none.
    """
    budget, at = _Budget(limits), 0
    while at < len(cases):
        if budget.spent(at):
            yield from (Result(_call(entry, case), "not run, for lack of time") for case in cases[at:])
            return
        for result in _in_one_process(sandbox, sources, entry, cases[at:], limits, tolerance):
            budget.count(result)
            yield result
            at += 1


def _in_one_process(
    sandbox: Sandbox,
    sources: Sequence[str],
    entry: str,
    cases: Sequence[Case],
    limits: Limits,
    tolerance: float | None,
) -> Iterator[Result]:
    """Of as many cases as it comes to, one at least."""
    began, at = time.monotonic(), 0
    with candidate(sandbox, sources, entry, limits) as called:
        try:
            failed = called.load()
            for case in cases:
                if failed is None:
                    yield _result(called, entry, case, tolerance)
                else:
                    yield Result(_call(entry, case), failed)
                at += 1
        except Died as died:
            if at and died.why is None and _out_of_time(died.exit, limits):
                return
            reason = died.why or told(died.exit, limits)
            yield Result(_call(entry, cases[at]), reason, time.monotonic() - began)


class _Budget:
    """Time for all cases of one answer: little for those that run out of theirs, much for the others."""

    def __init__(self, limits: Limits) -> None:
        self._left = _BUDGET * limits.wall_s
        self._end = time.monotonic() + max(_TOGETHER_S, self._left)
        self._failed = False

    def count(self, result: Result) -> None:
        """One more case is done."""
        self._left -= result.lost_s
        self._failed |= result.reason is not None

    def spent(self, done: int) -> bool:
        """May no more be run? Raises Unscored where all that were run, passed, and the rest would decide."""
        if self._left > 0 and time.monotonic() < self._end:
            return False
        if not self._failed:
            raise Unscored(f"{done} cases that pass take too long for the others to be run")
        return True


def _result(called: Candidate, entry: str, case: Case, tolerance: float | None) -> Result:
    size = len(json.dumps(case.output))
    try:
        if 2 * size > FRAME_BYTES:
            raise TooLarge
        said = called.call(case.input, size)
    except (TooLarge, NotPlain) as error:  # the reference's own data
        raise Unscored(f"a case is too large, or too deep, to be sent ({type(error).__name__})") from None
    reason = said.error
    relative, absolute = (_RELATIVE, _ABSOLUTE) if tolerance is None else (tolerance, tolerance)
    if reason is None and not same_output(case.output, said.value, relative, absolute, tolerance is not None):
        reason = f"returned {shown(said.value)}, not {shown(case.output)}"
    return Result(_call(entry, case), reason)


def _call(entry: str, case: Case) -> str:
    return f"{entry}({', '.join(map(shown, case.input))})"


def program_results(
    sandbox: Sandbox,
    sources: Sequence[str],
    cases: Sequence[StdinCase],
    limits: Limits,
    tolerance: float | None,
) -> Iterator[Result]:
    """Run the program once for each case."""
    budget = _Budget(limits)
    for at, case in enumerate(cases):
        named = f"stdin {shown(case.stdin)}"
        if budget.spent(at):
            yield Result(named, "not run, for lack of time")
            continue
        began = time.monotonic()
        room = replace(limits, output_mb=max(limits.output_mb, (2 * len(case.stdout) >> 20) + 1))
        reason = _printed(run_program(sandbox, sources, case.stdin, room), case, room, tolerance)
        lost_s = 0.0 if reason is None else time.monotonic() - began
        result = Result(named, reason, lost_s)
        budget.count(result)
        yield result


def _printed(ran: Ran, case: StdinCase, limits: Limits, tolerance: float | None) -> str | None:
    if ran.too_much:
        return f"printed more than {limits.output_mb} MiB"
    if ran.exit.status != 0 or ran.exit.late:
        why = ran.stderr.strip().splitlines()
        return why[-1] if why and ran.exit.status > 0 else told(ran.exit, limits)
    if same_print(case.stdout, ran.stdout, tolerance or 0.0):
        return None
    return f"printed {shown(ran.stdout)}, not {shown(case.stdout)}"


def tests_result(
    sandbox: Sandbox, sources: Sequence[str], setup: str, tests: str, entry: str, limits: Limits
) -> Result:
    """Run `check(candidate)`, the candidate elsewhere. Raises Unscored where the tests are at fault.

    A function that changes its arguments could bend what the tests compare it with. So it must pass without
    these changes too, or fail nothing but assertions that do not look at what it returned: of those, the
    changes are what it is asked for.
    """
    source: list[str | bool] = [setup, tests, entry, _is_class(entry, setup)]
    result, swayed = _tested(sandbox, sources, [*source, CHANGED], limits)
    if not swayed:
        return result
    for world in (UNCHANGED, WATCHED):
        if _tested(sandbox, sources, [*source, world], limits)[0].reason is None:
            return result
    raise Unscored("the tests pass only with what the program did to their own values")


def _tested(
    sandbox: Sandbox, sources: Sequence[str], tests: Sequence[str | bool], limits: Limits
) -> tuple[Result, bool]:
    """The result, and may the tests owe it to changes of their values?"""
    with candidate(sandbox, sources, str(tests[2]), limits) as called:
        try:
            failed = called.load()
        except Died as died:
            return Result("loading", died.why or told(died.exit, limits)), False
        if failed is not None:
            return Result("loading", failed), False
        try:
            verdict, *why = run_tests(sandbox, called, tests, limits)
        except TestsDied as died:
            return _tests_died(died, limits), False
        if verdict == "ended":
            return Result("tests", told(called.ended(), limits)), False
    if verdict == "broken":
        raise Unscored(f"the tests do not run: {why[0]}")
    if verdict == "unclear":
        raise Unscored(why[0])
    return Result("tests", why[0] if verdict == "fail" else None), verdict == "pass" and bool(why)


def _is_class(entry: str, setup: str) -> bool:
    """By its name, or by the stub that the question shows."""
    return (
        re.match(r"_*[A-Z]", entry) is not None
        or re.search(rf"^class {re.escape(entry)}\b", setup, re.M) is not None
    )


def _tests_died(died: TestsDied, limits: Limits) -> Result:
    """Tests that wait for a candidate, or choke on what it returned, are not at fault."""
    why = told(died.exit, limits)
    if died.begun:
        return Result("tests", why)
    raise Unscored(f"the tests' own process {why}")
