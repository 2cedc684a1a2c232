"""The Arrow schema of a table, derived from its row model, so that the two cannot drift."""

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

from schemas.rows import SCHEMA_VERSION, Row

_LEAF: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
VERSION_KEY = b"datapipe.schema_version"


@cache
def arrow_schema(model: type[Row]) -> pa.Schema:
    """The fixed schema of a row model, with its version in the metadata."""
    return pa.schema(_fields(model), metadata=_version())


def _version() -> dict[bytes | str, bytes | str]:
    return {VERSION_KEY: SCHEMA_VERSION.encode()}


def conform(table: pa.Table, model: type[Row], names: Sequence[str] | None = None) -> pa.Table:
    """A table of this or an earlier minor version in today's schema: new nullable columns are null.

    With `names` it is of these columns of the model alone, in their order.

    Raises ValueError that names the columns where the table is something else.
    """
    schema = arrow_schema(model)
    if names is not None:
        schema = pa.schema([schema.field(name) for name in names], metadata=_version())
    if table.schema.equals(schema, check_metadata=True):
        return table
    foreign = sorted(set(table.column_names) - set(schema.names))
    missing = [f.name for f in schema if f.name not in table.column_names]
    required = [name for name in missing if not schema.field(name).nullable]
    if foreign or required:
        raise ValueError(f"not a {model.__name__}: unknown columns {foreign}, missing columns {required}")
    for name in missing:
        table = table.append_column(name, pa.nulls(len(table), schema.field(name).type))
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise ValueError(f"not a {model.__name__}: {error}") from error


def _fields(model: type[BaseModel]) -> list["pa.Field[Any]"]:
    return [_field(name, info.annotation) for name, info in model.model_fields.items()]


def _field(name: str, annotation: Any) -> "pa.Field[Any]":
    inner = [a for a in get_args(annotation) if a is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType) and len(inner) == 1:
        return pa.field(name, _type(inner[0]), nullable=True)
    return pa.field(name, _type(annotation), nullable=False)


def _type(annotation: Any) -> pa.DataType:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _LEAF[type(args[0])]
    if origin is list:
        return pa.list_(pa.field("item", _type(args[0]), nullable=False))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(_fields(annotation))
    return _LEAF[annotation]
