"""Containers of the tests and what the candidate made of its copies of them."""

from collections import deque
from typing import Any

from judges.values.plain_data import Strange


def differ(given: Any, now: Any) -> bool:
    """Does a container differ from what the candidate made of its copy, in value, type or order?"""
    try:
        return bool(_spelled(given) != _spelled(now))
    except (RecursionError, ValueError):  # nested too deep, or a number too long to be written
        return True


def _spelled(container: Any) -> Any:
    if isinstance(container, set):
        return sorted(map(repr, container))
    return repr(dict(container) if isinstance(container, dict) else list(container))


def mirror(given: Any, now: Any) -> None:
    """Make a container hold what the candidate's copy of it holds."""
    if isinstance(given, list) and isinstance(now, list):
        given[:] = now
    elif isinstance(given, deque) and isinstance(now, list):
        given.clear()
        given.extend(now)
    elif (isinstance(given, dict) and isinstance(now, dict)) or (
        isinstance(given, set) and isinstance(now, set)
    ):
        given.clear()
        given.update(now)


def first_strange(value: Any) -> Any:
    """The first object of the candidate's in a value, as deep as plain data may be."""
    left = [value]
    for _ in range(100_000):
        if not left:
            return None
        each = left.pop()
        if isinstance(each, Strange):
            return each
        if isinstance(each, list | tuple | set | frozenset | deque):
            left += list(each)
        elif isinstance(each, dict):
            left += [*each, *each.values()]
    return None
