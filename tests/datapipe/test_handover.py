"""What verifier processes are handed is what an attempt says of itself."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datapipe.format import as_sent, known_formats
from datapipe.handover import Handover
from datapipe.worker_frames import decode
from judges.attempt import Attempt
from schemas.references import dump_reference, parse_reference
from schemas.rows import Answer, Message, Question, ToolCall, Turn

FORMATS = sorted(known_formats())
TEXTS = st.text(st.characters(blacklist_categories=()), max_size=20) | st.sampled_from(
    ['"', "\\", "\x00", "é\ud800"]
)
CALLS = st.lists(st.builds(ToolCall, id=TEXTS, name=TEXTS, arguments=TEXTS), max_size=1)
TURNS = st.builds(
    Turn,
    role=st.sampled_from(["assistant", "tool"]),
    content=TEXTS,
    thinking=st.none() | TEXTS,
    tool_calls=CALLS,
    train=st.booleans(),
    tokens=st.none() | st.integers(0, 9),
)
MESSAGES = st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=TEXTS)
REFERENCES = st.sampled_from(
    [None, *(dump_reference(parse_reference({"type": "text", "answer": text})) for text in ("4", 'é "\\"'))]
)
QUESTIONS = st.fixed_dictionaries(
    {
        "messages": st.lists(MESSAGES, min_size=1, max_size=3),
        "system": st.none() | TEXTS,
        "reference": REFERENCES,
        "language": st.none() | TEXTS,
        "format": st.sampled_from(FORMATS),
    }
)
ANSWERS = st.fixed_dictionaries(
    {
        "turns": st.lists(TURNS, max_size=3),
        "raw": TEXTS,
        "layout": st.sampled_from(["none", "tags", "field"]),
        "finish_reason": TEXTS,
        "format": st.sampled_from(FORMATS),
    }
)

Asked = tuple[dict[str, Any], list[dict[str, Any]]]


def question(name: str, of: dict[str, Any]) -> Question:
    return Question(question_id=name, lane="verifiable", domain="d", source="s", file="f", line=1, **of)


def answer(number: int, name: str, of: dict[str, Any]) -> Answer:
    return Answer(
        answer_id=f"a{number}",
        request_id="r",
        question_id=name,
        policy_id="p",
        lane="verifiable",
        index=number,
        round=0,
        messages_id="m",
        **of,
    )


@given(st.lists(st.tuples(QUESTIONS, st.lists(ANSWERS, max_size=3)), min_size=1, max_size=2))
def test_an_answer_is_handed_over_as_the_attempt_it_is(rows: list[Asked]) -> None:
    questions = {f"q{number}": question(f"q{number}", of) for number, (of, _) in enumerate(rows)}
    handover = Handover(questions)
    for name, (_, each) in zip(questions, rows, strict=True):
        for number, of in enumerate(each):
            made = answer(number, name, of)
            attempt = Attempt.from_rows(questions[name], made, as_sent(questions[name], made.format))
            assert Attempt.from_json(decode(handover.whole(made))) == attempt
            assert Attempt.from_json(decode(handover.bare(made))) == attempt.bare()


def test_equal_responses_are_equal_once_bare() -> None:
    """So that they are ruled on once, whatever the model thought."""
    of = {"messages": [Message(role="user", content="?")], "format": FORMATS[0]}
    handover = Handover({"q": question("q", of)})
    said = [
        answer(
            number,
            "q",
            {
                "turns": [Turn(role="assistant", content="4", thinking=f"{number}")],
                "raw": f"{number}4",
                "layout": "field",
                "finish_reason": "stop",
                "format": FORMATS[0],
            },
        )
        for number in range(2)
    ]
    assert len({handover.bare(each) for each in said}) == 1
    assert len({handover.whole(each) for each in said}) == 2
