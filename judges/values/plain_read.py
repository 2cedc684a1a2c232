"""Read plain data, however hostile the text is."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from judges.values.plain_kinds import DEPTH, Named, NotPlain, Strange, TooDeep

_MANY, _CROWDED = 64, 4
_MOST_EXPONENT, _MOST_BITS = 10_000, 100_000


class _Reader:
    def __init__(
        self, held: list[Any] | None, known: Sequence[Any], strange: Callable[[str, list[Any]], Any]
    ) -> None:
        self.held, self.known, self.strange = held, known, strange

    def value(self, told: Any, depth: int) -> Any:
        if isinstance(told, list):
            if depth > DEPTH:
                raise TooDeep("nested too deep")
            return self.fill([], told, depth)
        if not isinstance(told, dict):
            return told
        if depth > DEPTH:
            raise TooDeep("nested too deep")
        if len(told) != 1:
            raise NotPlain("no tag, or several")
        ((tag, inner),) = told.items()
        if tag not in _READERS:
            raise NotPlain(f"tag {tag[:20]!r}")
        return _READERS[tag](self, inner, depth + 1)

    def each(self, told: Iterable[Any], depth: int) -> list[Any]:
        return [self.value(each, depth) for each in told]

    def new(self, container: Any) -> Any:
        """Containers are counted before what they hold, as in writing."""
        if self.held is not None:
            self.held.append(container)
        return container

    def known_at(self, place: int) -> Any:
        known = self.known if self.held is None else self.held
        if not isinstance(place, int) or not 0 <= place < len(known):
            raise NotPlain("no such place")
        return known[place]

    def fill(self, made: list[Any], told: list[Any], depth: int) -> list[Any]:
        self.new(made).extend(self.each(told, depth + 1))
        return made

    def pairs(self, made: dict[Any, Any], told: list[Any], depth: int) -> dict[Any, Any]:
        self.new(made)
        pairs = [(self.value(key, depth), self.value(value, depth)) for key, value in told]
        _spread(key for key, _ in pairs)
        dict.update(made, pairs)
        return made

    def a_set(self, told: list[Any], depth: int) -> set[Any]:
        made: set[Any] = self.new(set())
        values = self.each(told, depth)
        _spread(values)
        made.update(values)
        return made

    def frozen(self, told: list[Any], depth: int) -> frozenset[Any]:
        values = self.each(told, depth)
        _spread(values)
        return frozenset(values)

    def named(self, told: list[Any], depth: int) -> Named:
        fields, items = told
        made = Named(self.each(items, depth))
        made._fields = tuple(map(str, fields))
        return made

    def iterator(self, told: list[Any], depth: int) -> Any:
        name, items, end = told
        return self.strange(str(name), [self.each(items, depth), self.value(end, depth)])


def decode(
    text: bytes | str,
    held: list[Any] | None = None,
    known: Sequence[Any] = (),
    strange: Callable[[str, list[Any]], Any] = Strange,
) -> Any:
    """The value of `encode`; `held` and `known` as there.

    `strange` makes what stands for an iterator, of its type and `[items, end]`, and for what could not
    travel, of its type and nothing. Raises NotPlain for any other text.
    """
    try:
        return _Reader(held, known, strange).value(json.loads(text, parse_constant=_no_constant), 0)
    except NotPlain:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise NotPlain(f"unreadable: {type(error).__name__}") from None


def _no_constant(name: str) -> NoReturn:
    raise NotPlain(f"bare {name}")


def _spread(keys: Iterable[Any]) -> None:
    """Keys made to collide would take a dict or a set quadratic time."""
    hashes = [hash(key) for key in keys]
    if len(hashes) > _MANY:
        groups = Counter(hashes).values()
        if sum(group * group for group in groups) > _CROWDED * len(hashes):
            raise NotPlain("keys that collide")


def _float(inner: str) -> float:
    if inner not in ("nan", "inf", "-inf"):
        raise NotPlain("no special float")
    return float(inner)


def _decimal(inner: str) -> Decimal:
    made = Decimal(inner)
    if made.is_finite() and abs(made.adjusted()) > _MOST_EXPONENT:
        raise NotPlain("a giant exponent")
    return made


def _fraction(reader: _Reader, told: list[Any], depth: int) -> Fraction:
    above, below = reader.each(told, depth)
    # Their greatest common divisor takes quadratic time, and a text could be `1e999999999`.
    if not (type(above) is type(below) is int) or max(above.bit_length(), below.bit_length()) > _MOST_BITS:
        raise NotPlain("no fraction, or a giant one")
    return Fraction(above, below)


def _view(reader: _Reader, told: list[Any], depth: int) -> Any:
    which, inner = told
    items = reader.each(inner, depth)
    if which == 1:
        return dict(enumerate(items)).values()
    _spread(item if which == 0 else item[0] for item in items)
    return dict.fromkeys(items).keys() if which == 0 else dict(items).items()


def _deque(reader: _Reader, told: list[Any], depth: int) -> deque[Any]:
    made: deque[Any] = reader.new(deque(maxlen=told[0]))
    made.extend(reader.each(told[1], depth))
    return made


_READERS: dict[str, Callable[[_Reader, Any, int], Any]] = {
    "i": lambda _, inner, depth: int(inner, 16),
    "f": lambda _, inner, depth: _float(inner),
    "t": lambda reader, inner, depth: tuple(reader.each(inner, depth)),
    "n": _Reader.named,
    "d": lambda reader, inner, depth: reader.pairs({}, inner, depth),
    "C": lambda reader, inner, depth: reader.pairs(Counter(), inner, depth),
    "q": _deque,
    "s": _Reader.a_set,
    "z": _Reader.frozen,
    "b": lambda _, inner, depth: bytes.fromhex(inner),
    "c": lambda _, inner, depth: complex(float.fromhex(inner[0]), float.fromhex(inner[1])),
    "R": lambda reader, inner, depth: range(*reader.each(inner, depth)),
    "F": _fraction,
    "D": lambda _, inner, depth: _decimal(inner),
    "dt": lambda _, inner, depth: datetime.fromisoformat(inner),
    "da": lambda _, inner, depth: date.fromisoformat(inner),
    "ti": lambda _, inner, depth: clock.fromisoformat(inner),
    "td": lambda _, inner, depth: timedelta(*inner),
    "v": _view,
    "g": _Reader.iterator,
    "o": lambda reader, inner, depth: reader.strange(str(inner), []),
    "r": lambda reader, inner, depth: reader.known_at(inner),
}
