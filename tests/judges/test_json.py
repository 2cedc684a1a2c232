"""JSON that is not the whole response, or is another value, never passes; the same value always does."""

import sys
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.catalog import catalog
from judges.values.json_text import unfenced
from judges.verifiers import json as module
from schemas.references import JsonReference, dump_reference, load_reference, parse_reference

DEEP = {"a": [1, {"b~/": "x"}], "c": None}
P, F, U = "pass", "fail", "unscored"


def told(text: str, schema: dict[str, Any], gold: tuple[Any, ...] = (), **params: bool) -> Any:
    reference = {"type": "json", "schema": schema} | ({"answer": gold[0]} if gold else {})
    return module.json.bind(params).judge(Attempt.of(text, reference))


@pytest.mark.parametrize(
    ("text", "gold", "want"),
    [
        ('{"c": null, "a": [1, {"b~/": "x"}]}', DEEP, P), ('{"a": [1, {"b~/": "y"}], "c": null}', DEEP, F),
        ('{"a": [1, {"b~/": "x"}]}', DEEP, F), ('{"a": [{"b~/": "x"}, 1], "c": null}', DEEP, F),
        ("1", 1.0, P), ("1", True, F), ('"1"', 1, F), ("[]", {}, F), ("null", None, P), ("false", None, F),
        ("0.1", 0.1, P), ("0.30000000000000004", 0.3, P), ("0.3001", 0.3, F), ("-0", 0, P),
        ('"caf\\u00e9"', "café", P), ('"\u0430"', "a", F), ("１", 1, F), ("[1, 2, 3, 4]", 4, F),
        ("4 or 5", 4, F), ("4, 5", 4, F), ("\\boxed{4}", 4, F), ('{"answer": 4}', 4, F),
        ("9" * 500, 1, U), ("1e400", 1, U), ('["' + "[" * 500 + '"]', ["[" * 500], P),
    ],
)  # fmt: skip
def test_gold(text: str, gold: Any, want: str) -> None:
    said = told(text, {}, (gold,))
    assert said.outcome == want, said.reason


def test_the_first_difference_is_a_pointer() -> None:
    said = told('{"a": [1, {"b~/": "y"}], "c": null}', {}, (DEEP,))
    assert said.reason == 'at /a/1/b~0~1: "y" is not "x"'
    assert (said.score, said.evidence) == (0.5, '/a/1/b~0~1: "y" is not "x"')


@pytest.mark.parametrize(
    ("schema", "text", "want"),
    [
        ({"type": "string", "format": "email"}, '"x"', P), ({"pattern": "^\\d{3}$"}, '"123\\n"', F),
        ({"pattern": "^\\d{3}$"}, '"١٢٣"', F), ({"pattern": "[$]"}, '"$"', P),
        ({"uniqueItems": True}, "[1, 1.0]", F),
        ({"uniqueItems": True}, "[1, true]", P), ({"enum": [1]}, "true", F), ({"type": "integer"}, "3.0", P),
        ({"multipleOf": 0.1}, "0.35", F), ({"multipleOf": 0.01}, "1.15", P),
        ({"multipleOf": 1e-300}, "9e300", P),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "null"}}}, "null", P), ({"not": {}}, "1", F),
    ],
)  # fmt: skip
def test_schema(schema: dict[str, Any], text: str, want: str) -> None:
    assert told(text, schema).outcome == want


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"}, {"$ref": "https://example.org/a.json"}, {"$ref": "#/$defs/none"}, {"pattern": "("},
        {"properties": {"a": {"$ref": "b.json"}}}, {"minimum": "1"},
    ],
)  # fmt: skip
def test_a_bad_schema_is_refused_at_load(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"JSON schema|\$ref"):
        parse_reference({"type": "json", "schema": schema})


def test_a_fence_is_allowed_where_it_is_asked_for() -> None:
    for text, want in [("```json\n1\n```", P), ("```\n1\n```", P), ("Here:\n```json\n1\n```", F), ("1", P)]:
        assert told(text, {}, (1,), fence=True).outcome == want, text
    two = "```json\n1\n```\n```json\n2\n```"
    assert told(two, {}, (1,), fence=True).outcome == F
    assert unfenced("```") == "```"


def test_a_null_that_is_written_is_a_gold_on_disk_too() -> None:
    for given, gold in (({"answer": None}, True), ({}, False)):
        made = load_reference(dump_reference(parse_reference({"type": "json", "schema": {}, **given})))
        assert isinstance(made, JsonReference)
        assert made.has_gold is gold


@pytest.mark.parametrize("gold", [DEEP, None, 1, "x", [1, 2], []])
def test_equivalents_pass_and_near_misses_do_not(gold: Any) -> None:
    reference = parse_reference({"type": "json", "schema": {}, "answer": gold})
    outcomes = [
        module.json.judge(Attempt.of(each, reference)).outcome for each in module.equivalents(reference)
    ]
    assert outcomes == [P, P]
    for each in module.near_misses(reference):
        assert module.json.judge(Attempt.of(each, reference)).outcome == F, each
    assert module.same(*module.equivalents(reference))


def test_the_name_hides_nothing() -> None:
    assert catalog()["json"].name == "json"
    assert sys.modules["json"].__name__ == "json"
    assert hasattr(sys.modules["json"], "dumps")


@pytest.mark.parametrize(
    ("schema", "want"),
    [
        ({"required": ["a", "b"], "properties": {"a": {"enum": [3]}}}, ['{"a": 3, "b": null}']),
        ({"type": "array", "minItems": 2, "items": {"type": "string", "minLength": 3}}, ['["aaa", "aaa"]']),
        ({"anyOf": [{"type": "number", "minimum": 7}]}, ["7"]), ({"type": ["boolean", "null"]}, ["true"]),
        ({"type": "string", "pattern": "^x"}, []), ({"not": {}}, []), ({"$ref": "#"}, ["null"]),
    ],
)  # fmt: skip
def test_without_a_gold_a_value_is_made_that_the_schema_takes(
    schema: dict[str, Any], want: list[str]
) -> None:
    assert module.equivalents(parse_reference({"type": "json", "schema": schema})) == want


def test_what_is_made_stays_small() -> None:
    schema: dict[str, Any] = {"type": "string", "minLength": 10**9}
    for _ in range(20):
        schema = {"type": "array", "minItems": 1000, "items": schema}
    made = module._made(schema)
    assert len(str(made)) < 100_000
