"""Plain data travels with its exact types, and nothing else is read."""

import itertools
import math
from collections import Counter, OrderedDict, namedtuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.values.plain_data import NotPlain, decode, encode

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
LEAVES |= st.complex_numbers(allow_nan=False)
KEYS = st.integers() | st.text() | st.booleans() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    LEAVES | st.sets(KEYS) | st.frozensets(KEYS),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@pytest.mark.slow
@given(VALUES)
def test_what_is_sent_arrives(value: Any) -> None:
    assert _typed(decode(encode(value))) == _typed(value)


def test_special_values() -> None:
    assert math.isnan(decode(encode(math.nan)))
    assert decode(encode([math.inf, -math.inf, 10**5000])) == [math.inf, -math.inf, 10**5000]
    assert math.copysign(1, decode(encode(-0.0))) == -1
    point = namedtuple("point", "x y")(1, 2)
    assert decode(encode([Counter("aa"), OrderedDict(b=1), point])) == [{"a": 2}, {"b": 1}, (1, 2)]


@pytest.mark.slow
def test_what_holds_itself_or_is_no_data() -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: Any = 0
    for _ in range(10_000):
        deep = [deep]
    for value in (loop, deep, object(), print, itertools.count(), {1: print}):
        with pytest.raises(NotPlain):
            encode(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "[" * 100_000,
        '{"i":"1"' * 50_000,
        '{"x":1}',
        '{"i":"0x1","f":"nan"}',
        "{}",
        '{"f":"1.5"}',
        '{"f":"nano"}',
        '{"s":[[1]]}',
        '{"d":[[1]]}',
        '{"d":[1]}',
        '{"b":"zz"}',
        '{"c":[1]}',
        '{"i":5}',
        "9" * 5000,
        '{"s":[' + ",".join(str(n * (2**61 - 1)) for n in range(5000)) + "]}",
        b"\xff\xfe\x00",
    ],
)
def test_hostile_texts_are_refused(text: str | bytes) -> None:
    with pytest.raises(NotPlain):
        decode(text)


def _typed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value), [_typed(each) for each in value]
    if isinstance(value, dict):
        return dict, [(_typed(key), _typed(each)) for key, each in value.items()]
    return type(value), repr(value) if isinstance(value, float) else value
