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


@pytest.mark.parametrize("words", [4, 5, 6, 7, 20, 40])
@pytest.mark.parametrize("before", [0, 1, 17, 18, 36, 37, 2_000])
def test_the_shortest_loop_is_found_wherever_it_begins(words: int, before: int) -> None:
    """Of one new phrase and as many stale words as there must be."""
    text = f"{novel(before)} {'so ' * (words + 1)}{novel(9, 3)}"
    assert phrase_loop(text, 1, words) is not None
    assert phrase_loop(text, 1, words + 1) is None


def test_a_table_of_figures_is_no_loop() -> None:
    assert phrase_loop("0 0 0 0 0 0 0 0 0 0\n" * 10, 5, 40) is None


def test_lines_count_only_in_a_row() -> None:
    assert line_loop("a\nb\n" * 9, 5) is None
    assert line_loop("a\n\n" * 6, 5) is not None
    assert line_loop("}\n" * 9, 5) is None


DIVS = "\n".join("  " * depth + "</div>" for depth in range(8, 0, -1))


@pytest.mark.parametrize(
    "text",
    [
        DIVS,
        "```ruby\n" + "end\n" * 9 + "```",
        "~~~html\n" + "</div>\n" * 9 + "~~~",
        "```sh\n" + "fi\ndone\n" * 9 + "done\n" * 9 + "```",
        "```\n" + "END IF;\n" * 9 + "```",
        "```\n" + "\\end{itemize}\n" * 9 + "```",
        "```\n" + "{% endif %}\n" * 9 + "```",
        "```\n" + "#endif\n" * 9 + "```",
        "```lua\n" + "end)\n" * 9 + "```",
        "```lua\n" + "f()\nend\n" * 9 + "```",
    ],
)
def test_code_may_close_many_blocks(text: str) -> None:
    assert line_loop(text, 5) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("end\n" * 9, "end"),
        ("```\nend\n```\n" + "end\n" * 9, "end"),
        ("```\n" + "    x = 1\n" * 9, "x = 1"),
        ("}\n" * 20 + "wait\n" * 9, "wait"),
        ("wait  \nwait\n" * 9, "wait"),
    ],
)
def test_lines_that_say_the_same(text: str, line: str) -> None:
    found = line_loop(text, 5)
    assert found is not None
    assert found.text == line


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["}", "end", ") ", "</", "{%-", " ", "`", "end if "])
def test_hostile_lines_are_read_in_linear_time(piece: str) -> None:
    assert line_loop("```\n" + piece * 50_000, 5) is None
