"""What fools a verifier is found, and what does not is no exploit."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from datapipe.attacks import NAMES, attacks
from datapipe.cli import app
from judges.base import Attempt
from tests.support import write_jsonl

ANY = '''"""Take any response that holds the answer."""

from judges.base import Attempt, check
from schemas.references import QuantityReference

_ONE = {"type": "quantity", "answer": "1", "unit": "m"}


@check(passes=[Attempt.of("1", _ONE)], fails={Attempt.of("2", _ONE): "no"})
def holds(attempt: Attempt) -> str | None:
    return None if attempt.expected(QuantityReference).answer in attempt.response else "no"


def near_misses(reference):
    return ["7654"]
'''


def test_every_attack_is_made_of_a_wrong_answer_and_none_is_bare_gold() -> None:
    reference = Attempt.of("", {"type": "choice", "answer": "B", "options": ["red", "blue"]}).reference
    assert reference is not None
    made = list(attacks("Which?", reference, ["B"], ["A"]))
    assert {name for name, _ in made} == {*NAMES} - {"changed_around"}
    assert not {"B", "\\boxed{B}", "blue"} & {text for _, text in made}


def test_programs_that_read_their_tests_are_made_for_code() -> None:
    reference = Attempt.of(
        "", {"type": "code", "entry_point": "add", "cases": [{"input": [1], "output": 2}]}
    ).reference
    assert reference is not None
    made = dict(attacks("Write add.", reference, [], []))
    assert {"code_exit", "code_reads_frames", "code_equal_to_all"} <= set(made)
    for text in made.values():
        compile(text.removeprefix("```python\n").removesuffix("```"), "attack", "exec")


@pytest.mark.slow
def test_the_command_tells_rates_and_fails_above_one_in_a_hundred(tmp_path: Path) -> None:
    (tmp_path / "verifiers").mkdir()
    (tmp_path / "verifiers" / "holds.py").write_text(ANY)
    row = {"prompt": "How long?", "reference": {"type": "quantity", "answer": "12", "unit": "m"}}
    bad = {"reference": {"type": "text", "answer": ""}}
    rows = write_jsonl(tmp_path / "q.jsonl", [row, {"prompt": "no reference"}, bad])
    text = CliRunner().invoke(app, ["attack", "text", "--json"])
    assert text.exit_code == 0
    assert {row["attack"] for row in json.loads(text.stdout)} == {*NAMES, "all"} - {"all_options"}
    fooled = CliRunner().invoke(app, ["attack", "holds", "--folder", str(tmp_path), "--json"])
    assert fooled.exit_code == 1
    rates = {row["attack"]: row for row in json.loads(fooled.stdout)}
    assert rates["hedged_finals"]["rate"] == 1.0
    assert rates["hedged_finals"]["low"] > 0.01
    assert rates["empty_thinking"]["hits"] == 0
    none = CliRunner().invoke(app, ["attack", "text", "--questions", str(rows)])
    assert none.exit_code == 3
    assert "holds no question whose reference is of type 'text'" in none.stderr
    assert "q.jsonl: line 3: reference: text.answer: String should have at least 1 character" in none.stderr
