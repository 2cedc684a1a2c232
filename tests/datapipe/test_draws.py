"""One draw counts once: what is continued, what repeats a thinking, what was drawn for something else."""

from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest

from datapipe.backends.base import Completion, Request
from datapipe.backends.fake import Said
from datapipe.draws import COLUMNS, LONG_TOKENS, Row, draws, thinking_id
from schemas.rows import Answer
from tests.support import Model, ran, settings, verifiable

LONG = "so I add the next figure and carry what is over " * 30


def row(answer: str, index: int = 0, **more: Any) -> tuple[Any, ...]:
    base = Row(answer, "q", "p", index, "rate", None, None)
    return astuple(replace(base, **more))


def test_columns_are_those_of_an_answer() -> None:
    assert tuple(Row.__dataclass_fields__) == COLUMNS
    assert set(COLUMNS) <= set(Answer.model_fields)


def test_harvest_and_rewrites_never_enter_a_rate() -> None:
    found = draws([row("a"), row("h", 2**20, purpose="harvest"), row("r", purpose="rewrite", continues="a")])
    assert found.rated == {"a"}
    assert [found.no_draw(each) for each in "ahr"] == [None, None, None]


def test_a_continuation_stands_in_the_place_of_what_it_goes_on_from() -> None:
    found = draws([row("a"), row("b", continues="a"), row("c", continues="b"), row("d", 1)])
    assert found.rated == {"c", "d"}
    assert found.superseded == {"a": "b", "b": "c"}
    assert found.no_draw("a") == "cut short, and answer b goes on from it"


def test_of_equal_long_thinkings_the_lowest_index_is_the_draw() -> None:
    found = draws([row("b", 5, thinking_id="t"), row("a", 2, thinking_id="t"), row("c", 3, thinking_id="u")])
    assert found.rated == {"a", "c"}
    assert found.no_draw("b") == "the same long thinking as answer a"


def test_thinkings_of_other_questions_and_policies_are_other_draws() -> None:
    rows = [row("a", thinking_id="t"), row("b", question_id="x", thinking_id="t")]
    assert not draws([*rows, row("c", policy_id="x", thinking_id="t")]).repeats


def test_a_rate_draw_comes_before_one_to_harvest_whatever_its_index() -> None:
    found = draws([row("h", 0, purpose="harvest", thinking_id="t"), row("a", 9, thinking_id="t")])
    assert (found.rated, found.repeats) == ({"a"}, {"h": "a"})


def test_what_is_continued_repeats_nothing() -> None:
    found = draws([row("a", thinking_id="t"), row("b", 1, thinking_id="t"), row("c", continues="a")])
    assert (found.rated, found.repeats) == ({"b", "c"}, {})


@pytest.mark.parametrize(
    ("thinking", "response", "tokens", "reasoning", "long"),
    [
        (None, "4", 900, None, False),
        ("x", "4", None, LONG_TOKENS, False),
        ("x", "4", None, LONG_TOKENS + 1, True),
        (LONG, "4", 20, 0, False),  # 0 is not counted, and 20 in all are few
        ("x" * 300, "y" * 100, 268, None, True),  # 201 of 268
        ("x" * 300, "y" * 100, 266, None, False),
        ("x" * 4 * LONG_TOKENS, "", None, None, False),
        ("x" * 4 * LONG_TOKENS + "xxxx", "", None, None, True),
        ("想" * LONG_TOKENS, "", None, None, False),
        ("想" * LONG_TOKENS + "x", "", None, None, True),
    ],
)
def test_what_counts_as_long(
    thinking: str | None, response: str, tokens: int | None, reasoning: int | None, long: bool
) -> None:
    assert (thinking_id(thinking, response, tokens, reasoning) is not None) == long


def test_a_long_thinking_is_known_again() -> None:
    assert thinking_id(LONG, "4") == thinking_id(LONG, "The answer is 4.")
    assert thinking_id(LONG, "4") != thinking_id(LONG + "!", "4")


class Blamed(Model):
    """A model that remembers which servers it was told of."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.told = list[str]()

    def blame(self, server: str, reason: str) -> None:
        self.told.append(server)


@pytest.mark.slow
def test_a_repeated_thinking_is_rated_once_and_dropped_with_its_reason(tmp_path: Path) -> None:
    """Eight draws of which four say the same: five draws, one of them right."""

    def respond(request: Request) -> Said:
        index = seeds.setdefault(request.seed, len(seeds))
        if index >= 4:
            return Completion(f"The answer is {index}.", "stop", "fake", reasoning=f"{index} {LONG}")
        return Completion("The answer is 4.", "stop", "fake", reasoning=LONG)

    seeds: dict[int | None, int] = {}
    config = settings(
        tmp_path,
        [verifiable("What is 1 + 4?", "4")],
        lanes=["verifiable"],
        generate={"n": 8},
        diversify={"rewrites": 0.0},
        rate={"unsolved_prior": 0.0},
    )
    model = Blamed(respond)
    run = ran(config, model)
    assert model.told == ["fake"] * 3
    answers = {a.answer_id: a for a in run.rows("answers")}
    same = sorted((a for a in answers.values() if a.raw_thinking == LONG), key=lambda a: a.index)
    assert {a.thinking_id for a in same} == {same[0].thinking_id} != {None}
    [rating] = run.rows("ratings")
    assert (rating.n, rating.passes, rating.fails) == (5, 2, 3)
    assert rating.duplicates == 3
    dropped = {row.answer_id: row.reason for row in run.rows("dropped")}
    assert {dropped[a.answer_id] for a in same[1:]} == {
        f"the same long thinking as answer {same[0].answer_id}"
    }
    found = [row.answer_id for table in ("kept", "dropped", "pending") for row in run.rows(table)]
    assert sorted(found) == sorted(answers)
