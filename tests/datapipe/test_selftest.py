"""The gate before a run: references that their verifier does not take, and verifiers that take too much."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datapipe.errors import ConfigError
from datapipe.pipeline import drive
from datapipe.selfchecks import counts_of, selfchecks
from datapipe.selftest_rates import selftest_rows
from judges.base import Attempt, Check, Outage, Unscored
from judges.catalog import catalog
from judges.sandbox import Sandbox, SandboxUnavailable
from schemas.rows import Quarantined
from tests.support import Model, in_turn, opened, ran, settings, verifiable

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
    assert "rewrite the reference" in refused.reason
    assert len(model.asked) == 2 * 2
    assert all(line.gap == 0 for line in said.lines)


def test_rates_with_n_and_interval_stand_in_manifest_and_card(tmp_path: Path) -> None:
    said = run(tmp_path, [verifiable("What is 1 + 3?", "4"), verifiable("What is 2 + 3?", "5")])
    rows = json.loads((said.version / "manifest.json").read_text())["selftest"]
    assert rows == selftest_rows(said.folder)
    found = {row["what"]: row for row in rows}
    assert {"gold_refused", "false_fail", "false_pass", "attack: hedged_finals"} <= set(found)
    assert found["gold_refused"]["n"] == 2
    assert not {"untold", "gold_untried"} & set(found)
    assert found["false_pass"] == {**found["false_pass"], "type": "math", "hits": 0, "rate": 0.0, "low": 0.0}
    assert found["false_pass"]["n"] >= 4
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


TESTED = {"type": "code", "entry_point": "f"}
GOOD = {"type": "quantity", "answer": "5", "unit": "km"}


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (GOOD | {"answer": "x", "unit": "m"}, "no number in 'x'"),
        (GOOD | {"unit": "zorks"}, "no unit: 'zorks'"),
        (GOOD | {"answer": "nan"}, "no number in 'nan'"),
        (GOOD | {"answer": "5 km", "unit": "m"}, "two units: '5 km' and 'm'"),
        ({"type": "json", "schema": {"$ref": "#"}}, "the schema refers to itself without end"),
        ({"type": "json", "schema": {"type": "object"}, "answer": [1]}, "[1] is not of type 'object'"),
        (TESTED | {"tests": "def check(c): pass"}, "no answer can be ruled on: the tests do not run"),
        (TESTED | {"tests": "import nowhere\ndef check(c): c(1)"}, "No module named 'nowhere'"),
        (TESTED | {"tests": "def chek(c): c(1)"}, "reference: tests: define no `check(candidate)`"),
    ],
)
def test_a_reference_that_could_rule_on_no_answer_is_not_asked(
    tmp_path: Path, reference: dict[str, Any], why: str
) -> None:
    model = Model()
    rows = [verifiable("Which?", "?", reference=reference), verifiable("How far?", "?", reference=GOOD)]
    said = run(tmp_path, rows, model, selftest={"sample": 0, "attacked": 0})
    if not said.rows("quarantine") and any(
        row["what"] == "gold_untried" for row in selftest_rows(said.folder)
    ):
        pytest.skip("no program can be run here")
    (refused,) = said.rows("quarantine")
    assert (refused.line, why in refused.reason) == (1, True), refused.reason
    assert {str(request.messages) for request in model.asked} == {
        str(request.messages) for request in model.asked if "How far?" in str(request.messages)
    }


def gated(
    folder: Path, row: Any, said: Callable[[Any], Any], lose: str = "?"
) -> tuple[list[Any], dict[str, Any]]:
    """What is refused, and the gate's rows, where a worker says this of a gold, or loses these checks."""
    with opened(settings(folder, [row], lanes=["verifiable"])) as ctx:
        checks = ctx.pool.checks  # type: ignore[attr-defined]
        checks["math/gold"] = replace(checks["math/gold"], fn=said)
        ctx.pool.lose = lambda name, _: name.endswith(lose)  # type: ignore[attr-defined]
        drive(ctx, in_turn(ctx))
        refused = list(ctx.run.read("quarantine", Quarantined, "verifiable"))
        return refused, {row["what"]: (row["hits"], row["n"]) for row in selftest_rows(ctx.run)}


def raising(error: Exception) -> Callable[[Any], Any]:
    def says(_: Attempt) -> None:
        raise error

    return says


def test_a_deadline_is_no_word_for_a_gold_and_an_outage_none_against_it(tmp_path: Path) -> None:
    row = verifiable("What is 1 + 3?", "4")
    (refused,), rows = gated(tmp_path / "a", row, raising(Unscored("deadline of 5 s")))
    assert "(deadline of 5 s)" in refused.reason
    assert rows == {"gold_refused": (1, 1)}
    refused, rows = gated(tmp_path / "b", row, raising(Outage("deadline of 20 s by the clock")))
    assert (refused, rows["gold_untried"], "gold_refused" in rows) == ([], (1, 1), False)


def test_what_could_not_be_tried_has_rows_of_its_own(tmp_path: Path) -> None:
    both = [{"id": "punctuation:no_comma"}, {"id": "datapipe:contains", "kwargs": {"texts": ["a, b"]}}]
    row = verifiable("Write.", "?", reference={"type": "instruction", "constraints": both})
    refused, rows = gated(tmp_path, row, raising(Unscored("?")), "/attack")
    assert (refused, rows["gold_untried"], rows["untold"]) == ([], (1, 1), (1, 2))
    assert "gold_refused" not in rows


def test_rates_are_of_what_was_ruled_on_and_a_near_miss_is_one_however_it_is_stated() -> None:
    reference = {"type": "math", "answer": "4"}
    made = catalog()["math"]
    assert isinstance(made, Check)
    made = replace(
        made,
        near_misses=lambda _: ["5", "5", "6", "never mind"],
        equivalents=lambda _: ["4", "who knows", "3"],
    )
    told = selfchecks({"math": made})["math/selftest"].judge(Attempt.asking("?", reference))
    right = {"rights": 2, "rights_failed": 1, "rights_unscored": 1}
    assert counts_of(told) == right | {"wrongs": 2, "wrongs_passed": 0, "wrongs_unscored": 1}


def test_ratings_believe_what_the_self_test_measured(tmp_path: Path) -> None:
    rows = [verifiable(f"What is {n} + 3?", str(n + 3)) for n in range(20)]
    said = run(tmp_path, rows, rate={"false_pass": 0.1})
    (measured,) = [row for row in selftest_rows(said.folder) if row["what"] == "false_pass"]
    assert (measured["hits"], measured["n"] > 50) == (0, True)
    (believed,) = {row.false_pass for row in said.rows("ratings")}
    assert believed == pytest.approx(0.1 * 100 / (measured["n"] + 100))
    unmeasured = run(tmp_path / "b", rows, rate={"false_pass": 0.1}, selftest={"sample": 0, "attacked": 0})
    assert {row.false_pass for row in unmeasured.rows("ratings")} == {0.1}
