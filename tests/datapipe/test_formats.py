"""Answer formats: where they fit, what they ask, and rewrites that are read as the same answer."""

import re
from typing import Any

import pytest

from datapipe.format import as_sent, draw_format, fitting, known_formats, unstated
from judges.attempt import Attempt
from judges.base import Check
from judges.catalog import catalog
from schemas.rows import LANES, Message, Question

FORMATS = sorted(known_formats())


def question(**change: Any) -> Question:
    base: dict[str, Any] = {
        "question_id": "q",
        "lane": "verifiable",
        "domain": "d",
        "messages": [Message(role="user", content="What is 1 + 3?")],
        "format": "plain",
        "source": "s",
        "file": "f",
        "line": 1,
    }
    return Question.model_validate({**base, **change})


def test_every_lane_and_type_has_two_formats_or_the_plain_one() -> None:
    assert FORMATS == ["boxed", "bullets", "plain", "sentence"]
    assert fitting("verifiable", "math", False) == ["boxed", "plain", "sentence"]
    assert fitting("non_verifiable", None, False) == ["bullets", "plain"]
    assert fitting("verifiable", "code", False) == ["plain"]
    assert {tuple(fitting(lane, "math", True)) for lane in LANES} == {("plain",)}


@pytest.mark.parametrize("name", FORMATS)
def test_the_line_asked_ends_the_last_user_message(name: str) -> None:
    asks = known_formats()[name].asks
    history = [Message(role="user", content="Hi."), Message(role="assistant", content="Hello.")]
    made = as_sent(question(messages=[*history, Message(role="user", content="Q?")], system="S."), name)
    assert [message.role for message in made] == ["system", "user", "assistant", "user"]
    assert made[1].content == "Hi."
    assert made[3].content == (f"Q?\n{asks}" if asks else "Q?")


def test_draws_depend_on_seed_and_question_alone_and_follow_weights() -> None:
    names = ["boxed", "plain"]
    drawn = [draw_format(0, f"q{n}", names, None) for n in range(400)]
    assert 160 < drawn.count("boxed") < 240
    assert drawn == [draw_format(0, f"q{n}", names, None) for n in range(400)]
    weighted = [draw_format(0, f"q{n}", names, {"boxed": 0.25, "plain": 0.75}) for n in range(400)]
    assert 70 < weighted.count("boxed") < 130
    assert draw_format(0, "q", names, {"sentence": 1.0}) == "plain"


@pytest.mark.parametrize("name", ["boxed", "sentence"])
@pytest.mark.parametrize("final", ["4", "1/2", "x^2 + 1", "(1, 2)"])
def test_a_rewrite_of_a_final_answer_is_still_right(name: str, final: str) -> None:
    check = catalog()["math"]
    assert isinstance(check, Check)
    text = known_formats()[name].rewrite(f"I add them up.\nSo it is {final}.", final)
    assert text is not None
    assert text.startswith("I add them up.")
    assert check.judge(Attempt.of(text, {"type": "math", "answer": final})).outcome == "pass"


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_in_the_format_already_or_has_no_answer_is_left(name: str) -> None:
    rewrite = known_formats()[name].rewrite
    assert rewrite("", None) is None
    assert rewrite("One line", None) is None
    done = {"boxed": "\\boxed{4}", "sentence": "So.\nThe answer is 4."}.get(name)
    assert done is None or rewrite(done, "4") is None


def test_sentences_become_bullets_and_bullets_sentences() -> None:
    bullets, plain = known_formats()["bullets"].rewrite, known_formats()["plain"].rewrite
    text = "The cat slept. A dog ran! Why?"
    made = bullets(text, None)
    assert made == "- The cat slept.\n- A dog ran!\n- Why?"
    assert plain(made, None) == text
    assert bullets("Unfinished one. And then", None) is None
    assert plain("- one\nnot a bullet", None) is None


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_text_takes_no_time(name: str) -> None:
    for text in ("." * 50_000, "a" * 50_000, "- " * 50_000, "a.\n" * 20_000, "\"'" * 50_000):
        known_formats()[name].rewrite(text, None)
        known_formats()[name].rewrite(text, "4")


@pytest.mark.parametrize("name", ["boxed", "sentence"])
def test_a_rewrite_keeps_every_line_of_reasoning(name: str) -> None:
    lines = ["1. Take 2 apples.", "2. Add 2 more, which makes 4.", "So the total is 4 - 2 = 2."]
    for stated in ("The correct answer is 2.", "**Answer: 2**", "So, the final answer is 2"):
        made = known_formats()[name].rewrite("\n".join([*lines, stated]), "2")
        assert made is not None
        assert made.split("\n")[:-1] == lines
    assert known_formats()[name].rewrite("\n".join(lines), "2").split("\n")[:-1] == lines  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("It costs 3.5 dollars. He paid.", "- It costs 3.5 dollars.\n- He paid."),
        ("Dr. Smith paid. He left.", None),
        ("She asked J. K. Rowling. It rained.", None),
        ("它很好。我们走！", "- 它很好。\n- 我们走！"),
    ],
)
def test_sentences_are_told_from_stops(text: str, made: str | None) -> None:
    assert known_formats()["bullets"].rewrite(text, None) == made


STATING = r"\W*(?:(?:so|thus|hence|therefore|then|and|my|the|final|correct|answer|option|choice|is)\W+)*"


@pytest.mark.parametrize("final", ["4", "x", "A", "1/2", "is", "the answer", "ſ", "İ", "ß", "f(x)", "4 4"])
@pytest.mark.parametrize(
    "before", ["", "So the answer is ", "**Answer:** ", "answer", "We find ", "the is ", "é "]
)
@pytest.mark.parametrize("after", ["", ".", " .**", " apples", "4", " k"])
def test_a_line_states_the_answer_where_nothing_else_is_in_it(final: str, before: str, after: str) -> None:
    """Told without a pattern for every answer, and as such a pattern tells it."""
    for said in (final, final.upper(), final.lower(), f"{final} {final}"):
        line = f"{before}{said}{after}".strip()
        pattern = re.compile(rf"{STATING}{re.escape(final)}\W*", re.IGNORECASE)
        left = [] if pattern.fullmatch(line) else [line]
        assert unstated(f"Because.\n{line}", final) == ["Because.", *left]
