"""Questions are held against the question checks before anything is asked."""

import json

import pytest

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.pipeline import run_stage
from schemas.rows import Quarantined, Question

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
    for settings, bad in ((config, {3: "garbled: 1 broken character"}), (with_own, {2: "shouting: shouts"})):
        with Context(settings) as ctx:
            run_stage(ctx, "seeds")
            taken = [q.line for q in ctx.run.read("seeds", Question, "non_verifiable")]
            refused = {q.line: q.reason for q in ctx.run.read("quarantine", Quarantined, "non_verifiable")}
        assert refused.items() >= bad.items()
        assert sorted([*taken, *refused]) == [1, 2, 3]
    assert refused[3] == "garbled: 1 broken character"
    assert taken == [1]
