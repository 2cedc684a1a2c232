"""A function that remembers what it made of an object, for values that come again and again as one object."""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Objects are told apart by identity, which costs nothing, and held, so that no other takes their place.

    They must never change. `most` are held, then all are forgotten. Threads may share it.
    """

    def __init__(self, make: Callable[[K], V], most: int = 1_024) -> None:
        self._make, self._most = make, most
        self._held: dict[int, tuple[K, V]] = {}

    def __call__(self, value: K) -> V:
        held = self._held.get(id(value))
        if held is None:
            if len(self._held) >= self._most:
                self._held = {}
            self._held[id(value)] = held = value, self._make(value)
        return held[1]
