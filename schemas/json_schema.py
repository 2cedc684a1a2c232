"""What is a JSON schema to check with: draft 2020-12 that refers to nothing outside itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import AfterValidator, ValidationInfo
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

_PLAIN_VALUES = frozenset({"enum", "const", "default", "examples"})
"""Under these a `$ref` is data."""


def checked_schema(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same schema. Raises ValueError where it is none, or refers to what it does not hold."""
    try:
        Draft202012Validator.check_schema(schema)
        _resolve(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "the top"
        raise ValueError(f"no JSON schema (draft 2020-12): at {place}: {error.message[:300]}") from error
    except RecursionError as error:
        raise ValueError("the JSON schema is nested too deep") from error
    return schema


def _when_written(schema: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
    return schema if info.context is STORED else checked_schema(schema)


STORED: dict[str, Any] = {}
"""The context to read what was checked when it was written: a large schema takes seconds."""
meant_as_schema = AfterValidator(_when_written)


def _resolve(schema: Mapping[str, Any]) -> None:
    refs = sorted(set(_refs(schema)))
    if any("$id" in part for part in _parts(schema)):
        return  # a base of its own; what cannot be found is told when it is needed
    held = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
    for ref in refs:
        if not ref.startswith("#"):
            raise ValueError(f"$ref {ref!r} is outside the schema, and nothing is fetched")
        try:
            held.lookup(ref)
        except Unresolvable as error:
            raise ValueError(f"$ref {ref!r} is not in the schema") from error


def _refs(schema: Mapping[str, Any]) -> Iterator[str]:
    for part in _parts(schema):
        yield from (part[key] for key in ("$ref", "$dynamicRef") if isinstance(part.get(key), str))


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for key, inner in value.items():
            if key not in _PLAIN_VALUES:
                yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)
