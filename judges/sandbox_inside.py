"""What a confined process does: answer calls of a function, or be a program."""

import atexit
import builtins
import functools
import gc
import io
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NoReturn

from judges.sandbox_pipes import receive, send
from judges.values.plain_data import NotPlain, decode, encode

MESSAGE_CHARS = 300
_NAME_CHARS = 80
_BUILT_IN = {kind: name for name, kind in vars(builtins).items() if isinstance(kind, type)}


def answer_calls(source: int, sink: int) -> None:
    """The candidate: `[sources, entry]` in, `[None]` or `[error]` out, then calls in and results out.

    A call is `[arguments, keywords, mirror]`; a result is `["value", value, containers]`, with `mirror` what
    lists, dicts, sets and deques of the call hold now, in the order in which they came, or
    `["raised", message, exception]`. Of an iterator that goes on, `["more", place]` asks for the next part.
    """
    sources, entry = decode(receive(source))
    # Not `__main__`, since a script's own main part would read input that is not there.
    module = fresh_module("program")
    try:
        function = _load(module, sources, entry)
    except BaseException as error:  # noqa: BLE001 - a stranger's program, which may raise whatever it likes
        send(sink, encode([said(error)]).encode())
        return
    send(sink, encode([None]).encode())
    kept: list[Any] = []
    while True:
        send(sink, _called(function, receive(source), kept))


def be_program(source: int) -> None:
    """Be a program whose standard streams are in place."""
    sources = decode(receive(source))
    os.close(source)
    builtins.open = io.open = _opening_streams(io.open)
    module = fresh_module("__main__")
    module.__file__ = "program.py"
    for text in sources:
        exec(compile(text, "<program>", "exec", dont_inherit=True), module.__dict__)


def _called(function: Callable[..., Any], body: bytes, kept: list[Any]) -> bytes:
    held: list[Any] = []
    asked = decode(body, held)
    if asked[0] == "more":
        return _value(["value", kept[asked[1]], None], (), kept)
    args, kwargs, mirror = asked
    try:
        value = function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - a stranger's function, which may raise whatever it likes
        return encode(["raised", said(error), raised(error)], raised=raised).encode()
    if not mirror:
        return _value(["value", value, None], (), kept)
    # The call itself, its arguments and its keywords are no containers of the caller's.
    own = [_copy(each) for each in held[2:]] if len(held) > 3 else None
    return _value(["value", value, own], held, kept)


def _value(told: list[Any], known: Sequence[Any], kept: list[Any]) -> bytes:
    try:
        return encode(told, known=known, raised=raised, kept=kept).encode()
    except NotPlain as error:
        return encode(["raised", f"returned {error}", None]).encode()


def _copy(container: Any) -> Any:
    """One that is written as what it holds, and not as its place."""
    if isinstance(container, dict):
        return dict(container)
    return set(container) if isinstance(container, set) else list(container)


def raised(error: BaseException) -> list[Any]:
    """An exception as plain data: the built-in classes it is of, most derived first, name and arguments."""
    kinds = type.mro(type(error))
    names = [_BUILT_IN[kind] for kind in kinds if kind in _BUILT_IN]
    args = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    try:
        encode(list(args))
    except NotPlain:
        args = ()
    return [names, kinds[0].__name__[:_NAME_CHARS], list(args)]


def _load(module: ModuleType, sources: list[str], entry: str) -> Callable[..., Any]:
    for text in sources:
        exec(compile(text, "<program>", "exec", dont_inherit=True), module.__dict__)
    owner, *methods = entry.split(".")
    found = module.__dict__[owner]
    if not methods:
        return _callable(found)
    return lambda *args, **kwargs: getattr(found(), methods[0])(*args, **kwargs)


def _callable(found: Any) -> Callable[..., Any]:
    if not callable(found):
        raise TypeError("the entry point is not a function")
    return found  # type: ignore[no-any-return]


def fresh_module(name: str) -> ModuleType:
    """An empty module, which is `__main__` too, whatever its name is."""
    module = ModuleType(name)
    module.__dict__["__builtins__"] = builtins
    sys.modules[name] = sys.modules["__main__"] = module
    return module


def _opening_streams(opened: Callable[..., Any]) -> Callable[..., Any]:
    """`open` that knows the standard streams by the names for which there is no /proc here."""
    streams = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}

    @functools.wraps(opened)
    def opens(file: Any, *args: Any, **kwargs: Any) -> Any:
        name = file if isinstance(file, str) else getattr(file, "__fspath__", str)()
        return opened(os.dup(streams[name]) if name in streams else file, *args, **kwargs)

    return opens


def said(error: BaseException) -> str:
    """`ValueError: why`, whatever its own methods do."""
    try:
        text = str(error)[:MESSAGE_CHARS]
    except BaseException:  # noqa: BLE001 - a stranger's __str__
        text = "?"
    name = type(error).__name__[:_NAME_CHARS]
    return f"{name}: {text}" if text else name


def end_program() -> None:
    """What an interpreter does at its end: wait for threads, run exit functions, drop what is open.

    In its order, since finalizers may still use what the program defines, and print.
    """
    shutdown = vars(threading)["_shutdown"]
    for step in (shutdown, atexit._run_exitfuncs, _flush, _restore, _forget, gc.collect, _clear):
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - a stranger's exit functions and finalizers
            _tell(said(error))


def _restore() -> None:
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, f"__{name}__"))


def _forget() -> None:
    sys.modules.pop("__main__", None)


def _clear() -> None:
    """What still holds the program's names, as a signal handler does, holds its open files too."""
    for each in gc.get_objects():
        if type(each) is dict and each.get("__name__") == "__main__" and "__builtins__" in each:
            each.clear()


def finish(work: Callable[[], None], last: Callable[[], None] | None = None) -> NoReturn:
    """Do it and what comes last, then end at once; 1 where it raised."""
    status, leave = 1, os._exit
    try:
        try:
            work()
            status = 0
        except SystemExit as error:
            status = _status(error)
        except BaseException as error:  # noqa: BLE001 - a stranger's program, which may raise what it likes
            _tell(said(error))
        if last is not None:
            last()
        _flush()
    finally:
        leave(status)


def _status(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    _tell(said(error).partition(": ")[2])
    return 1


def _tell(text: str) -> None:
    try:
        os.write(2, f"\n{text}\n".encode("utf-8", "replace"))
    except OSError:
        return


def _flush() -> None:
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        try:
            getattr(sys, name).flush()
        except BaseException:  # noqa: BLE001 - a stranger's stream
            continue
