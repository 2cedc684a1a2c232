"""Nine types of reference, each with an example that is read here."""

import re
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from schemas.references import Reference, dump_reference, load_reference, parse_reference

TYPES = get_args(get_args(Reference)[0])


def example(model: Any) -> str:
    """The first example of a type's docstring, as it is written there."""
    found = re.search(r"`(\{.*\})`", model.__doc__)
    assert found is not None
    return found[1]


def test_all_nine_are_declared() -> None:
    kinds = {get_args(model.model_fields["type"].annotation)[0] for model in TYPES}
    assert kinds == {"math", "choice", "code", "instruction", "logic", "json", "text", "quantity", "no_gold"}


@pytest.mark.parametrize("model", TYPES, ids=lambda model: model.__name__)
def test_the_documented_example_is_one_and_survives_the_way_to_disk(model: Any) -> None:
    made = load_reference(example(model))
    assert isinstance(made, model)
    assert load_reference(dump_reference(made)) == made
    assert made.comparison is None


@pytest.mark.parametrize("model", TYPES, ids=lambda model: model.__name__)
def test_each_may_carry_its_comparison_policy(model: Any) -> None:
    given = load_reference(example(model)).model_dump(by_alias=True, exclude_defaults=True)
    kind = get_args(model.model_fields["type"].annotation)[0]
    made = parse_reference({**given, "type": kind, "comparison": {"decimals": 2, "percent": True}})
    assert made.comparison is not None
    assert (made.comparison.decimals, made.comparison.percent) == (2, True)
    assert load_reference(dump_reference(made)) == made


def test_what_is_left_unsaid_is_no_part_of_the_text() -> None:
    bare = parse_reference({"type": "math", "answer": "4"})
    said = parse_reference({"answer": "4", "type": "math", "comparison": None})
    assert dump_reference(bare) == dump_reference(said) == '{"answer":"4","type":"math"}'


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"type": "proof", "answer": "4"}, "does not match any of the expected tags"),
        ({"answer": "4"}, "Unable to extract tag"),
        ({"type": "math", "answer": ""}, "at least 1 character"),
        ({"type": "math", "answer": 4}, "valid string"),
        ({"type": "math", "answer": "4", "hint": "x"}, "Extra inputs are not permitted"),
        ({"type": "choice", "answer": "C", "options": ["a", "b"]}, "none of the 2 options"),
        ({"type": "choice", "answer": "b"}, "match pattern"),
        ({"type": "code"}, "one of cases, stdin_cases and tests"),
        ({"type": "code", "cases": [{"input": [1], "output": 2}]}, "need an entry_point"),
        ({"type": "instruction", "constraints": []}, "at least 1 item"),
        ({"type": "quantity", "answer": "1", "rel_tol": 1.0}, "less than 1"),
        ({"type": "math", "answer": "4", "comparison": {"decimals": 99}}, "less than or equal to 15"),
        ("4", "valid dictionary"),
    ],
)
def test_others_are_refused_with_the_reason(given: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(why)):
        parse_reference(given)


INF = float("inf")
CHECK = "def check(candidate):\n    assert candidate(1) == 2"


def with_tests(tests: str, *stub: str) -> dict[str, Any]:
    return {"type": "code", "entry_point": "f", "tests": tests, "setup": "".join(stub)}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"type": "json", "schema": {}, "answer": INF}, "answer: holds inf, which is no JSON number; write"),
        ({"type": "json", "schema": {"x": float("nan")}}, "schema: x: holds nan"),
        ({"type": "json", "schema": {"\ud800": 1}}, "schema: holds a lone surrogate"),
        ({"type": "code", "entry_point": "f", "cases": [{"input": [1], "output": -INF}]}, "cases: output: "),
        ({"type": "logic", "task": "t", "entry": {"a": [INF]}}, "entry: a: holds inf"),
        ({"type": "math", "answer": "4\ud83d"}, "answer: holds a lone surrogate"),
        ({"type": "text", "answer": "a", "aliases": ["b\x00"]}, "aliases: holds a NUL byte"),
        ({"type": "choice", "answer": "A", "options": ["same", "same "]}, "'same', stands there twice"),
        ({"type": "choice", "answer": "B", "options": ["x", " "]}, "number 2, is blank"),
        (with_tests("def chek(candidate): pass"), "tests: define no `check(candidate)`"),
        (with_tests("def check(candidate) pass"), "tests: SyntaxError: expected ':' (line 1)"),
        (with_tests("return 1\n" + CHECK), "tests: SyntaxError: 'return' outside function (line 1)"),
        (with_tests("(" * 9_999), "tests: "),
        (with_tests(CHECK, "import (("), "setup: SyntaxError"),
        ({"type": "code", "entry_point": "f(x)", "tests": CHECK}, "'f(x)' is no name in Python"),
    ],
)
def test_what_a_user_writes_is_refused_where_it_could_rule_on_no_answer(given: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(why)):
        parse_reference(given)


@pytest.mark.parametrize("depth", [100, 160, 220, 600, 5_000])
def test_nesting_that_is_taken_survives_the_way_to_disk(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    given = {"type": "json", "schema": {}, "answer": value}
    if depth > 150:
        with pytest.raises(ValidationError, match="answer: nested deeper than 150 levels"):
            parse_reference(given)
    else:
        assert load_reference(dump_reference(parse_reference(given))) == parse_reference(given)


@pytest.mark.parametrize(
    "given",
    [
        {"type": "choice", "answer": "A", "options": ["a", "same", "same"]},
        with_tests(CHECK, "import re\n\ndef f(x):\n"),
        with_tests(CHECK, 'def f(x):\n    """One more."""\n'),
        with_tests("if True:\n    check = print"),
        with_tests("from helpers import check"),
        with_tests("def check(candidate): return '\\d'"),
    ],
)
def test_what_only_looks_odd_is_taken(given: Any) -> None:
    assert load_reference(dump_reference(parse_reference(given))).type == given["type"]


def test_what_older_versions_stored_is_read_as_it_is() -> None:
    assert load_reference('{"answer":"A","options":["same","same"],"type":"choice"}').type == "choice"
    assert load_reference('{"schema":{"type":"nonsense"},"type":"json"}').type == "json"
    assert load_reference('{"constraints":[{"id":"once:known"}],"type":"instruction"}').type == "instruction"
