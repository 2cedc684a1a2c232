"""Write values as plain data: JSON with tags, in which exact types travel."""

import json
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from judges.values.plain_kinds import DEPTH, Named, NotPlain, Strange, TooDeep

_PLAIN_INTEGER = 1 << 62
_MOST_DRAWN, _MOST_DRAWN_S = 10_000, 0.5
_NAME_CHARS = 80
VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


class _Writer:
    """`held` collects containers in the order they are met, by which `known` ones are named."""

    def __init__(
        self,
        held: list[Any] | None,
        known: Sequence[Any],
        raised: Callable[[BaseException], list[Any]] | None,
        kept: list[Any] | None,
    ) -> None:
        self.held, self.raised, self.kept = held, raised, kept
        self.places = {id(each): at for at, each in enumerate(known)}

    def tagged(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int and -_PLAIN_INTEGER < value < _PLAIN_INTEGER:
            return value
        if depth > DEPTH:
            if self.raised is None:
                raise TooDeep("a value nested too deep, or in itself")
            return {"o": "one nested too deep, or in itself"}
        for base in kind.__mro__:
            if base in _WRITERS:
                return _WRITERS[base](self, value, depth + 1)
        if hasattr(kind, "__next__") and kind.__module__ in ("builtins", "itertools"):
            return self.iterator(value, kind.__name__, depth + 1)
        if self.raised is None:
            raise NotPlain(f"a value of type {kind.__name__[:_NAME_CHARS]}")
        return {"o": kind.__name__[:_NAME_CHARS]}

    def each(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self.tagged(value, depth) for value in values]

    def container(self, value: Any, write: Callable[[], Any]) -> Any:
        """Write it once; where it stands again, only which one it is."""
        if id(value) in self.places:
            return {"r": self.places[id(value)]}
        if self.held is not None:
            self.places[id(value)] = len(self.held)
            self.held.append(value)
        return write()

    def a_list(self, value: list[Any], depth: int) -> Any:
        if self.places or self.held is not None:
            return self.container(value, lambda: self.each(list.__iter__(value), depth))
        return self.each(list.__iter__(value), depth)

    def pairs(self, tag: str, value: dict[Any, Any], depth: int) -> Any:
        return self.container(value, lambda: {tag: [self.each(pair, depth) for pair in dict.items(value)]})

    def a_tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        items, fields = self.each(tuple.__iter__(value), depth), getattr(type(value), "_fields", None)
        if isinstance(value, Named):
            fields = value._fields
        if type(fields) is tuple and len(fields) == len(items) and all(type(each) is str for each in fields):
            return {"n": [list(fields), items]}
        return {"t": items}

    def iterator(self, value: Any, name: str, depth: int) -> Any:
        """What it still gives, up to a bound, and why it gives no more: its end, an error or the bound."""
        drawn: list[Any] = []
        end: list[Any] | None = ["more", None if self.kept is None else len(self.kept)]
        late = time.process_time() + _MOST_DRAWN_S
        while len(drawn) < _MOST_DRAWN and time.process_time() < late:
            try:
                drawn.append(next(value))
            except StopIteration:
                end = None
                break
            except BaseException as error:  # a stranger's generator
                if self.raised is None:
                    raise
                end = self.raised(error)
                break
        if self.raised is None and end is not None:
            raise NotPlain("an iterator without end")
        if self.kept is not None and end is not None and end[0] == "more":
            self.kept.append(value)
        return {"g": [name, self.each(drawn, depth), self.tagged(end, depth)]}


def encode(
    value: Any,
    held: list[Any] | None = None,
    known: Sequence[Any] = (),
    raised: Callable[[BaseException], list[Any]] | None = None,
    kept: list[Any] | None = None,
) -> str:
    """JSON in ASCII. Subclasses travel as the plain type under them.

    `held` is given every list, dict, set and deque in order; `known` ones are written as their place. With
    `raised`, which puts an exception into plain data, whatever cannot travel becomes Strange on the way.
    Iterators that give more than travels at once are added to `kept`, and written with their place in it.
    Raises NotPlain, without it, for anything but numbers, text, bytes, None, dates, lists, tuples, deques,
    dicts, sets, ranges and finite iterators.
    """
    tagged = _Writer(held, known, raised, kept).tagged(value, 0)
    return json.dumps(tagged, separators=(",", ":"), allow_nan=False)


def _int(_: _Writer, value: int, depth: int) -> Any:
    number = int.__index__(value)
    return number if -_PLAIN_INTEGER < number < _PLAIN_INTEGER else {"i": hex(number)}


def _float(_: _Writer, value: float, depth: int) -> Any:
    number = float.__add__(value, 0.0) if value else float.__float__(value)
    return number if math.isfinite(number) else {"f": float.__repr__(number)}


def _view(writer: _Writer, value: Any, depth: int) -> Any:
    return {"v": [VIEWS.index(type(value)), writer.each(value, depth)]}


def _text(tag: str, write: Callable[[Any], Any]) -> Callable[[_Writer, Any, int], Any]:
    return lambda _, value, depth: {tag: write(value)}


_WRITERS: dict[type, Callable[[_Writer, Any, int], Any]] = {
    int: _int,
    float: _float,
    str: lambda _, value, depth: str.__str__(value),
    list: _Writer.a_list,
    tuple: _Writer.a_tuple,
    dict: lambda writer, value, depth: writer.pairs("d", value, depth),
    Counter: lambda writer, value, depth: writer.pairs("C", value, depth),
    deque: lambda writer, value, depth: writer.container(
        value, lambda: {"q": [value.maxlen, writer.each(deque.__iter__(value), depth)]}
    ),
    set: lambda writer, value, depth: writer.container(
        value, lambda: {"s": writer.each(set.__iter__(value), depth)}
    ),
    frozenset: lambda writer, value, depth: {"z": writer.each(frozenset.__iter__(value), depth)},
    bytes: _text("b", bytes.hex),
    bytearray: _text("b", bytearray.hex),
    complex: _text("c", lambda value: [float.hex(value.real), float.hex(value.imag)]),
    range: lambda writer, value, depth: {"R": writer.each((value.start, value.stop, value.step), depth)},
    Fraction: lambda writer, value, depth: {"F": writer.each((value.numerator, value.denominator), depth)},
    Decimal: _text("D", str),
    datetime: _text("dt", datetime.isoformat),
    date: _text("da", date.isoformat),
    clock: _text("ti", clock.isoformat),
    timedelta: _text("td", lambda value: [value.days, value.seconds, value.microseconds]),
    Strange: lambda writer, value, depth: {"o": value.strange_kind} if writer.raised else _no(value),
    **dict.fromkeys(VIEWS, _view),
}


def _no(value: object) -> NoReturn:
    raise NotPlain(repr(value))
