import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from datapipe.backends.base import Completion, Refused, Request, Transient
from datapipe.backends.fake import Fake, Faults
from datapipe.backends.responder import Habits
from datapipe.backends.solver import solve
from datapipe.errors import ConfigError

ROOT = Path(__file__).parents[2]
SOUND = Habits(0, 0, 0, 0, 0)
BOXED = "Put the final answer in \\boxed{}."
SENTENCE = 'Finish with the line "The answer is ...".'
BULLETS = 'Write each sentence on its own line, starting with "- ".'
RUBRIC = (ROOT / "judges/rubrics/uses_given_words.md").read_text(encoding="utf-8").split("+++")[2].strip()


def request(prompt: str = "What is 2 + 2?", number: int = 0, **changed: Any) -> Request:
    values: dict[str, Any] = {
        "id": f"r{number}",
        "affinity": "q",
        "model": "m",
        "messages": ({"role": "user", "content": prompt},),
        "sampling": {},
        "max_tokens": 512,
        "seed": number,
    }
    return Request(**{**values, **changed})


def ask(backend: Fake, *requests: Request) -> list[Any]:
    async def run() -> list[Any]:
        return await asyncio.gather(*(backend.complete(r) for r in requests), return_exceptions=True)

    return asyncio.run(asyncio.wait_for(run(), 60))


def responses(prompt: str, count: int, habits: Habits = SOUND) -> list[str]:
    got = ask(Fake(habits=habits), *(request(prompt, i) for i in range(count)))
    return [c.content.partition("</think>\n\n")[2] for c in got]


def bundled(name: str) -> list[dict[str, Any]]:
    text = (ROOT / "data/seeds" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def test_every_bundled_question_is_understood_and_none_answered_wrongly_by_rule() -> None:
    for row in bundled("verifiable.jsonl"):
        solved = solve(row["prompt"])
        assert solved is not None, row["prompt"]
        assert solved.wrong
        assert solved.right not in solved.wrong
        # What takes knowledge of words is guessed, which is honest and sometimes right.
        if solved.right is None:
            assert row["reference"]["answer"] in solved.wrong
        else:
            assert solved.right == row["reference"]["answer"], row["prompt"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 2 + 3 * 4 - 1?", "13"),
        ("Add 17 and 5.", "22"),
        ("Which is larger: 1.6 or 1.58?", "1.6"),
        ("Find the smallest number: 20, 7, 51.", "7"),
        ("Sort these numbers from largest to smallest: 5, 31, 9.", "31, 9, 5"),
        ('Count the letter e in "uncle frog eel".', "3"),
        ("How often is the letter o in: seal, doctor?", "2"),
        ("Count the word hat in this list: key, hat, hats, hat.", "2"),
        ("What is 20 + 30?\nA) 60\nB) 50\nC) 48", "B"),
        ("Which word has the letter g in it?\nA) wheel\nB) green", "B"),
    ],
)
def test_questions_of_its_kinds_are_solved(question: str, answer: str) -> None:
    solved = solve(question)
    assert solved is not None
    assert solved.right == answer


@pytest.mark.parametrize(
    "question", ["", "Why is the sky blue?", "1" * 10_000, "+" * 10_000, "A) x", "[" * 10_000]
)
def test_other_questions_are_not_and_get_a_short_answer_all_the_same(question: str) -> None:
    assert solve(question) is None
    assert re.fullmatch(r"The answer is \d+\.", responses(question, 1)[0])


def test_harder_questions_are_answered_right_less_often() -> None:
    def rate(question: str, right: str) -> float:
        return sum(f"is {right}." in text for text in responses(question, 300)) / 300

    easy, medium, hard = (
        rate("2 + 2 = ?", "4"),
        rate("3524 + 9871 = ?", "13395"),
        rate("99999999 + 1234567 = ?", "101234566"),
    )
    assert easy > medium > hard
    assert easy > 0.9
    assert 0.4 < medium < 0.9


def test_the_answer_has_the_form_that_the_last_line_asks_for() -> None:
    assert responses("1 + 1 = ?", 1) == ["The answer is 2."]
    assert responses(f"1 + 1 = ?\n{BOXED}", 1) == ["The sum is \\boxed{2}."]
    assert responses(f"1 + 1 = ?\n{SENTENCE}", 1) == ["I worked from left to right.\nThe answer is 2."]


def test_texts_use_the_given_words_most_of_the_time() -> None:
    prompt = "Write a few sentences that use these words: cat, river, lamp, bread, hat."
    texts = responses(prompt, 300)
    whole = [t for t in texts if all(word in t for word in ("cat", "river", "lamp", "bread", "hat"))]
    assert 0.7 < len(whole) / 300 < 0.9
    assert any(len(set(t.rstrip(".").split(". "))) <= t.count(". ") for t in texts)
    bulleted = responses(f"{prompt}\n{BULLETS}", 20)
    assert all(line.startswith("- ") for text in bulleted for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The cat sat by the river.", "CLEAN"),
        ("- The cat sat.\n- A river ran.", "CLEAN"),
        ("The cat sat.", "FAULT"),
        ("The cat sat by the river. The cat sat by the river.", "FAULT"),
    ],
)
def test_a_judge_sees_the_fault_far_more_often_than_not(text: str, verdict: str) -> None:
    question = "Use these words in a few sentences: cat, river."
    prompt = RUBRIC.replace("{question}", question).replace("{answer}", text)
    last = [reply.rpartition("\n")[2] for reply in responses(prompt, 100)]
    assert set(last) == {"VERDICT: CLEAN", "VERDICT: FAULT"}
    assert last.count(f"VERDICT: {verdict}") > 80


def test_every_bundled_writing_question_is_understood() -> None:
    for row in bundled("non_verifiable.jsonl"):
        [text] = responses(row["prompt"], 1)
        assert not text.startswith("The answer is"), row["prompt"]


def test_the_same_request_gets_the_same_answer_in_another_process_life() -> None:
    asked = [request(f"{i} + 77 = ?", i) for i in range(50)]
    assert ask(Fake(), *asked) == ask(Fake(), *reversed(asked))[::-1]
    [first, again, other] = ask(Fake(), request("Why?", 1), request("Why?", 1, id="else"), request("Why?", 2))
    assert first == again != other
    assert ask(Fake(), request("Why?", seed=None, id="a")) != ask(Fake(), request("Why?", seed=None, id="b"))


def test_habits_give_every_rule_something_to_find() -> None:
    got = ask(Fake(), *(request(f"{i} + 5 = ?", i) for i in range(2000)))
    cut = [c for c in got if c.finish_reason == "length"]
    texts = [c.content for c in got if c.finish_reason == "stop"]
    assert 20 <= len(cut) <= 60
    found = {
        "unclosed": [t for t in texts if "</think>" not in t],
        "refusing": [t for t in texts if "I can't help" in t],
        "empty": [t for t in texts if t.endswith("</think>\n\n")],
        "looping": [t for t in texts if t.count("The answer is") == 24],
    }
    assert all(3 <= len(each) <= 40 for each in found.values()), found


def test_an_answer_ends_at_max_tokens() -> None:
    [got] = ask(Fake(habits=SOUND), request("What is 123456 + 654321?", max_tokens=5))
    assert (got.finish_reason, got.completion_tokens, len(got.content)) == ("length", 5, 20)


def test_a_tool_is_called_once_and_its_reply_used() -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
    tool = {
        "type": "function",
        "function": {"name": "weather", "parameters": {**parameters, "required": ["city", "days"]}},
    }
    fake = Fake(habits=SOUND)
    [call] = ask(fake, request("How is the weather?", tools=(tool,)))
    assert call.finish_reason == "tool_calls"
    assert [(c.name, json.loads(c.arguments)) for c in call.tool_calls] == [
        ("weather", {"city": "x", "days": 1})
    ]
    messages = (
        {"role": "user", "content": "How is the weather?"},
        {"role": "assistant", "content": "", "tool_calls": []},
        {"role": "tool", "content": "rain"},
    )
    [answer] = ask(fake, request(tools=(tool,), messages=messages))
    assert not answer.tool_calls
    assert answer.content.endswith("The answer is rain.")


def test_a_function_or_a_script_takes_the_place_of_the_model() -> None:
    own = Completion("c", "length", "elsewhere", reasoning="r")
    fake = Fake({"r1": "by id", "Why?": own, "r3": Refused("no")}, server="s")
    by_id, by_prompt, refused, unknown = ask(
        fake, request(number=1), request("Why?", 2), request(number=3), request(number=4)
    )
    assert (by_id.content, by_id.finish_reason, by_id.server) == ("by id", "stop", "s")
    assert (by_prompt.content, by_prompt.reasoning, by_prompt.server) == ("c", "r", "s")
    assert str(refused) == "no"
    assert isinstance(unknown, Refused)
    assert ask(Fake(lambda r: r.id), request(number=7))[0].content == "r7"


def test_faults_depend_on_request_and_try_alone() -> None:
    faults = Faults(reset=0.1, server_error=0.1, too_many=0.1, refused=0.1, torn=0.1, slow=0.1, hang=0.1)
    drawn = [faults.draw(f"r{i}", attempt) for i in range(1000) for attempt in (1, 2)]
    assert drawn == [faults.draw(f"r{i}", attempt) for i in range(1000) for attempt in (1, 2)]
    counts = Counter(drawn)
    assert counts.pop(None) > 500
    assert set(counts) == {"reset", "server_error", "too_many", "refused", "torn", "slow", "hang"}
    assert all(150 < count < 250 for count in counts.values())


def test_each_fault_is_the_error_a_server_would_bring() -> None:
    def met(kind: str) -> object:
        faults = Faults.named({kind: 1.0, "hang_s": 0.01, "slow_s": 0.01, "retry_after_s": 3})
        return ask(Fake({"r0": "late"}, faults=faults), request())[0]

    for kind in ("reset", "server_error", "torn", "hang"):
        error = met(kind)
        assert isinstance(error, Transient)
        assert error.retry_after is None
    full = met("too_many")
    assert isinstance(full, Transient)
    assert full.retry_after == 3
    assert isinstance(met("refused"), Refused)
    assert isinstance(met("slow"), Completion)


def test_the_first_tries_of_every_request_can_be_made_to_fail() -> None:
    fake = Fake(faults=Faults(fail_first=2))
    kinds = [type(ask(fake, request(number=i))[0]) for i in (1, 1, 2, 1, 2, 2)]
    assert kinds == [Transient, Transient, Transient, Completion, Transient, Completion]


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ConfigError, match="rest; known are reset"):
        Faults.named({"rest": 0.1})
