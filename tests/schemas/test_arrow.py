"""The stored shape of every row: fixed, derived from the row model, and written down here."""

import json
import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pyarrow as pa
import pytest
from pydantic import BaseModel

from schemas.arrow import VERSION_KEY, arrow_schema, conform
from schemas.base import Row
from schemas.rows import SCHEMA_VERSION, Answer, Policy, Sample, Verdict
from schemas.tables import TABLES

SNAPSHOT = Path(__file__).parents[1] / "golden" / f"schema-{SCHEMA_VERSION}.json"
MODELS = sorted({*TABLES.values()}, key=lambda model: model.__name__)


def described() -> dict[str, dict[str, str]]:
    """Type and nullability of every column, by row model; the snapshot is this as JSON."""
    return {
        model.__name__: {f.name: f"{f.type}{'' if f.nullable else ' not null'}" for f in arrow_schema(model)}
        for model in MODELS
    }


def test_schemas_are_the_ones_of_this_schema_version() -> None:
    """A difference needs a new schema version, and within a major one may only add nullable columns."""
    assert described() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(SNAPSHOT.parent.glob("schema-*.json")), ids=lambda path: path.stem)
def test_earlier_columns_are_all_still_there(path: Path) -> None:
    now = described()
    for model, columns in json.loads(path.read_text(encoding="utf-8")).items():
        added = now[model].keys() - columns.keys()
        assert {name: now[model][name] for name in columns} == columns
        assert not [name for name in added if now[model][name].endswith("not null")]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_column_is_a_union_a_dictionary_or_open(model: type[Row]) -> None:
    def leaves(kind: pa.DataType) -> list[pa.DataType]:
        if pa.types.is_nested(kind):
            return [leaf for place in range(kind.num_fields) for leaf in leaves(kind.field(place).type)]
        return [kind]

    plain = {pa.string(), pa.int64(), pa.float64(), pa.bool_()}
    assert {leaf for field in arrow_schema(model) for leaf in leaves(field.type)} <= plain
    assert not [f for field in arrow_schema(model) for f in [field.type] if pa.types.is_map(f)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_columns_are_the_fields_of_the_model_and_carry_the_version(model: type[Row]) -> None:
    schema = arrow_schema(model)
    assert schema.names == list(model.model_fields)
    assert schema.metadata == {VERSION_KEY: SCHEMA_VERSION.encode()}
    assert model.volatile <= {*schema.names}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nullable_means_that_the_model_takes_none(model: type[Row]) -> None:
    for name, info in model.model_fields.items():
        optional = get_origin(info.annotation) in (Union, types.UnionType) and type(None) in get_args(
            info.annotation
        )
        assert arrow_schema(model).field(name).nullable == optional


def inner(model: type[BaseModel]) -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = {model}
    for info in model.model_fields.values():
        for each in [info.annotation, *get_args(info.annotation)]:
            if isinstance(each, type) and issubclass(each, BaseModel):
                found |= inner(each)
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_are_frozen_and_forbid_extras_all_the_way_down(model: type[Row]) -> None:
    for each in inner(model):
        assert each.model_config.get("frozen") is True
        assert each.model_config.get("extra") == "forbid"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_lane_is_a_plain_string(model: type[Row]) -> None:
    assert arrow_schema(model).field("lane").type == pa.string()


def test_reference_and_extra_are_text() -> None:
    schema = arrow_schema(TABLES["questions"])
    assert {schema.field(name).type for name in ("reference", "extra", "tools")} == {pa.string()}


def test_a_new_check_adds_no_column() -> None:
    assert {"check", "version", "outcome", "reason", "evidence", "score", "reference_id"} <= {
        *arrow_schema(Verdict).names
    }


POLICY = {
    "policy_id": ["p"],
    "lane": ["verifiable"],
    "model": ["m"],
    "sampling": ["{}"],
}


def test_a_file_of_an_earlier_minor_version_gets_its_new_columns_as_nulls() -> None:
    made = conform(pa.table(POLICY), Policy)
    assert made.schema.equals(arrow_schema(Policy))
    assert made.to_pylist() == [
        {"revision": None, "chat_template": None, "tools": None} | {k: v[0] for k, v in POLICY.items()}
    ]


def test_a_new_nullable_field_inside_a_struct_is_null_too() -> None:
    schema = arrow_schema(Answer)
    turn = schema.field("turns").type.value_type
    older = pa.struct(
        [turn.field(place) for place in range(turn.num_fields) if turn.field(place).name != "tokens"]
    )
    columns: dict[str, Any] = {
        field.name: pa.nulls(1, field.type) if field.nullable else pa.array([_some(field.type)], field.type)
        for field in schema
    }
    said = [{"role": "assistant", "content": "4", "thinking": None, "tool_calls": [], "tool_call_id": None}]
    columns["turns"] = pa.array([[{**said[0], "train": True}]], pa.list_(older))
    made = conform(pa.table(columns), Answer)
    assert made.schema.equals(schema)
    assert made["turns"].to_pylist() == [[{**said[0], "train": True, "tokens": None}]]


def _some(kind: pa.DataType) -> Any:
    return {pa.string(): "x", pa.int64(): 0, pa.float64(): 0.0, pa.bool_(): True}.get(kind, [])


def test_a_strange_column_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"not a Policy: unknown columns \['colour'\]"):
        conform(pa.table({**POLICY, "colour": ["red"]}), Policy)


def test_a_missing_required_column_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"missing columns \['sampling'\]"):
        conform(pa.table({k: v for k, v in POLICY.items() if k != "sampling"}), Policy)


def test_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Policy"):
        conform(pa.table({**POLICY, "model": [[1]]}), Policy)


def test_a_null_where_none_may_be_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Policy"):
        conform(pa.table({**POLICY, "model": pa.nulls(1, pa.string())}), Policy)


def test_samples_are_partitioned_by_columns_that_they_hold() -> None:
    assert {"lane", "domain"} <= {*arrow_schema(Sample).names}
