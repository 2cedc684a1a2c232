"""Answers cluster by their verifier's word, and speak against a reference with their evidence."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from datapipe.config import RunConfig
from datapipe.pipeline import drive
from datapipe.query import connect
from datapipe.same import TRIES
from datapipe.suspects import both, doubt
from datapipe.workers import Job
from schemas.rows import Cluster, Suspect
from tests.support import Ran, in_turn, opened, ran, settings, verifiable, write_jsonl

QUESTION = verifiable("What is 1 + 3?", "5")
ONE, TWO = "org/alpha-7B", "beta"


def said(model: str, *finals: str) -> list[dict[str, str]]:
    return [
        {"text": f"Way {place}.\nThe answer is {final}.", "model": model}
        for place, final in enumerate(finals)
    ]


def given(folder: Path, answers: Sequence[Any], row: Any = QUESTION, **more: Any) -> RunConfig:
    """One question and these answers; the first model steers."""
    questions = write_jsonl(folder / "q.jsonl", [row])
    replies = write_jsonl(folder / "r.jsonl", [{"prompt": row["prompt"], "answers": list(answers)}])
    files = {"questions": [str(questions)], "recorded": [str(replies)]}
    base: dict[str, Any] = {"lanes": ["verifiable"], "rate": {"steer": ONE}, "diversify": {"rewrites": 0.0}}
    return settings(folder, input=files, **{**base, **more})


def recorded(folder: Path, answers: Sequence[Any], row: Any = QUESTION, **more: Any) -> Ran:
    """A run over `given`."""
    return ran(given(folder, answers, row, **more))


def suspect(run: Ran, model: str = ONE) -> Suspect | None:
    names = {row.policy_id: row.model for row in run.rows("policies")}
    found = [row for row in run.rows("suspects") if names[row.policy_id] == model]
    return found[0] if found else None


@pytest.mark.slow
def test_clusters_are_by_equivalence_and_not_by_text(tmp_path: Path) -> None:
    run = recorded(tmp_path, said(ONE, "1/2", "0.5", "\\frac{2}{4}", "3", "5", "5.0", "7", "7"))
    clusters = {row.answer: (row.gold, row.count, row.share) for row in run.rows("clusters")}
    assert clusters.pop("5") == (True, 2, 0.25)
    assert sorted(clusters.values()) == [(False, 1, 0.125), (False, 2, 0.25), (False, 3, 0.375)]
    assert [row.majority_share for row in run.rows("ratings")] == [0.375]


@pytest.mark.slow
def test_policies_share_clusters_and_are_counted_apart(tmp_path: Path) -> None:
    run = recorded(tmp_path, [*said(ONE, "4", "4", "5"), *said(TWO, "4.0", "9")])
    with connect([run.path]) as db:
        rows = db.execute("SELECT model, cluster, answer, count, gold FROM clusters ORDER BY ALL").fetchall()
    assert rows == [
        (TWO, 0, "4", 1, False),
        (TWO, 2, "9", 1, False),
        (ONE, 0, "4", 2, False),
        (ONE, 1, "5", 1, True),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mine", "theirs", "label"),
    [
        (["4"] * 8, [], "trap_or_hard"),
        (["4"] * 7 + ["5"], ["4"] * 6, "gold_wrong_likely"),
        (["4"] * 6 + ["5"] * 2, ["4"] * 6, "gold_wrong_likely"),
        (["4"] * 8, ["5"] * 5 + ["4"] * 2, "trap_or_hard"),
        (["4"] * 8, ["9"] * 6 + ["4"] * 3, "trap_or_hard"),
        (["4"] * 3 + ["5"] + ["6", "7", "8", "9"], ["4"] * 6, "gold_wrong_likely"),
        (["4"] * 3 + ["5"] + ["6", "7", "8", "9"], ["9"] * 6, None),
        (["4", "4", "6", "7", "8", "9", "10", "11"], [], "ambiguous"),
        (["4"] * 7, ["4"] * 7, None),
        (["4"] * 5 + ["5"] * 3, ["4"] * 8, None),
        (["5"] * 8, ["4"] * 8, None),
    ],
)
def test_triage(tmp_path: Path, mine: list[str], theirs: list[str], label: str | None) -> None:
    found = suspect(recorded(tmp_path, [*said(ONE, *mine), *said(TWO, *theirs)]))
    assert (found.label if found else None) == label
    if found:
        evidence = (found.gold, found.majority, found.scored, found.gold_count, found.majority_count)
        assert evidence == ("5", "4", 8, mine.count("5"), mine.count("4"))
        assert found.probability == doubt(found.gold_count, found.majority_count)
        if theirs:
            second = (found.second, found.second_gold, found.second_majority)
            assert second == (TWO, theirs.count("5"), theirs.count("4"))


@pytest.mark.slow
@pytest.mark.parametrize("gold", ["1/3", "33.3%"])
def test_a_majority_that_looks_like_the_gold_is_the_verifiers_affair(tmp_path: Path, gold: str) -> None:
    run = recorded(tmp_path, said(ONE, *["0.333"] * 8), verifiable("What is a third?", gold))
    found = suspect(run)
    assert found is not None
    assert found.label == "verifier_dispute"
    assert found.reason == f"{gold!r} and '0.333' look the same, but not to the verifier"


@pytest.mark.slow
def test_a_sibling_is_no_second_opinion_unless_the_configuration_says_so(tmp_path: Path) -> None:
    answers = [*said(ONE, *["4"] * 8), *said("alpha-70B", *["4"] * 8)]
    found = suspect(recorded(tmp_path, answers))
    assert found is not None
    assert (found.label, found.second) == ("trap_or_hard", None)
    strangers = {"steer": ONE, "families": {"alpha-70B": "other"}}
    found = suspect(recorded(tmp_path, answers, rate=strangers))
    assert found is not None
    assert found.label == "gold_wrong_likely"


@pytest.mark.slow
def test_right_answers_to_a_reference_that_is_likely_wrong_are_held_back(tmp_path: Path) -> None:
    answers = [*said(ONE, *["4"] * 7, "5"), *said(TWO, *["4"] * 8)]
    run = recorded(tmp_path, answers)
    assert run.rows("kept") == []
    [pending] = run.rows("pending")
    assert pending.reason == "gold_wrong_likely: another model family prefers the same other answer"
    assert [row.reference for row in run.rows("questions")] == ['{"answer":"5","type":"math"}']
    run = recorded(tmp_path, answers, keep={"hold": []})
    assert len(run.rows("kept")) == 1


@pytest.mark.slow
def test_right_answers_that_are_long_are_right(tmp_path: Path) -> None:
    """Verdicts hold no more than 500 characters of a final answer, and none of a program."""
    gold = {"items": [{"name": f"entry number {n}", "value": n} for n in range(12)]}
    row = {**QUESTION, "reference": {"type": "json", "schema": {}, "answer": gold}}
    right, wrong = json.dumps(gold, indent=2), json.dumps(gold | {"more": [1] * 200}, indent=2)
    answers = [
        {"text": text + " " * n, "model": model}
        for model in (ONE, TWO)
        for text, many in ((right, 6), ("{}", 3), (wrong, 2))
        for n in range(many)
    ]
    run = recorded(tmp_path, answers, row)
    clusters = {(each.gold, each.count, each.share) for each in run.rows("clusters")}
    assert clusters == {(True, 6, 6 / 11), (False, 3, 3 / 11), (False, 2, 2 / 11)}
    assert [each.majority_share for each in run.rows("ratings")] == [6 / 11] * 2
    assert run.rows("suspects") == []


@pytest.mark.slow
def test_programs_that_pass_are_the_golds_cluster_and_the_others_are_in_its_share(tmp_path: Path) -> None:
    cases = [{"input": [1], "output": 2}]
    row = {**QUESTION, "reference": {"type": "code", "entry_point": "f", "cases": cases}}
    programs = ["return x + 1"] * 2 + ["return x"] * 3
    answers = [
        {"text": f"```python\ndef f(x):\n    {line}  # {n}\n```", "model": ONE}
        for n, line in enumerate(programs)
    ]
    run = recorded(tmp_path, answers, row)
    [cluster] = run.rows("clusters")
    assert (cluster.answer, cluster.gold, cluster.count, cluster.share) == ("", True, 2, 0.4)
    # The three that failed, whose texts are not told, may have failed alike.
    assert [each.majority_share for each in run.rows("ratings")] == [None]


CAPITAL = {**QUESTION, "reference": {"type": "text", "answer": "Paris"}}
SPEED = {**QUESTION, "reference": {"type": "text", "answer": "9.8"}}


@pytest.mark.slow
@pytest.mark.parametrize("right", [0, 6])
def test_answers_without_a_verdict_are_in_no_count(tmp_path: Path, right: int) -> None:
    finals = ["Paris"] * right + ["Paris, Texas"] * 20 + [f"Rome{n}" for n in range(8 - right)]
    run = recorded(tmp_path, said(ONE, *finals), CAPITAL)
    assert {each.informative for each in run.rows("ratings")} == {20}
    assert {each.answer for each in run.rows("clusters")} == set(finals) - {"Paris, Texas"}
    assert [each.majority_share for each in run.rows("ratings")] == [max(right, 1) / 8]
    assert run.rows("suspects") == []


@pytest.mark.slow
def test_answers_without_a_verdict_may_say_that_the_verifier_is_in_dispute(tmp_path: Path) -> None:
    run = recorded(tmp_path, said(ONE, *["9.8 m"] * 12, "7"), SPEED)
    found = suspect(run)
    assert found is not None
    assert (found.label, found.scored, found.majority_count) == ("verifier_dispute", 1, 0)
    assert found.reason == (
        "'9.8' and '9.8 m', as 12 answers without a verdict say, look the same, but not to the verifier"
    )
    few = recorded(tmp_path / "few", said(ONE, *["9.8 m"] * 7, *["9.8"] * 4), SPEED)
    assert few.rows("suspects") == []


@pytest.mark.slow
def test_answers_cluster_by_the_comparison_of_their_reference(tmp_path: Path) -> None:
    row = {**QUESTION, "reference": {"type": "math", "answer": "7", "comparison": {"decimals": 2}}}
    run = recorded(tmp_path, said(ONE, "3.14159", "3.14", "3.142", "3.15"), row)
    assert [(each.count, each.share) for each in run.rows("clusters")] == [(3, 0.75), (1, 0.25)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("third", "label"),
    [(["5"], "gold_wrong_likely"), (["5"] * 4, "trap_or_hard"), (["4", "5", "5"], "gold_wrong_likely")],
)
def test_a_third_family_is_heard_where_it_is_sure(tmp_path: Path, third: list[str], label: str) -> None:
    answers = [*said(ONE, *["4"] * 16), *said(TWO, *["4"] * 16), *said("gamma", *third)]
    found = suspect(recorded(tmp_path, answers))
    assert found is not None
    assert (found.label, found.second) == (label, "gamma" if label == "trap_or_hard" else TWO)


@pytest.mark.slow
def test_lost_comparisons_are_owed_and_not_taken_for_a_no(tmp_path: Path) -> None:
    def again(lost: bool) -> tuple[list[int], int]:
        asked = 0

        def lose(name: str, job: Job) -> bool:
            nonlocal asked
            asked += name == "math.same"
            return lost and name == "math.same"

        with opened(config) as ctx:
            ctx.pool.lose = lose  # type: ignore[attr-defined]
            drive(ctx, in_turn(ctx))
            found = list(ctx.run.read("clusters", Cluster, "verifiable"))
        return sorted(each.count for each in found), asked

    config = given(tmp_path, said(ONE, "1/2", "0.5", "9"))
    assert again(lost=True) == ([1, 1, 1], 3 * TRIES)
    assert again(lost=False) == ([1, 2], 3)
    assert again(lost=False) == ([1, 2], 0)


def test_twice_the_count_alone_is_not_enough() -> None:
    assert doubt(0, 8) > 0.99
    assert doubt(1, 2) < 0.8
    assert doubt(3, 3) == pytest.approx(0.5)
    assert doubt(5, 1) < 0.1


def test_two_families_that_lean_the_same_way_are_surer_than_either() -> None:
    assert both(0.8, 0.8) > 0.9
    assert both(0.8, 0.5) == pytest.approx(0.8)
    assert both(0.9, 0.1) == pytest.approx(0.5)


@pytest.mark.slow
def test_without_a_gold_answer_the_majority_is_stored_and_no_rate_is_invented(tmp_path: Path) -> None:
    row = {**QUESTION, "reference": {"type": "no_gold"}}
    run = recorded(tmp_path, said(ONE, "1/2", "0.5", "Paris", "0.50", *["9"] * 5, "paris."), row)
    [rating] = run.rows("ratings")
    assert (rating.n, rating.passes, rating.fails, rating.informative) == (10, 0, 0, 10)
    assert (rating.rate, rating.tier, rating.guess_floor, rating.solved_mass) == (
        None,
        "undetermined",
        None,
        None,
    )
    assert rating.majority_share == 0.5
    clusters = [(each.cluster, each.gold, each.count) for each in run.rows("clusters")]
    assert clusters == [(0, False, 5), (1, False, 3), (2, False, 2)]
    assert run.rows("suspects") == []
    assert {each.reason for each in run.rows("pending")} == {"informative: there is no gold answer"}
