"""Identity is content: golden vectors, since a changed hash would orphan every stored answer."""

import json
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.ids import (
    MAX_SEED,
    answer_id,
    canonical,
    content_id,
    draw,
    plain_id,
    question_id,
    recorded_answer_id,
    reference_id,
    request_id,
    seed,
)
from schemas.rows import ToolCall, Turn

TEXT = st.text('aZé"\\\n\u2028\ud800', max_size=6)
Q = question_id([{"role": "user", "content": "What is 1 + 3?"}], None, None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("made", "golden"),
    [
        (Q, "dfcf217fb37e3cc54d6d5e229a6acf87"),
        (
            question_id([{"content": "größer – 是", "role": "user"}], "Be brief.", '[{"name":"f"}]'),
            "e6c1dfb8b12009d08a0233b49c916513",
        ),
        (reference_id('{"answer":"4","type":"math"}'), "acca78520eb34bd6cf8716a007dab3ce"),
        (request_id(Q, "p", "plain", 0, 1), "b1d070a5729c8feacd2a69abf32c9440"),
        (answer_id(request_id(Q, "p", "plain", 0, 1), "4"), "7f45e443a425980457ab90369e42a904"),
        (recorded_answer_id(Q, "m", "4", 0), "28fb604056c5ccafd78ed161efcf2044"),
        (content_id("kind", 1, None, [1.5, "x"]), "aacd25d7e6a6e1a8a24cedf987f9dfd9"),
        (seed(7, Q, 3), 1077758526),
        (seed(7, Q, 3, "harvest"), 2046109074),
        (draw("format", 0, Q), 0.0007980689062192514),
    ],
)
def test_golden_vectors(made: object, golden: object) -> None:
    assert made == golden


def _slowly(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@pytest.mark.parametrize("start", range(0, 0x110000, 0x8000))
def test_every_character_of_a_text_is_written_as_it_always_was(start: int) -> None:
    """Lists of texts are written by another library, whose bytes have to be the same for ever."""
    text = "".join(chr(code) for code in range(start, start + 0x8000) if not 0xD800 <= code < 0xE000)
    assert canonical([text, 3, None, []]) == _slowly([text, 3, None, []])


@given(st.lists(st.none() | st.booleans() | st.integers() | TEXT | st.just([])))
def test_lists_of_plain_values_are_written_as_they_always_were(value: list[object]) -> None:
    expected = _slowly(value)
    if "\ud800" not in expected:
        assert canonical(value) == expected
    else:
        with pytest.raises(ValueError, match="surrogates not allowed"):
            canonical(value)


NO_FRACTIONS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner) | st.tuples(inner, inner),
    max_leaves=12,
)


@given(NO_FRACTIONS)
@example({"\uffff": 1, "\U00010000": 2, "é": 3, "z": 4})
@example([2**64, -(2**63), 2**200])
def test_an_id_of_parts_without_fractions_is_the_id_that_it_always_was(value: object) -> None:
    try:
        expected = content_id("k", value)
    except ValueError:
        with pytest.raises(ValueError, match="surrogates not allowed"):
            plain_id("k", value)
    else:
        assert plain_id("k", value) == expected


def test_a_row_stands_for_its_columns() -> None:
    turn = Turn(role="assistant", content="größer", tool_calls=[ToolCall(name="f", arguments="{}")])
    for row in (turn, turn.model_copy(update={"tokens": 2**70})):
        assert plain_id("k", [row]) == content_id("k", [row.model_dump(mode="json")])


def test_no_reference_has_no_id() -> None:
    assert reference_id(None) is None


def test_canonical_text() -> None:
    value = {"b": 1.5, "a": [None, True, "é\u2028\n"], "ä": {}}
    assert canonical(value) == '{"a":[null,true,"é\u2028\\n"],"b":1.5,"ä":{}}'


@settings(max_examples=50)
@given(JSON)
def test_canonical_is_json_of_the_same_value_and_a_fixed_point(value: object) -> None:
    try:
        text = canonical(value)
    except UnicodeEncodeError:  # a lone surrogate, which hypothesis likes to draw
        return
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@settings(max_examples=25)
@given(st.dictionaries(st.text("abcé", max_size=4), st.integers(), min_size=2))
def test_the_order_of_keys_is_no_content(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), "\ud800", {"\udfff": 1}])
def test_what_no_file_can_hold_has_no_id(value: object) -> None:
    with pytest.raises(ValueError, match=r"Out of range|surrogates not allowed"):
        content_id("kind", value)


def test_kinds_and_parts_do_not_run_into_each_other() -> None:
    made = [
        content_id("a", "b", "c"),
        content_id("a", "bc"),
        content_id("ab", "c"),
        content_id("a", ["b", "c"]),
    ]
    assert len({*made}) == len(made)
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in made)


@pytest.mark.parametrize(
    "other",
    [
        ([{"role": "user", "content": "What is 1 + 4?"}], None, None),
        ([{"role": "user", "content": "What is 1 + 3?"}], "Be brief.", None),
        ([{"role": "user", "content": "What is 1 + 3?"}], None, "[]"),
    ],
)
def test_messages_system_and_tools_are_the_question(other: tuple[object, str | None, str | None]) -> None:
    assert question_id(*other) != Q


def test_every_part_of_a_request_counts() -> None:
    base = (Q, "p", "plain", 0, 1)
    others = [("q", "p", "plain", 0, 1), (Q, "o", "plain", 0, 1), (Q, "p", "boxed", 0, 1)]
    others += [(Q, "p", "plain", 1, 1), (Q, "p", "plain", 0, 2)]
    assert len({request_id(*each) for each in [base, *others]}) == 6


def test_equal_recorded_answers_are_told_apart_by_their_occurrence() -> None:
    assert len({recorded_answer_id(Q, "m", "4", occurrence) for occurrence in range(3)}) == 3


@settings(max_examples=50)
@given(st.integers(0, 2**63), st.text("abcé", max_size=4), st.integers(0, 1_000))
def test_seeds_and_draws_stay_in_range(run_seed: int, question: str, index: int) -> None:
    assert 0 <= seed(run_seed, question, index) <= MAX_SEED
    assert 0.0 <= draw(run_seed, question, index) < 1.0


def test_seeds_differ_by_index_question_run_and_purpose() -> None:
    made = [seed(r, q, i, p) for r in (0, 1) for q in ("a", "b") for i in range(4) for p in ("rate", "ask")]
    assert len({*made}) == len(made)


def test_ids_do_not_depend_on_the_process() -> None:
    code = "from schemas.ids import content_id; print(content_id('kind', {'b': 1, 'a': {'x', 'x'} == {'x'}}))"
    made = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert made.stdout.strip() == content_id("kind", {"a": True, "b": 1})
