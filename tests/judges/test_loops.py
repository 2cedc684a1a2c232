"""Loops are found wherever they stand, and long texts that say new things are none."""

import random

import pytest

from judges.values.loops import line_loop, phrase_loop


def novel(words: int, seed: int = 7) -> str:
    rng = random.Random(seed)
    return " ".join(f"w{rng.randrange(4000)}" for _ in range(words))


@pytest.mark.parametrize(
    "block", ["so we add one more to it", "no", "Let me check that again, step by step.", "再检查一遍"]
)
@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_phrase_loop_in_a_long_text(block: str, where: str) -> None:
    loop = f" {block}" * 60
    before, after = (
        ("" if where == "before" else novel(9000, 1)),
        ("" if where == "after" else novel(9000, 2)),
    )
    found = phrase_loop(f"{before} {loop} {after}", 5, 40)
    assert found is not None
    assert 55 <= found.times <= 60


def test_new_text_is_no_loop() -> None:
    assert phrase_loop(novel(30_000), 5, 40) is None


def test_few_repetitions_are_no_loop() -> None:
    assert phrase_loop((novel(60) + " ") * 5, 5, 40) is None
    assert phrase_loop((novel(60) + " ") * 6, 5, 40) is not None


def test_a_table_of_figures_is_no_loop() -> None:
    assert phrase_loop("0 0 0 0 0 0 0 0 0 0\n" * 10, 5, 40) is None


def test_lines_count_only_in_a_row() -> None:
    assert line_loop("a\nb\n" * 9, 5) is None
    assert line_loop("a\n\n" * 6, 5) is not None
    assert line_loop("}\n" * 9, 5) is None
