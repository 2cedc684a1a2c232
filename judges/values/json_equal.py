"""Where two JSON values differ first: a JSON pointer and what stands on either side."""

from collections.abc import Iterator
from math import isclose
from typing import Any

from judges.values.json_dialect import pointer
from schemas.ids import canonical
from schemas.references import Comparison

Path = tuple[str | int, ...]


def differences(found: Any, gold: Any, policy: Comparison) -> Iterator[tuple[str, str]]:
    """Each place that differs (a JSON pointer), and how. 1.0 is 1, `true` is not; the order of keys is none.

    Whole numbers are compared exactly. `policy.decimals` rounds numbers, and without `policy.ordered` a list
    is compared as a bag.
    """
    yield from _differ(found, gold, policy, ())


def _differ(found: Any, gold: Any, policy: Comparison, path: Path) -> Iterator[tuple[str, str]]:
    if isinstance(found, dict) and isinstance(gold, dict):
        for key in gold:
            if key not in found:
                yield pointer((*path, key)), "is missing"
            else:
                yield from _differ(found[key], gold[key], policy, (*path, key))
        yield from ((pointer((*path, key)), "is not in the reference") for key in found if key not in gold)
    elif isinstance(found, list) and isinstance(gold, list):
        yield from _lists(found, gold, policy, path)
    elif not _alike(found, gold, policy):
        yield pointer(path), f"{_short(found)} is not {_short(gold)}"


def _lists(found: list[Any], gold: list[Any], policy: Comparison, path: Path) -> Iterator[tuple[str, str]]:
    if len(found) != len(gold):
        yield pointer(path), f"{len(found)} items, not {len(gold)}"
        return
    if not policy.ordered:
        found = sorted(found, key=lambda each: _key(each, policy))
        gold = sorted(gold, key=lambda each: _key(each, policy))
    for at, (one, other) in enumerate(zip(found, gold, strict=True)):
        yield from _differ(one, other, policy, (*path, at))


def _key(value: Any, policy: Comparison) -> str:
    """The same for values that are alike: numbers rounded as asked, 1.0 as 1, inner bags in their order."""
    return canonical(_plain(value, policy))


def _plain(value: Any, policy: Comparison) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner, policy) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((_plain(inner, policy) for inner in value), key=canonical)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if policy.decimals is not None:
        value = round(value, policy.decimals)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _alike(found: Any, gold: Any, policy: Comparison) -> bool:
    if isinstance(found, bool) or isinstance(gold, bool):
        return found is gold
    if isinstance(found, int | float) and isinstance(gold, int | float):
        if policy.decimals is not None:
            return bool(round(found, policy.decimals) == round(gold, policy.decimals))
        whole = isinstance(gold, int) or gold.is_integer()
        return found == gold or (not whole and isclose(found, gold, rel_tol=1e-12))
    return type(found) is type(gold) and bool(found == gold)


def _short(value: Any) -> str:
    return canonical(value)[:120]
