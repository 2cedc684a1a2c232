"""What fools a verifier is found, and what does not is no exploit."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from datapipe.attack_targets import bundled
from datapipe.attacks import NAMES, attacks
from datapipe.cli import app
from datapipe.selfchecks import rights
from judges.base import Attempt, Check
from judges.catalog import catalog
from schemas.references import parse_reference
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


@pytest.mark.parametrize("name", ["math", "choice", "text", "quantity", "json", "instruction", "logic"])
def test_no_text_is_tried_twice_on_a_reference(name: str) -> None:
    check = catalog()[name]
    assert isinstance(check, Check)
    for target in bundled(check):
        assert target.reference is not None
        misses = check.near_misses(target.reference) if check.near_misses else []
        made = [
            text for _, text in attacks("Which?", target.reference, rights(check, target.reference), misses)
        ]
        assert len(made) == len(set(made))


def whole(reference: dict[str, Any]) -> dict[str, list[str]]:
    check, made = catalog()[reference["type"]], defaultdict(list)
    parsed = parse_reference(reference)
    assert isinstance(check, Check)
    assert check.near_misses is not None
    for name, text in attacks("Write it.", parsed, rights(check, parsed), check.near_misses(parsed)):
        assert check.judge(Attempt.of(text, parsed)).outcome != "pass", text
        made[name].append(text)
    return made


def test_json_is_attacked_by_what_looks_like_it() -> None:
    names = {"beside_text", "commented", "two_values", "not_finite", "key_twice", "thought"}
    free = whole({"type": "json", "schema": {"type": "object", "required": ["n"]}})
    assert set(free) == {f"json_{name}" for name in names}
    assert '{"n": 0, "n": null}' in free["json_key_twice"]
    bound = whole({"type": "json", "schema": {"type": "object"}, "answer": {"n": [1, "a", True, None]}})
    assert set(bound) == {f"json_{name}" for name in names | {"shaped", "schema_echoed"}}
    assert '{"n": [2, "a x", false, null]}' in bound["json_shaped"]


def test_instructions_are_attacked_by_their_own_words() -> None:
    cat = {"id": "keywords:existence", "kwargs": {"keywords": ["cat"]}}
    few = {"id": "length_constraints:number_words", "kwargs": {"relation": "less than", "num_words": 5}}
    made = whole({"type": "instruction", "constraints": [cat, few]})
    assert set(made) == {
        f"instruction_{name}"
        for name in ("prompt_echoed", "constraint_echoed", "keyword_spam", "promised", "thought")
    }
    assert " ".join(["cat"] * 20) in made["instruction_keyword_spam"]


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
