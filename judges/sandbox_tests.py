"""Tests in a process of their own, which call a candidate in another."""

import builtins
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from judges.sandbox_inside import MESSAGE_CHARS, fresh_module, said
from judges.sandbox_mirrors import differ, first_strange, mirror
from judges.sandbox_pipes import FRAME_BYTES, Ended, PipeError, receive, send
from judges.sandbox_spies import CHANGED, WATCHED, Notes, Spy, install, plain, watched
from judges.values.plain_data import NotPlain, Strange, TooDeep, decode, encode

# Python's own loops take these for their end, or leave by them, and with them the checks of the tests.
_NEVER = ("StopIteration", "StopAsyncIteration", "GeneratorExit", "SystemExit", "KeyboardInterrupt")
_PLAIN = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset, deque, range)


class CandidateRaised(Exception):
    """The candidate raised what has no name here, or what would end loops of the tests."""


class CandidateLeft(BaseException):
    """It raised what is no Exception, such as SystemExit."""


class NoVerdict(BaseException):
    """The verdict stands in `Calls`, and tests that catch this change nothing about it."""


class _Object(Strange):
    """What the candidate returned and could not send."""

    strange_calls: "Calls"

    def __getattr__(self, name: str) -> Any:
        # Whatever a candidate returns instead of plain data is wrong; only tests that need an object are not
        # for us to judge.
        plain = any(hasattr(kind, name) for kind in _PLAIN) and not self.strange_calls.wants_object
        if plain or name.startswith("__"):
            raise AttributeError(f"{self!r} has no attribute {name!r} here")
        raise self.strange_calls.left(
            "unclear", f"the tests look into {self!r}, which stays in the candidate's process"
        )

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self.strange_calls.left(
            "unclear", f"the tests call {self!r}, which stays in the candidate's process"
        )


class Calls:
    """The candidate, as the tests see it, and what became of it."""

    def __init__(self, sink: int, source: int, begun: Callable[[], None]) -> None:
        self._sink, self._source, self._begun = sink, source, begun
        self._lock = threading.Lock()
        self._objects = type("_Object", (_Object,), {"strange_calls": self})
        self.many = 0
        self.wants_object = self.awaits = self.swayed = False
        self.mirrors = True
        self.notes: Notes | None = None
        self.rebuilt: list[BaseException] = []
        self.exceptions: Mapping[str, type[BaseException]] = {}
        self.verdict: list[str] | None = None
        """Set where the tests have no say any more."""

    def left(self, verdict: str, why: str) -> NoVerdict:
        """What ends the tests with this verdict, or with the one that stands."""
        if self.verdict is None:
            self.verdict = [verdict, why]
        return NoVerdict(why)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in its own process; what it did to containers shows here too."""
        with self._lock:
            if self.verdict is not None:
                raise NoVerdict(self.verdict[1])
            held: list[Any] = []
            try:
                body = encode([[plain(each) for each in args], kwargs, self.mirrors], held).encode()
            except NotPlain as error:
                # What came from the candidate itself is no fault of the tests.
                own = isinstance(error, TooDeep) or isinstance(first_strange([args, kwargs]), Strange)
                raise self.left(
                    "fail" if self.many and own else "broken", f"the tests pass {error}"
                ) from None
            if len(body) > FRAME_BYTES:
                raise self.left("broken", "the tests pass too much data")
            told = self._answer(body, held)
        match told:
            case ["value", value, None]:
                return value if self.notes is None else Spy(value, self.notes)
            case ["value", value, [*contents]] if len(contents) == len(held) - 2:
                for given, now in zip(held[2:], contents, strict=True):
                    self.swayed = self.swayed or differ(given, now)
                    mirror(given, now)
                return value
            case ["raised", str(why), [[*names], str(kind), [*values]]]:
                if self.notes is not None:
                    self.notes.steer()
                self.rebuilt.append(self._rebuilt(why, names, kind, values))
                raise self.rebuilt[-1]
        raise self.left("fail", "the candidate sent no result")

    def _answer(self, body: bytes, held: list[Any]) -> Any:
        if not self.many:
            self._begun()
        self.many += 1
        try:
            send(self._sink, body)
            return decode(receive(self._source), None, held, self._strange)
        except (Ended, OSError):
            raise self.left("ended", "the candidate's process ended") from None
        except (PipeError, NotPlain) as error:
            why = str(error) or "too much data"
            raise self.left("fail", f"the candidate sent what is no result ({why})") from None

    def _strange(self, kind: str, told: list[Any]) -> Any:
        """An iterator gives what was drawn; all else is an object that says nothing."""
        if kind == "coroutine" and self.awaits:
            raise self.left("unclear", "the tests await what stays in the candidate's process")
        return self._objects(kind, told) if not told else self._drawn(*told)

    def _drawn(self, items: list[Any], end: Any) -> Iterator[Any]:
        yield from items
        if isinstance(end, list) and len(end) == 3:
            self.rebuilt.append(self._rebuilt(str(end[1]), end[0], str(end[1]), end[2]))
            raise self.rebuilt[-1]
        if end is not None:
            yield from self._more(end)

    def _more(self, end: Any) -> Iterator[Any]:
        """What an iterator of the candidate's gives next."""
        with self._lock:
            told = self._answer(encode(end).encode(), [])
        match told:
            case ["value", value, None] if isinstance(value, Iterator):
                return value
        raise self.left("fail", "the candidate sent no result")

    def _rebuilt(self, why: str, names: list[Any], kind: str, args: list[Any]) -> BaseException:
        """An exception of the built-in classes it had, or of a class that the question shows, since tests may
        expect it; none that Python itself would catch."""
        if any(name in names for name in _NEVER):
            known = "Exception" in names
            return CandidateRaised(why[:MESSAGE_CHARS]) if known else CandidateLeft(why[:MESSAGE_CHARS])
        bases = [each for name in names if isinstance(each := getattr(builtins, str(name), None), type)]
        own = self.exceptions.get(kind)
        bases = [each for each in ([own] if own else bases) if issubclass(each, BaseException)]
        leaves = [each for each in bases if not any(each in other.__mro__[1:] for other in bases)]
        if not leaves or not issubclass(leaves[0], Exception):
            return CandidateLeft(why[:MESSAGE_CHARS])
        try:
            made = leaves[0] if leaves[0].__name__ == kind else type(kind, tuple(leaves), {})
            rebuilt: BaseException = made.__new__(made, *args) if own else made(*args)
        except Exception:  # noqa: BLE001 - built from a stranger's arguments
            return CandidateRaised(why[:MESSAGE_CHARS])
        return rebuilt


def run_tests(source: int, sink: int, to_candidate: int, from_candidate: int) -> None:
    """`[setup, tests, entry, wants_object, world]` in; `["begun"]` out before a first call, then a verdict.

    Verdicts are `["pass"]`, `["pass", why]` where they may owe it to changes of their own values, and, with a
    reason, `["fail", why]`, `["ended", why]` of a candidate that is no more, `["broken", why]` of tests that
    are at fault and `["unclear", why]`. Worlds are those of `judges.sandbox_spies`.
    """
    setup, tests, entry, wants_object, world = decode(receive(source))
    calls = Calls(to_candidate, from_candidate, lambda: send(sink, encode(["begun"]).encode()))
    calls.wants_object, calls.awaits, calls.mirrors = wants_object, "asyncio" in tests, world == CHANGED
    calls.notes = Notes() if world == WATCHED else None
    try:
        told = _verdict(calls, setup, tests, entry)
    except BaseException as error:  # noqa: BLE001 - tests may raise whatever they like, and later too
        told = ["broken", said(error)]
    send(sink, encode(told).encode())


def _verdict(calls: Calls, setup: str, tests: str, entry: str) -> list[str]:
    def candidate(*args: Any, **kwargs: Any) -> Any:
        return calls(*args, **kwargs)

    module = fresh_module("tests")
    candidate.__name__ = candidate.__qualname__ = entry.rpartition(".")[2]
    try:
        exec(compile(setup, "<setup>", "exec", dont_inherit=True), module.__dict__)
        calls.exceptions = dict(_exceptions(vars(module)))
        setattr(module, entry, candidate)
        if calls.notes is not None:
            install(module.__dict__, calls.notes)
        code = tests if calls.notes is None else watched(tests)
        exec(compile(code, "<tests>", "exec", dont_inherit=True), module.__dict__)
        module.__dict__["check"](candidate)
    except BaseException as error:  # noqa: BLE001 - tests may raise whatever they like
        told = _told(error, calls)
    else:
        told = _passed(calls)
    return calls.verdict or told


def _passed(calls: Calls) -> list[str]:
    if not calls.many:
        return ["broken", "they never call the candidate"]
    if calls.notes is not None and not calls.notes.independent:
        return ["fail", "what it returned has a part in what fails"]
    return ["pass", "changed"] if calls.swayed else ["pass"]


def _exceptions(names: Mapping[str, Any]) -> Iterator[tuple[str, type[BaseException]]]:
    for name, each in names.items():
        own = isinstance(each, type) and issubclass(each, Exception) and each.__module__ == "tests"
        if own and not any(getattr(builtins, never) in each.__mro__ for never in _NEVER):
            yield name, each


def _told(error: BaseException, calls: Calls) -> list[str]:
    """Until the candidate has been called, whatever goes wrong is the tests' own."""
    # Tests have no folder that they may write.
    refused = isinstance(error, PermissionError) and error.filename
    rebuilt = {*map(id, calls.rebuilt)}
    if not calls.many or (refused and not any(id(each) in rebuilt for each in _causes(error))):
        return ["broken", said(error)]
    raised = isinstance(error, CandidateRaised | CandidateLeft)
    return ["fail", f"{f'the candidate: {error}' if raised else said(error)}{_place(error)}"]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It, and what was being handled when it was raised."""
    seen: set[int] = set()
    left: BaseException | None = error
    while left is not None and id(left) not in seen:
        seen.add(id(left))
        yield left
        left = left.__cause__ or left.__context__


def _place(error: BaseException) -> str:
    """The line of the tests that failed."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line} of the tests)" if line else ""
