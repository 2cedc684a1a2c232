"""Questions are held against the question checks before anything is asked."""

import json

import pytest

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.errors import ConfigError
from datapipe.pipeline import run_stage
from schemas.rows import Quarantined, Question
from tests.support import opened, settings, verifiable

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs

CHECK = '''"""Refuse questions that shout."""

from judges.base import Attempt, check


@check(passes=[Attempt.asking("quiet")], fails={Attempt.asking("LOUD"): "shouts"})
def shouting(attempt: Attempt) -> str | None:
    return "shouts" if attempt.question.isupper() else None
'''


@pytest.fixture
def config(tmp_path):
    rows = [
        {"lane": "non_verifiable", "domain": "d", "prompt": prompt}
        for prompt in ("Say hello.", "SAY HELLO!", "Say \ufffd.")
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "checks" / "questions").mkdir(parents=True)
    (tmp_path / "checks" / "questions" / "shouting.py").write_text(CHECK)
    return RunConfig.model_validate(
        {
            "name": "t",
            "store": str(tmp_path),
            "input": {"questions": [str(tmp_path / "q.jsonl")]},
            "generate": {"backend": "fake"},
            "judge": {"backend": "fake"},
            "workers": {"size": 1},
        }
    )


def test_refused_questions_are_quarantined_with_check_and_reason(config, tmp_path):
    with_own = config.model_copy(
        update={"screen": config.screen.model_copy(update={"folders": [str(tmp_path / "checks")]})}
    )
    for configured, bad in (
        (config, {3: "garbled: 1 broken character"}),
        (with_own, {2: "shouting: shouts"}),
    ):
        with Context(configured) as ctx:
            run_stage(ctx, "seeds")
            taken = [q.line for q in ctx.run.read("seeds", Question, "non_verifiable")]
            refused = {q.line: q.reason for q in ctx.run.read("quarantine", Quarantined, "non_verifiable")}
        assert refused.items() >= bad.items()
        assert sorted([*taken, *refused]) == [1, 2, 3]
    assert refused[3] == "garbled: 1 broken character"
    assert taken == [1]


def test_a_refused_question_says_nothing_of_its_reference(tmp_path):
    """Its gold is tried beside it, and counts for those that are left alone."""
    broken, bad = "How far, \ufffd?", {"type": "quantity", "answer": "5", "unit": "zorks"}
    rows = [
        verifiable(broken, "4"),
        verifiable("What is 1 + 3?", "4"),
        verifiable("What is 2 + 2?", "4"),
        verifiable(broken, "9"),
        verifiable(broken, "?", reference=bad),
        verifiable("How far?", "?", reference=bad),
        verifiable(f"{broken} Why?", "?", reference={**bad, "answer": "6"}),
    ]
    with opened(settings(tmp_path, rows, lanes=["verifiable"])) as ctx:
        submit, jobs = ctx.pool.submit, []
        ctx.pool.submit = lambda given: (jobs.extend(given), submit(given))[1]
        run_stage(ctx, "seeds")
        refused = {q.line: q.reason for q in ctx.run.read("quarantine", Quarantined, "verifiable")}
        golds = ctx.run.manifest("quarantine", "verifiable").entries()["part-00000"].counts
    assert {line: why.partition(":")[0] for line, why in refused.items()} == {
        1: "garbled",
        4: "garbled",
        5: "garbled",
        6: "reference",
        7: "garbled",
    }
    told = {name.removeprefix("selftest."): n for name, n in golds.items() if "gold" in name}
    assert told.items() >= {"math.golds": 1, "quantity.golds": 1, "quantity.golds_refused": 1}.items()
    assert len([job for job in jobs if "garbled" in job.checks]) == len(rows)
    assert sum(name.endswith("/gold") for job in jobs for name in job.checks) == 4


def test_a_sample_that_is_settled_late_stops_the_run_before_its_questions_are_read(tmp_path, monkeypatch):
    """The mark that says they are is the last to be written."""
    with opened(settings(tmp_path, [verifiable("What is 1 + 3?", "4")], lanes=["verifiable"])) as ctx:
        ctx.pool.lose = lambda name, _: name.endswith(("/selftest", "/attack"))
        for _ in range(2):
            with pytest.raises(ConfigError, match="cannot work here"):
                run_stage(ctx, "seeds")
            assert ctx.run.parts("quarantine", "verifiable") == []
        ctx.pool.lose = lambda *_: False
        run_stage(ctx, "seeds")
        assert ctx.run.rows("seeds", "verifiable") == 1
