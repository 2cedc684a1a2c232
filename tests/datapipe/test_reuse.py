"""Whatever is asked for next, what was answered stays as it was and is asked no more."""

from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from schemas.rows import Answer
from tests.support import Model, ran, settings

pytestmark = pytest.mark.slow  # takes whole runs

CHANGES: list[dict[str, Any]] = [
    {"n": 4},
    {"model": "other"},
    {"max_tokens": 4_096},
    {"sampling": {"temperature": 0.5}},
    {"n": 5, "max_tokens": 4_096},
    {"n": 1},
]


def rows(run: Any) -> dict[str, Answer]:
    return {row.answer_id: row for row in run.rows("answers")}


def test_no_change_of_what_is_asked_touches_what_was_answered(tmp_path: Path) -> None:
    models = [Model() for _ in range(len(CHANGES) + 1)]
    before = rows(ran(settings(tmp_path), models[0]))
    for change, model in zip(CHANGES, models[1:], strict=True):
        after = rows(ran(settings(tmp_path, generate=change), model))
        assert {key: after[key] for key in before} == before
        assert len(after) - len(before) == len(model.ids("generator"))
        before = after
    asked = list(chain.from_iterable(model.ids("generator") for model in models))
    assert len({*asked}) == len(asked)
    assert len(models[2].asked) > 0
    assert models[3].ids("generator") == models[6].ids("generator") == []


@pytest.mark.parametrize("change", CHANGES)
def test_what_stands_in_a_journal_alone_is_kept_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    model = Model()
    with monkeypatch.context() as patch:
        patch.setattr("datapipe.answer._Work.commit", lambda self: pytest.exit("killed"))
        with pytest.raises(pytest.exit.Exception):
            ran(settings(tmp_path), model)
    paid = {request.id for request in model.asked}
    after = ran(settings(tmp_path, generate=change))
    assert paid
    assert paid & {request.id for request in after.model.asked} == set()
    assert paid <= {row.request_id for row in rows(after).values()}
