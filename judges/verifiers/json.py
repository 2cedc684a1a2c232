"""Check that the whole response is JSON, as the schema says and, where there is one, equal to the answer."""

import json as std_json
from typing import Any

from judges.base import Attempt, Finding, Unscored, check
from judges.values.counts import Unclear
from judges.values.json_dialect import broken_rule
from judges.values.json_equal import differences
from judges.values.json_text import NotJson, read_json, unfenced
from schemas.references import Comparison, JsonReference, Reference

_AGE: dict[str, Any] = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
_ANY: dict[str, Any] = {}
_MOST_MADE = 10_000


def _try(text: str, schema: dict[str, Any], **gold: Any) -> Attempt:
    return Attempt.of(text, {"type": "json", "schema": schema, **gold})


@check(
    passes=[
        _try('{"age": 3}', _AGE),
        _try('{"b": [1, 2.0], "a": null}', _ANY, answer={"a": None, "b": [1, 2]}),
        _try(' {"age": 1e2}\n', _AGE, answer={"age": 100}),
        _try("null", _ANY, answer=None),
        _try("[2, 1]", _ANY, answer=[1, 2], comparison={"ordered": False}),
        _try("0.3", {"multipleOf": 0.1}),
    ],
    fails={
        _try('{"age": "3"}', _AGE): "at /age: '3' is not of type 'integer'",
        _try('{"age": 3}', _AGE, answer={"age": 4}): "at /age: 3 is not 4",
        _try('{"age": 3, "x": 1}', _AGE, answer={"age": 3}): "at /x: is not in the reference",
        _try("0", _ANY, answer=None): "at the top: 0 is not null",
        _try('Here you are: {"age": 3}', _AGE): "not JSON: Expecting value at line 1, column 1",
        _try('```json\n{"age": 3}\n```', _AGE): "not JSON: Expecting value at line 1, column 1",
        _try('{"age": 3} {"age": 4}', _AGE): "not JSON: Extra data at line 1, column 12",
        _try('{"age": 3, "age": 4}', _AGE): "not JSON: the key 'age' twice",
        _try('{"age": NaN}', _ANY): "not JSON: NaN is no JSON number",
        _try("true", _ANY, answer=1): "at the top: true is not 1",
    },
    unscored={
        _try("[" * 300 + "]" * 300, _ANY): "JSON nested deeper than 200",
        _try("1e999", _ANY): "the number 1e999 is too large",
        _try("{}", {"$ref": "#"}): "the schema refers to itself without end",
    },
    libraries=("jsonschema",),
)
def json(attempt: Attempt, fence: bool = False) -> Finding:
    """With `fence` the response may also be one fenced block and nothing else."""
    reference = attempt.expected(JsonReference)
    text = unfenced(attempt.response) if fence else attempt.response
    try:
        value = read_json(text)
        broken = broken_rule(value, reference.json_schema)
    except NotJson as error:
        return Finding(f"not JSON: {error}", score=0.0)
    except Unclear as error:
        raise Unscored(str(error)) from error
    if broken is not None:
        return Finding(f"at {broken[0] or 'the top'}: {broken[1]}", evidence=broken[0], extracted=text)
    return _against_gold(value, text, reference) if reference.has_gold else Finding(extracted=text)


def same(a: str, b: str) -> bool:
    """Are two responses the same JSON value?"""
    try:
        return not any(differences(read_json(unfenced(a)), read_json(unfenced(b)), Comparison()))
    except (NotJson, Unclear):
        return a.strip() == b.strip()


def near_misses(reference: Reference) -> list[str]:
    """The answer in a list, beside a remark, with a comma too many; and no JSON at all."""
    if not isinstance(reference, JsonReference):
        return []
    if not reference.has_gold:
        return ["{", "{'a': 1}", "NaN", "Here: {}"]
    gold = std_json.dumps(reference.answer)
    return [f"[{gold}]", f"Here: {gold}", f"{gold},", f"{gold} {gold}"]


def equivalents(reference: Reference) -> list[str]:
    """The answer spaced, sorted and escaped otherwise; without one a value that the schema takes."""
    if not isinstance(reference, JsonReference):
        return []
    if not reference.has_gold:
        made = _made(reference.json_schema)
        return [std_json.dumps(made)] if _may_be(made, reference.json_schema) else []
    gold = reference.answer
    return [
        std_json.dumps(gold, separators=(",", ":")),
        std_json.dumps(gold, indent=2, sort_keys=True, ensure_ascii=False),
    ]


def _made(schema: Any, budget: int = _MOST_MADE) -> Any:
    """A value of the schema's first type with what it requires; not all that a schema may ask for.

    `budget` bounds its size, in characters of strings and items of lists.
    """
    if not isinstance(schema, dict) or budget < 1:
        return None
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    for listed in ("enum", "examples"):
        if schema.get(listed):
            return schema[listed][0]
    for inner in ("anyOf", "oneOf", "allOf"):
        if schema.get(inner):
            return _made(schema[inner][0], budget // 2)
    kind = schema.get("type", "object" if "properties" in schema else "null")
    return _made_of(kind[0] if isinstance(kind, list) else kind, schema, budget)


def _made_of(kind: str, schema: dict[str, Any], budget: int) -> Any:
    if kind == "object":
        inside, required = schema.get("properties", {}), schema.get("required", ())
        return {key: _made(inside.get(key), budget // (2 * len(required))) for key in required}
    if kind == "array":
        many = min(int(schema.get("minItems", 0)), budget)
        return [_made(schema.get("items"), budget // (2 * many))] * many if many else []
    if kind == "string":
        return "a" * min(int(schema.get("minLength", 1)), budget)
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("maximum", 1))
    return True if kind == "boolean" else None


def _may_be(value: Any, schema: dict[str, Any]) -> bool:
    """Whether the schema takes it, or cannot be followed, which no other value would change."""
    try:
        return broken_rule(value, schema) is None
    except Unclear:
        return True


def _against_gold(value: Any, text: str, reference: JsonReference) -> Finding:
    """The score is the share of the reference's top-level keys that are equal."""
    policy = reference.comparison or Comparison()
    wrong = list(differences(value, reference.answer, policy))
    if not wrong:
        return Finding(score=1.0, extracted=text)
    keys = len(reference.answer) if isinstance(reference.answer, dict) else 0
    missed = {place.split("/")[1] for place, _ in wrong if "/" in place}
    place, told = wrong[0]
    return Finding(
        f"at {place or 'the top'}: {told}",
        evidence="\n".join(f"{where or 'the top'}: {how}" for where, how in wrong[:20]),
        score=max(0, keys - len(missed)) / keys if keys else 0.0,
        extracted=text,
    )
