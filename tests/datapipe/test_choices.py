"""Several draws in one request are those that would have come one by one."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datapipe.asking import seed_of
from datapipe.backends.base import Completion, Request, Transient
from datapipe.backends.fake import Said
from datapipe.choices import missing, requests_of, told
from datapipe.config import RunConfig
from datapipe.owed import Due
from datapipe.progress import Progress
from schemas.ids import MAX_SEED, content_id, seed
from schemas.rows import Message, Question
from tests.datapipe.asked import asked, failed, request
from tests.stub_server import completion, ok, says
from tests.support import Model, ran, settings, verifiable

ROWS = [verifiable("What is 1 + 3?", "4"), verifiable("Compute 2 + 0.", "2")]


def config(folder: Path, **generate: Any) -> RunConfig:
    return settings(folder, ROWS, lanes=["verifiable"], generate=generate, diversify={"rewrites": 0.0})


def questions() -> list[Question]:
    return [
        Question(
            question_id=name, lane="verifiable", domain="d", messages=[Message(role="user", content=name)],
            format="plain", source="s", file="f", line=1,
        )
        for name in ("a", "b")
    ]  # fmt: skip


def grouped(config: RunConfig, without: Iterable[int] = ()) -> list[Request]:
    owed = Due(config, "p").all(questions())
    return list(
        requests_of(config, {key: each for key, each in owed.items() if each[1].index not in without})
    )


def reply(*choices: Any, tokens: int = 100, **more: Any) -> dict[str, Any]:
    """A reply of these contents, or choices as they are."""
    made = [
        each
        if isinstance(each, dict) or each is None
        else {"index": place, "message": {"role": "assistant", "content": each}, "finish_reason": "stop"}
        for place, each in enumerate(choices)
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": tokens}
    return {**completion(), "choices": made, "usage": usage, **more}


def three() -> Request:
    return request(id="r0", also=("r1", "r2"), max_tokens=50)


def test_one_choice_a_request_is_what_it_always_was(tmp_path: Path) -> None:
    plain = grouped(config(tmp_path, n=3))
    assert [each.also for each in plain] == [()] * 6
    assert [each.seed for each in plain] == [seed(0, name, index) for name in "ab" for index in range(3)]


def test_groups_start_at_multiples_and_end_where_something_is_not_owed(tmp_path: Path) -> None:
    sizes = [(each.affinity, each.choices) for each in grouped(config(tmp_path, n=6, choices=4))]
    assert sizes == [("a", 4), ("a", 2), ("b", 4), ("b", 2)]
    holes = grouped(config(tmp_path, n=6, choices=4), without=(1, 4))
    assert [each.choices for each in holes if each.affinity == "a"] == [1, 2, 1]


def test_an_index_has_one_seed_whatever_it_is_asked_with(tmp_path: Path) -> None:
    def seeds(found: list[Request]) -> dict[str, int | None]:
        singles = (each.single(place) for each in found for place in range(each.choices))
        return {each.id: each.seed for each in singles}

    whole = seeds(grouped(config(tmp_path, n=8, choices=4)))
    assert len(set(whole.values())) == 16
    assert seeds(grouped(config(tmp_path, n=8, choices=4), without=(1, 6))).items() <= whole.items()


def test_no_seed_is_larger_than_servers_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.asking.seed", lambda *_: MAX_SEED)
    with_four = config(tmp_path, choices=4)
    assert [seed_of(with_four, "q", index) for index in range(4)] == [MAX_SEED - 3 + i for i in range(4)]
    assert seed_of(config(tmp_path), "q", 3) == MAX_SEED


def test_n_is_sent_and_choices_are_told_apart_by_their_index() -> None:
    got, server = asked(says(reply("x", "y", "z")), req=three())
    assert server.bodies[0]["n"] == 3
    backwards = {**reply("x", "y", "z"), "choices": reply("x", "y", "z")["choices"][::-1]}
    got, _ = asked(says(backwards), req=three())
    found = {single.id: said.content for single, said in told(three(), got) if isinstance(said, Completion)}
    assert found == {"r0": "x", "r1": "y", "r2": "z"}
    assert {single.seed for single, _ in told(three(), got)} == {5, 6, 7}


def test_one_choice_does_not_send_n() -> None:
    _, server = asked(ok())
    assert "n" not in server.bodies[0]


@pytest.mark.parametrize(
    ("choices", "left"),
    [
        (("x",), ["r1", "r2"]),
        (("x", None, "z"), ["r1"]),
        (("x", {"index": 1, "message": {}}, "z"), ["r1"]),
        (({"index": 2, "message": {"content": "z"}},), ["r0", "r1"]),
        (("x", {"index": 0, "message": {"content": "again"}}, "z"), ["r1"]),
        (("x", {"index": 1, "message": {"content": "y"}, "finish_reason": "abort"}, "z"), ["r1"]),
        (("x", "y", "z", "more"), []),
    ],
)
def test_what_is_good_is_kept_and_only_what_is_missing_left(
    choices: tuple[Any, ...], left: list[str]
) -> None:
    got, _ = asked(says(reply(*choices)), req=three())
    assert [each.id for each in missing(three(), got)] == left
    assert {single.id for single, _ in told(three(), got)} == {"r0", "r1", "r2"} - {*left}
    assert all(not each.also for each in missing(three(), got))
    assert "again" not in {said.content for said in got.every}


def test_too_few_and_too_many_are_told() -> None:
    few, _ = asked(says(reply("x")), req=three())
    many, _ = asked(says(reply(*"wxyz")), req=three())
    one, _ = asked(says(reply(*"xy")))
    assert [*few.flaws, *many.flaws, *one.flaws] == [
        "1 choices where 3 were asked for",
        "4 choices where 3 were asked for",
        "2 choices where 1 was asked for",
    ]
    assert (one.content, one.also) == ("x", ())


def test_no_choice_that_can_be_used_is_a_failed_try() -> None:
    assert isinstance(failed(says(reply(None, None, None)), req=three()), Transient)
    far = {"index": 9, "message": {"content": "x"}}
    assert "no choice can be used: " in str(failed(says(reply(far)), req=three()))


def test_tokens_of_all_choices_are_shared_out_and_add_up() -> None:
    cut = {"index": 1, "message": {"content": "y"}, "finish_reason": "length"}
    got, _ = asked(says(reply("x" * 9, cut, "z" * 29, tokens=130)), req=three())
    assert [each.completion_tokens for each in got.every] == [20, 50, 60]
    assert got.tokens_out == 130
    uncounted, _ = asked(says({**reply("x", "y", "z"), "usage": None}), req=three())
    assert [each.completion_tokens for each in uncounted.every] == [None] * 3


@pytest.mark.slow
def test_the_answers_are_those_that_single_requests_bring(tmp_path: Path) -> None:
    """The fake model answers by seed: in groups, with some choices missing, all is as it was one by one."""
    dropped = list[str]()

    class Forgetful(Model):
        async def complete(self, request: Request) -> Completion:
            said = await super().complete(request)
            if request.also and len(dropped) < 2:
                dropped.append(request.single(said.also[-1].place).id)
                return replace(said, also=said.also[:-1])
            return said

    run = ran(config(tmp_path, n=8, choices=4), model := Forgetful())
    assert [request.choices for request in model.asked] == [4, 4, 4, 4, 1, 1]
    assert [request.id for request in model.asked[-2:]] == dropped
    answers = run.rows("answers")
    assert sorted((a.question_id, a.index) for a in answers) == sorted(
        {(a.question_id, index) for a in answers for index in range(8)}
    )
    alone = Model()
    again = ran(config(tmp_path / "b", n=8, choices=4), Alone(alone))
    assert {(a.request_id, a.seed, a.raw) for a in again.rows("answers")} == {
        (a.request_id, a.seed, a.raw) for a in answers
    }
    assert {request.choices for request in alone.asked} == {1}


class Alone(Model):
    """A model that brings one choice only, whatever is asked for."""

    def __init__(self, inner: Model) -> None:
        super().__init__()
        self.inner = inner

    async def complete(self, request: Request) -> Completion:
        return await self.inner.complete(request.single(0))


@pytest.mark.slow
def test_a_request_that_fails_fails_for_each_of_its_draws(tmp_path: Path) -> None:
    def respond(request: Request) -> Said:
        return Transient("down") if content_id("x", request.affinity)[0] < "8" else "The answer is 4."

    run = ran(config(tmp_path, n=4, choices=4, give_up_after=1), Model(respond))
    failures = run.rows("failures")
    assert len(failures) + len(run.rows("answers")) == 8
    assert len({row.unit_id for row in failures}) == len(failures)


@pytest.mark.slow
def test_answers_and_not_requests_are_counted_as_done(tmp_path: Path) -> None:
    progress = Progress()
    model = Model(lambda _: Completion("The answer is 4.", "stop", "s", completion_tokens=5))
    run = ran(config(tmp_path, n=8, choices=4), model, progress=progress)
    assert [request.choices for request in model.asked] == [4] * 4
    stage = progress.stages["answer"]
    assert (stage.done, stage.owed, progress.answers, progress.tokens) == (16, 16, 16, 80)
    assert sum(answer.completion_tokens or 0 for answer in run.rows("answers")) == 80
