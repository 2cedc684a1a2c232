"""What a check may return or raise, and what becomes of it."""

import pytest

from judges.attempt import Attempt
from judges.base import Check, Finding, Ruling, Unscored, check
from schemas.references import MathReference, TextReference
from schemas.rows import Answer, Message, Question, ToolCall, Turn


@check(passes=["a"], fails={"b": "it is b"})
def sample(
    attempt: Attempt, most: int = 5, share: float = 0.5, words: tuple[str, ...] = ()
) -> str | Finding | None:
    match attempt.response:
        case "unsure":
            raise Unscored("who knows")
        case "boom":
            raise ValueError(f"broke at {object()!r}")
        case "finding":
            return Finding("bad", "here", 0.25, "it")
        case "long":
            return "é" * 1000 + "\ud800"
        case "surrogate":
            return "\ud800"
        case "params":
            return f"{most} {share} {words}"
        case "b":
            return "it is b"
    return None


def said(text: str, made: Check = sample) -> Ruling:
    return made.judge(Attempt.of(text))


def test_outcomes() -> None:
    assert said("a") == Ruling("pass")
    assert said("b") == Ruling("fail", reason="it is b")
    assert said("finding") == Ruling("fail", None, 0.25, "bad", "here", "it")
    assert said("unsure") == Ruling("unscored", "informative", reason="who knows")


def test_an_exception_is_unscored_and_the_same_every_time() -> None:
    first = said("boom")
    assert (first.outcome, first.unscored) == ("unscored", "informative")
    assert first.reason == "raised ValueError: broke at <object object at 0x…>"
    assert said("boom") == first


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (False, "raised TypeError: returned bool, not None, a reason or a Finding"),
        (b"bad", "raised TypeError: returned bytes, not None, a reason or a Finding"),
        (Finding("bad", score="high"), "raised TypeError: a Finding whose score is str, not a number"),  # type: ignore[arg-type]
        (Finding("bad", score=True), "raised TypeError: a Finding whose score is bool, not a number"),
        (Finding("bad", score=float("nan")), "raised ValueError: a Finding whose score is nan"),
        (Finding(5), "raised TypeError: a Finding whose reason is int, not text"),  # type: ignore[arg-type]
        (Finding("bad", evidence=["x"]), "raised TypeError: a Finding whose evidence is list, not text"),  # type: ignore[arg-type]
        (Finding(extracted=4), "raised TypeError: a Finding whose extracted is int, not text"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_no_finding_is_unscored(found: object, reason: str) -> None:
    made = Check(**{**vars(sample), "fn": lambda attempt, **params: found})
    assert said("a", made) == Ruling("unscored", "informative", reason=reason)


def test_a_whole_score_and_an_exit_are_taken() -> None:
    def leave(attempt: Attempt, **params: object) -> None:
        raise SystemExit(1)

    score = said("a", Check(**{**vars(sample), "fn": lambda attempt, **params: Finding(score=1)})).score
    assert isinstance(score, float)
    assert said("a", Check(**{**vars(sample), "fn": leave})).reason == "raised SystemExit: 1"


def test_texts_of_a_ruling_are_short_and_can_be_stored() -> None:
    assert len(said("long").reason or "") == 500
    assert said("surrogate").reason == "?"


def test_answers_that_were_cut_stay_one_or_several() -> None:
    def told(text: str) -> str:
        return Ruling.of(Finding(extracted=text)).extracted or ""

    assert told("a" * 500) == "a" * 500
    assert told("a" * 501 + "b") == told("a" * 501 + "b") != told("a" * 501 + "c")
    assert len(told("a" * 9_000)) == 500
    assert Ruling.undecided("no", extracted="a" * 501).extracted == told("a" * 501)
    assert told("\ud800" * 501).isprintable()


def test_a_verifier_rules_on_finished_answers_only() -> None:
    verifier = Check(**{**vars(sample), "kind": "verifier"})
    assert verifier.judge(Attempt.of("b", finish_reason="length")).reason == "truncated at max_tokens"
    assert said("<think>b</think> \n", verifier).reason == "no answer"
    assert sample.judge(Attempt.of("b", finish_reason="length")).outcome == "fail"


def test_bind() -> None:
    bound = sample.bind({"most": 7, "share": 1, "words": ["x"]})
    assert said("params", bound).reason == "7 1.0 ('x',)"
    assert said("params").reason == "5 0.5 ()"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mots": 3}, "no parameter 'mots'; did you mean 'most'"),
        ({"most": "3"}, "parameter 'most': .*valid integer"),
        ({"most": True}, "valid integer"),
        ({"words": "abc"}, "valid (tuple|array)"),
        ({"most": {1}}, "not JSON serializable"),
    ],
)
def test_bind_names_what_is_wrong(params: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample.bind(params)


def test_a_check_needs_examples_and_typed_defaults() -> None:
    with pytest.raises(TypeError, match="needs an example that passes"):
        check(passes=[], fails={"b": "b"})(lambda attempt: None)
    with pytest.raises(TypeError, match=r"'most' of .* needs an annotation and a default"):
        check(passes=["a"], fails={"b": "b"})(lambda attempt, most=5: None)


def test_broken_examples_are_told() -> None:
    wrong = check(passes=["b"], fails={"a": "x", "b": "another reason"}, unscored={"a": "y"})(sample.fn)
    assert len(wrong.broken_examples()) == 4
    assert sample.broken_examples() == []


def test_attempt_travels_as_json() -> None:
    attempt = Attempt.of(
        "<think>a</think>b", {"type": "text", "answer": "b", "aliases": ["B"]}, language="en"
    )
    assert Attempt.from_json(attempt.to_json()) == attempt
    assert (attempt.thinking, attempt.response, attempt.layout) == ("a", "b", "tags")


def test_expected_reference() -> None:
    attempt = Attempt.of("b", {"type": "text", "answer": "b"})
    assert attempt.expected(TextReference).answer == "b"
    with pytest.raises(Unscored, match="a reference of type 'text', MathReference is needed"):
        attempt.expected(MathReference)
    with pytest.raises(Unscored, match="no reference"):
        Attempt.of("b").expected(MathReference)


def test_attempt_from_rows_is_the_last_assistant_turn() -> None:
    question = Question(
        question_id="q", lane="verifiable", domain="math", messages=[Message(role="user", content="2 + 2?")],
        reference='{"answer":"4","type":"math"}', format="boxed", source="s", file="f", line=1,
    )  # fmt: skip
    call = Turn(
        role="assistant", content="", thinking="look", tool_calls=[ToolCall(name="add", arguments="{}")]
    )
    turns = [
        call,
        Turn(role="tool", content="4", train=False),
        Turn(role="assistant", content="4", thinking="so"),
    ]
    answer = Answer(
        answer_id="a", request_id="r", question_id="q", policy_id="p", lane="verifiable", format="boxed",
        index=0, round=0, messages_id="m", turns=turns, raw="so</think>4", layout="close_only",
        finish_reason="stop",
    )  # fmt: skip
    attempt = Attempt.from_rows(question, answer, [Message(role="user", content="2 + 2?\nUse \\boxed{}.")])
    assert (attempt.prompt, attempt.question) == ("2 + 2?\nUse \\boxed{}.", "2 + 2?")
    assert (attempt.response, attempt.thinking, len(attempt.turns)) == ("4", "so", 3)
    assert isinstance(attempt.reference, MathReference)
    assert Attempt.from_json(attempt.to_json()) == attempt


def test_the_same_response_is_the_same_bare_attempt_whatever_was_thought() -> None:
    one, other = (
        Attempt.of("The answer is 4.", {"type": "math", "answer": "4"}, "2 + 2?", thinking=text)
        for text in ("Hm.", "Two.")
    )
    assert one.to_json() != other.to_json()
    assert one.bare().to_json() == other.bare().to_json()
    assert one.bare() == Attempt.from_json(one.bare().to_json())
    assert (one.bare().response, one.bare().reference, one.bare().question) == (
        one.response,
        one.reference,
        one.question,
    )
    cut = Attempt.of("The answer is 4.", {"type": "math", "answer": "4"}, "2 + 2?", finish_reason="length")
    assert cut.bare().truncated
