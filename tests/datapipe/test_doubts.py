"""The report says which references are suspect, and how much of what passed is luck, with n and interval."""

from pathlib import Path

import pytest

from datapipe.config import Rate
from datapipe.doubts import ALL, false_passes, suspicions
from tests.support import Model, Ran, ran, settings, verifiable, write_jsonl

pytestmark = pytest.mark.slow

RIGHT = {"easy": 7, "hard": 2}
ODDS = 0.01 / 0.99
"""Of a false pass, at the share that is believed before a self-test."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Ten questions answered well, ten badly, one whose reference both models contradict; eight answers."""
    folder: Path = tmp_path_factory.mktemp("doubts")
    rows = [verifiable(f"{kind} {n}", str(100 + n)) for n in range(10) for kind in RIGHT]
    answers = [
        [str(100 + n)] * right + [f"{7 + k}" for k in range(8 - right)]
        for n in range(10)
        for right in RIGHT.values()
    ]
    rows.append(verifiable("wrong", "1"))
    given = [
        {
            "prompt": row["prompt"],
            "answers": [
                {"text": f"The answer is {final}.", "model": model}
                for model in ("one", "two")
                for final in (finals or ["2"] * 8)
            ],
        }
        for row, finals in zip(rows, [*answers, []], strict=True)
    ]
    files = {
        "questions": [str(write_jsonl(folder / "q.jsonl", rows))],
        "recorded": [str(write_jsonl(folder / "r.jsonl", given))],
    }
    config = settings(
        folder, input=files, lanes=["verifiable"], rate={"steer": "one"}, selftest={"sample": 0}
    )
    return ran(config, Model())


def test_suspects_are_counted_once_a_question(run: Ran) -> None:
    assert suspicions(run.folder) == [
        {
            "lane": "verifiable",
            "domain": "arithmetic",
            "label": "gold_wrong_likely",
            "questions": 1,
            "of": 21,
        }
    ]


def test_false_passes_are_told_by_tier_with_n_and_interval(run: Ran) -> None:
    rows = {(row["model"], row["tier"]): row for row in false_passes(run.folder, Rate())}
    assert set(rows) == {(model, tier) for model in ("one", "two") for tier in ("hard", "easy", ALL)}
    for (_, tier), row in rows.items():
        assert row["low"] <= row["false_share"] <= row["high"] < 1
        assert row["lucky_share"] >= row["false_share"]
        if tier != ALL:
            assert (row["questions"], row["answers"], row["passes"]) == (10, 80, 10 * RIGHT[tier])
    # What failed at 0 of 8 is all that could have passed into the hard tier.
    assert rows["one", "hard"]["false_share"] == pytest.approx(8 * ODDS / 20)
    assert rows["one", ALL]["questions"] == 21
    assert rows["one", ALL]["false_share"] == pytest.approx((10 + 60 + 8) * ODDS / 90)


def test_solved_questions_are_counted_beside_the_tiers(run: Ran) -> None:
    rows = {(row["model"], row["tier"]): row["solved"] for row in false_passes(run.folder, Rate())}
    assert rows == {(m, t): n for m in ("one", "two") for t, n in (("hard", 10), ("easy", 10), (ALL, 20))}
    strict = {row["solved"] for row in false_passes(run.folder, Rate(solved=0.999_999)) if row["tier"] == ALL}
    assert strict == {10}
