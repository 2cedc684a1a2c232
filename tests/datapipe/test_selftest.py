"""The gate before a run: references that their verifier does not take, and verifiers that take too much."""

import json
from pathlib import Path
from typing import Any

import pytest

from datapipe.errors import ConfigError
from datapipe.selftest_rates import selftest_rows
from judges.base import Check
from judges.catalog import catalog
from judges.sandbox import Sandbox, SandboxUnavailable
from schemas.rows import Quarantined
from tests.support import Model, ran, settings, verifiable

pytestmark = pytest.mark.slow
LOGIC = {
    "type": "logic",
    "task": "chain_sum",
    "entry": {"question": "4 + 3 =", "answer": "7", "metadata": {}},
}


def run(folder: Path, rows: list[Any], model: Model | None = None, **more: Any) -> Any:
    return ran(settings(folder, rows, lanes=["verifiable"], **more), model)


def test_a_gold_that_its_verifier_does_not_take_is_quarantined_unasked(tmp_path: Path) -> None:
    pytest.importorskip("reasoning_gym")
    bad = {**LOGIC, "task": "countdown"}
    rows = [
        verifiable("What is 1 + 3?", "4"),
        verifiable("Play.", "?", reference=bad),
        verifiable("Add.", "7"),
    ]
    rows[2]["reference"] = LOGIC
    model = Model()
    said = run(tmp_path, rows, model)
    (refused,) = said.rows("quarantine")
    assert isinstance(refused, Quarantined)
    assert (refused.line, Path(refused.file).name) == (2, "questions.jsonl")
    assert refused.reason.startswith(
        "reference: its verifier 'logic' does not take it as an answer to itself"
    )
    assert "gives 0.01 to ''" in refused.reason
    assert "rewrite the answer" in refused.reason
    assert len(model.asked) == 2 * 2
    assert all(line.gap == 0 for line in said.lines)


def test_rates_with_n_and_interval_stand_in_manifest_and_card(tmp_path: Path) -> None:
    said = run(tmp_path, [verifiable("What is 1 + 3?", "4"), verifiable("What is 2 + 3?", "5")])
    rows = json.loads((said.version / "manifest.json").read_text())["selftest"]
    assert rows == selftest_rows(said.folder)
    found = {row["what"]: row for row in rows}
    assert {"gold_refused", "false_fail", "false_pass", "attack: hedged_finals"} <= set(found)
    assert found["gold_refused"]["n"] == 2
    assert found["false_pass"] == {**found["false_pass"], "type": "math", "hits": 0, "rate": 0.0, "low": 0.0}
    assert found["false_pass"]["n"] >= 8
    assert 0 < found["false_pass"]["high"] < 1
    assert "| math | false" in (said.version / "README.md").read_text()


def test_a_verifier_that_passes_wrong_answers_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = catalog()["math"]
    assert isinstance(made, Check)
    object.__setattr__(made, "fn", lambda attempt, **_: None)
    monkeypatch.setattr("datapipe.context.catalog", lambda *_: {"math": made})
    model, rows = Model(), [verifiable("What is 1 + 3?", "4")]
    with pytest.raises(
        ConfigError, match=r"verifier 'math' passed (\d+) of \1 wrong answers.*'5' for.*asked"
    ):
        run(tmp_path, rows, model)
    assert model.asked == []
    run(tmp_path, rows, model, selftest={"false_passes": 1.0})
    assert model.asked != []


def test_a_verifier_that_lacks_its_package_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judges.base.installed", lambda name: None)
    model = Model()
    with pytest.raises(ConfigError, match=r"pip install reasoning-datapipe\[logic\]"):
        run(tmp_path, [verifiable("Add.", "7", reference=LOGIC)], model)
    assert model.asked == []


def test_where_no_program_can_be_run_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_works() -> Sandbox:
        raise SandboxUnavailable("no sandbox works on this machine, so no program is run")

    monkeypatch.setattr("judges.verifiers.code.borrowed", none_works)
    model = Model()
    reference = {"type": "code", "entry_point": "f", "cases": [{"input": [1], "output": 2}]}
    rows = [verifiable("Write f.", "?", reference=reference)]
    with pytest.raises(ConfigError, match="verifier 'code' cannot work here: no sandbox works"):
        run(tmp_path, rows, model)
    assert model.asked == []


def test_ratings_believe_what_the_self_test_measured(tmp_path: Path) -> None:
    rows = [verifiable(f"What is {n} + 3?", str(n + 3)) for n in range(20)]
    said = run(tmp_path, rows, rate={"false_pass": 0.1})
    (measured,) = [row for row in selftest_rows(said.folder) if row["what"] == "false_pass"]
    assert (measured["hits"], measured["n"] > 100) == (0, True)
    (believed,) = {row.false_pass for row in said.rows("ratings")}
    assert believed == pytest.approx(0.1 * 100 / (measured["n"] + 100))
    unmeasured = run(tmp_path / "b", rows, rate={"false_pass": 0.1}, selftest={"sample": 0, "attacked": 0})
    assert {row.false_pass for row in unmeasured.rows("ratings")} == {0.1}
