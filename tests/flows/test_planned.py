"""A flow counts stages as planned that a shard goes through again, so that its bar never passes its end."""

from pathlib import Path

import pytest

from datapipe.pipeline import drive
from flows.tasks import Tasks
from schemas.rows import Round
from tests.datapipe.drawn import in_rounds, model
from tests.support import opened

pytestmark = pytest.mark.flow


def test_rounds_and_harvests_are_planned_as_they_are_asked_for(tmp_path: Path) -> None:
    spend = {"first": 2, "step": 2, "most": 6, "hard": 6, "harvest": 2, "target": {"hard": 9, "medium": 9}}
    config, answers = in_rounds(tmp_path, 6, spend), model(dict.fromkeys(range(1, 7), 0.4))
    with opened(config, answers) as ctx, Tasks(ctx) as tasks:
        tasks.lost.set()  # past Prefect
        drive(ctx, tasks.submit)
        once = 2 + 4 * 2 + 2 + 2
        assert tasks.done == tasks.planned > once
        assert {row.purpose for row in ctx.run.read("rounds", Round, "verifiable")} == {"rate", "harvest"}
