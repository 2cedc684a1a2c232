"""The report says which references are suspect, and how much of what passed is luck, with n and interval."""

from pathlib import Path

import pytest

from datapipe.doubts import false_passes, suspicions
from datapipe.luck import false_share
from tests.support import Model, Ran, ran, settings, verifiable, write_jsonl

pytestmark = pytest.mark.slow

RIGHT = {"easy": 7, "hard": 2}


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
    rows = {(row["model"], row["tier"]): row for row in false_passes(run.folder)}
    assert set(rows) == {(model, tier) for model in ("one", "two") for tier in ("hard", "easy")}
    for (_, tier), row in rows.items():
        assert (row["questions"], row["answers"], row["passes"]) == (10, 80, 10 * RIGHT[tier])
        assert row["false_share"] == pytest.approx(false_share(RIGHT[tier] / 8, 0.01))
        assert row["low"] < row["false_share"] < row["high"] < 1
        assert row["lucky_share"] >= row["false_share"]
    assert rows["one", "hard"]["false_share"] > 10 * rows["one", "easy"]["false_share"]
