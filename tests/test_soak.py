"""Servers that misbehave and die, a run that is killed again and again: nothing is lost, nothing twice."""

from pathlib import Path

import pytest

from tests.soak_checks import faults_of
from tests.soaking import Soak
from tests.support import verifiable, write_jsonl

QUESTIONS, DRAWS, KILLS = 400, 4, 3


@pytest.mark.slow
def test_a_soaked_run_ends_with_every_answer_once(tmp_path: Path) -> None:
    rows = [
        verifiable(f"What is {1000 + number} + {7 * number}?", str(1000 + 8 * number))
        for number in range(QUESTIONS)
    ]
    soak = Soak(tmp_path, write_jsonl(tmp_path / "questions.jsonl", rows), DRAWS, KILLS)
    found = soak.run()
    assert found.faults == [], str(found)
    assert found.answers > 0.95 * QUESTIONS * DRAWS, str(found)
    assert found.kills > 1, str(found)
    assert found.asked > found.answers
    assert 0 < found.stored < found.answers
    more = soak.config.model_copy(
        update={"generate": soak.config.generate.model_copy(update={"n": DRAWS + 1})}
    )
    assert f"{QUESTIONS} requests have neither an answer nor a reason" in list(faults_of(more))
