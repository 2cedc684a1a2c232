"""What stands around a statement makes it none, in the same words for every verifier."""

from dataclasses import replace

import pytest

from judges.attempt import Attempt
from judges.base import Unscored
from judges.verifiers.choice import choice
from judges.verifiers.math import math
from judges.verifiers.no_gold import no_gold
from judges.verifiers.quantity import quantity
from judges.verifiers.text import text

# A verifier, its reference, the right answer and a wrong one.
TARGETS = {
    "math": (math, {"type": "math", "answer": "42"}, "42", "13"),
    "choice": (
        choice,
        {"type": "choice", "answer": "B", "options": ["a cat", "a dog", "a bird", "a fish"]},
        "B",
        "C",
    ),
    "text": (text, {"type": "text", "answer": "Paris"}, "Paris", "Rome"),
    "quantity": (quantity, {"type": "quantity", "answer": "5", "unit": "km"}, "5 km", "6 km"),
}
BEFORE = [
    "The wrong answer is {g}.", "The obvious answer is {g}.", "His answer is {g}.",
    "Tom's first answer is {g}.", "The students' answer is {g}.", "The textbook answer is {g}.",
    "Bob claims that the answer is {g}.", "Some would say the answer is {g}.", "Suppose the answer is {g}.",
    "Perhaps the answer is {g}.", "I doubt the answer is {g}.", "It could be that the answer is {g}.",
    "Maybe the answer is \\boxed{{{g}}}.", "Perhaps \\boxed{{{g}}}.", "It is not \\boxed{{{g}}}.",
    "It is anything but \\boxed{{{g}}}.", "I am not sure that it is \\boxed{{{g}}}.",
    "Some say \\boxed{{{g}}}.", "Neither \\boxed{{{g}}}.", "Without \\boxed{{{g}}}",
    "It is not <answer>{g}</answer>.", "Maybe <answer>{g}</answer>",
    "如果答案是{g}", "有人认为答案是{g}。", "他说答案是{g}。",
    "Si la respuesta es {g}.", "Quizás la respuesta es {g}.",
    "No: \\boxed{{{g}}}",
]  # fmt: skip
AFTER = [
    "Is the answer {g}?", "Answer: {g}?", "\\boxed{{{g}}}?", "\\boxed{{{g}?}}", "Answer: {g} or {w}",
    "Answer: {g}, or maybe {w}", "\\boxed{{{g}}} or {w}", "Answer: {g}. Otherwise {w}.",
    "Answer: {g} as well as {w}", "Answer: {g} is wrong.", "\\boxed{{{g}}} is impossible.",
    "Answer: {g}. That's not right.", "Answer: {g}. Wait, {w}.", "Answer: {g}. Actually, {w}.",
    "\\boxed{{{g}}}. No, {w}.", "Answer: {g}. Scratch that, {w}.", "Answer: {g}\n\nOops, I misread it.",
    "Answer: {g}. Sorry, {w}.", "Answer: {g}. Hold on, it is {w}.", "Answer: {g}. Never mind, it's {w}.",
    "Answer: {g}. Apologies, {w}.", "Answer: {g} (no, {w})", "Answer: {g}. I don't know.",
    "<answer>{g}</answer> is wrong.", "答案是{g}吗？", "答案是{g}。等等，应该是{w}。",
    "答案：{g}。算错了，重新计算。",
    "La respuesta es {g}. Me equivoqué.", "La réponse est {g}. En fait, {w}.",
    "Die Antwort ist {g}. Moment mal, {w}.", "Ответ: {g}. Нет, {w}.", "答えは{g}ですか",
]  # fmt: skip
HIDDEN = [
    "<!-- Answer: {g} -->", "<!-- Answer: {g}", "~~Answer: {g}~~", "Answer: ~~{g}~~",
    "<del>\\boxed{{{g}}}</del>", "<del>\\boxed{{{g}}}", "\\iffalse \\boxed{{{g}}} \\fi",
    "\\begin{{comment}}\\boxed{{{g}}}\\end{{comment}}", "\\sout{{\\boxed{{{g}}}}}", "% \\boxed{{{g}}}",
]  # fmt: skip
STATED = [
    "If we combine all of it, we get \\boxed{{{g}}}.", "I would say the answer is {g}.",
    "It's not hard to see that the answer is {g}.", "Answer: {g}\n\nNo other one fits.",
    "Answer: ~~{w}~~ {g}", "<!-- a note -->Answer: {g}", "Wait, I misread. The answer is {g}.",
    "The answer is {g}, since nothing else fits.", "Since it fits, the answer is {g}.",
    "Answer: {g}\n\nInstead of guessing, we worked it out.",
]  # fmt: skip


def told(name: str, shape: str) -> str:
    check, reference, gold, wrong = TARGETS[name]
    verifier = replace(check, kind="verifier")
    return verifier.judge(Attempt.of(shape.format(g=gold, w=wrong), reference)).outcome


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_not_meant_never_passes(name: str) -> None:
    assert [shape for shape in (*BEFORE, *AFTER, *HIDDEN) if told(name, shape) == "pass"] == []


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_meant_passes(name: str) -> None:
    assert [shape for shape in STATED if told(name, shape) != "pass"] == []


@pytest.mark.parametrize("shape", [*BEFORE, *AFTER, *HIDDEN])
def test_without_a_gold_nothing_is_read_from_what_is_not_meant(shape: str) -> None:
    with pytest.raises(Unscored) as caught:
        no_gold.fn(Attempt.of(shape.format(g="42", w="13"), {"type": "no_gold"}))
    assert caught.value.extracted is None or caught.value.extracted != "42"


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["\n", " ", "* ", "(", "no ", "is a ", "I ", ", ", "or ", "the ", "n't ", "$", "。", "~", "\\", "if "],
)
def test_a_megabyte_of_one_unit_is_ruled_on(unit: str) -> None:
    long = unit * (1_000_000 // len(unit))
    for check, reference, right, _ in TARGETS.values():
        for shown in (f"The answer is {right}. {long}", f"{long} the answer is {right}."):
            said = replace(check, kind="verifier").judge(Attempt.of(shown, reference))
            assert not (said.reason or "").startswith("raised"), said
