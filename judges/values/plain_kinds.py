"""What plain data is: its bounds, what is none of it, and two types that stand for others."""

from typing import Any

DEPTH = 200
"""Nesting at most."""


class NotPlain(ValueError):
    """A value, or a text, that is none of the data that travels; the message says what it is."""


class TooDeep(NotPlain):
    """A value that holds itself, or is nested deeper than DEPTH."""


class Strange:
    """What was there and could not travel: equal to itself alone."""

    def __init__(self, kind: str, told: list[Any]) -> None:
        self.strange_kind, self.strange_told = kind, told

    def __repr__(self) -> str:
        return f"a value of type {self.strange_kind}"


class Named(tuple[Any, ...]):
    """A tuple whose items have names too."""

    _fields: tuple[str, ...]

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(name)
