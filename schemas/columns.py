"""Rows as Arrow columns and back: types, nulls and words are checked a column at a time, not row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_origin

import pyarrow as pa
from pydantic.fields import FieldInfo

from schemas.arrow import arrow_schema
from schemas.rows import Row

R = TypeVar("R", bound=Row)
Array: TypeAlias = "pa.Array[Any]"


@dataclass(frozen=True, slots=True)
class _Column:
    """What is known of one field of a model."""

    name: str
    kind: Any
    nullable: bool
    words: frozenset[str | None] | None
    """All that it may hold, where that is fixed."""
    many: bool
    """It holds lists of that."""
    model: type[Row] | None
    """Of the rows it holds lists of."""


def to_table(model: type[Row], rows: Sequence[Row | tuple[Any, ...]]) -> pa.Table:
    """One row or more of a model, or as many tuples of its fields in their order, in the model's schema.

    Raises ValueError or Arrow's errors, which are such, where a tuple holds what the model would not.
    """
    return pa.Table.from_arrays(_arrays(model, rows), schema=arrow_schema(model))


def to_rows(model: type[R], batch: pa.RecordBatch) -> Iterator[R]:
    """The rows of a batch in the model's schema. Raises ValueError where one is none of the model's."""
    return _rows(model, batch.columns)


def _arrays(model: type[Row], rows: Sequence[Row | tuple[Any, ...]]) -> list[Array]:
    columns = _columns(model)
    if not rows:
        return [pa.array([], column.kind) for column in columns]
    pick = itemgetter(*(column.name for column in columns))
    told = (row if isinstance(row, tuple) else pick(row.__dict__) for row in rows)
    return [_array(column, values) for column, values in zip(columns, zip(*told, strict=True), strict=True)]


def _array(column: _Column, values: tuple[Any, ...]) -> Array:
    _check_words(column, values)
    if column.model is None:
        plain: Array = pa.array(values, column.kind)
        return plain
    inner = _arrays(column.model, list(chain.from_iterable(values)))
    ends: Any = pa.array(accumulate(map(len, values), initial=0), pa.int32())
    structs: Any = pa.StructArray.from_arrays(inner, fields=list(column.kind.value_type))
    lists: Array = pa.ListArray.from_arrays(ends, structs, type=column.kind)
    return lists


def _rows(model: type[R], arrays: Sequence[Array]) -> Iterator[R]:
    columns = _columns(model)
    names = [column.name for column in columns]
    for values in zip(*(_values(*each) for each in zip(columns, arrays, strict=True)), strict=True):
        yield model.trusted(dict(zip(names, values, strict=True)))


def _values(column: _Column, array: Array) -> list[Any]:
    if array.null_count and not column.nullable:
        raise ValueError(f"{column.name}: {array.null_count} rows have none")
    if array.null_count == len(array):
        return [None] * len(array)
    if column.model is None:
        values = array.to_pylist()
        _check_words(column, values)
        return values
    lists: Any = array
    inner = list(_rows(column.model, lists.flatten().flatten()))
    ends = lists.offsets.to_pylist()
    return [inner[start - ends[0] : end - ends[0]] for start, end in pairwise(ends)]


def _check_words(column: _Column, values: Sequence[Any]) -> None:
    if column.words is None:
        return
    each = list(chain.from_iterable(filter(None, values))) if column.many else values
    if not column.words.issuperset(each):
        odd = next(value for value in each if value not in column.words)
        known = ", ".join(sorted(word for word in column.words if word is not None))
        raise ValueError(f"{column.name}: {odd!r} is none of {known}")


@cache
def _columns(model: type[Row]) -> tuple[_Column, ...]:
    """Raises TypeError for a model that asks for more than columns can be held against."""
    rules = model.__pydantic_decorators__
    if rules.field_validators or rules.model_validators or rules.validators or rules.root_validators:
        raise TypeError(f"{model.__name__} has rules of its own")
    fields = zip(model.model_fields.items(), arrow_schema(model), strict=True)
    return tuple(_column(name, info, field) for (name, info), field in fields)


def _column(name: str, info: FieldInfo, field: "pa.Field[Any]") -> _Column:
    if info.metadata:
        raise TypeError(f"{name}: {info.metadata} is no matter of a column")
    inner = info.annotation
    if field.nullable:
        (inner,) = (each for each in get_args(inner) if each is not type(None))
    many = get_origin(inner) is list
    if many:
        (inner,) = get_args(inner)
    words = frozenset(get_args(inner)) if get_origin(inner) is Literal else None
    if words is not None and field.nullable and not many:
        words |= {None}
    model = inner if isinstance(inner, type) and issubclass(inner, Row) else None
    if model is not None and (field.nullable or not many):
        raise TypeError(f"{name}: a row holds other rows as a list that is always there")
    return _Column(name, field.type, field.nullable, words, many, model)
