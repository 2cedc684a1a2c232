"""Each question once, and none with two answers held to be right."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datapipe.dedup import dedup
from datapipe.errors import ServersDown
from datapipe.normal import normal
from datapipe.pipeline import drive, run_stage
from datapipe.run import Run
from datapipe.same import TRIES, same_answer
from datapipe.seeds import seeds
from schemas.references import dump_reference, parse_reference
from schemas.rows import LANES, Duplicate, Question
from tests.support import in_turn, opened, ran, settings, verifiable, writing

pytestmark = pytest.mark.slow  # every test makes a run

Q = "What is 1 + 3?"


def done(
    folder: Path, rows: list[Any], same: Callable[[str, str], bool] = lambda a, b: a == b, **more: Any
) -> tuple[dict[int, list[int]], dict[int, tuple[str, int]]]:
    """(lines of standing questions by shard, relation and line of the representative by line)."""
    run = Run(settings(folder, rows, **more))
    try:
        seeds(run)
        counts = dedup(run, same)
        stand: dict[int, list[int]] = {}
        places: dict[str, int] = {}
        for lane in LANES:
            for part in run.parts("questions", lane):
                found = list(run.read_part("questions", Question, lane, part))
                stand.setdefault(int(part[-5:]), []).extend(q.line for q in found)
                places |= {q.question_id: q.line for q in found}
        gone = [row for lane in LANES for row in run.read("duplicates", Duplicate, lane)]
        assert counts["questions"] + len(gone) == len(rows)
        assert counts["exact"] + counts["gold_conflict"] == len(gone)
        return stand, {row.line: (row.relation, places.get(row.representative, 0)) for row in gone}
    finally:
        run.close()


@pytest.mark.parametrize(
    "other",
    [
        Q,
        f" {Q}\n",
        "What is  1 +\t3?",
        "What is\u00a01 + 3?",
        f"\r\n{Q}\r\n",
        "what is 1 + 3?",
        "WHAT IS 1 + 3?",
    ],
)
def test_texts_that_say_the_same_are_one_question(tmp_path: Path, other: str) -> None:
    stand, gone = done(tmp_path, [verifiable(Q, "4"), verifiable(other, "4")])
    assert (stand, gone) == ({0: [1]}, {2: ("exact", 1)})


@pytest.mark.parametrize(
    ("one", "other"),
    [(Q, "What is 1 + 4?"), ("Is 2² even?", "Is 22 even?"), ("Say:\n  a", "Say:\na"), ("12 3", "123")],
)
def test_texts_that_do_not_stay(tmp_path: Path, one: str, other: str) -> None:
    stand, gone = done(tmp_path, [verifiable(one, "4"), verifiable(other, "4")])
    assert (stand, gone) == ({0: [1, 2]}, {})


def test_one_letter_composed_or_not_is_one_letter() -> None:
    assert normal("e\u0301") == normal("\u00e9")


@pytest.mark.parametrize(("held", "times"), [(2**20, 1), (0, 2)])
def test_seeds_are_read_once_where_they_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int, times: int
) -> None:
    monkeypatch.setattr("datapipe.dedup._HELD_BYTES", held)
    monkeypatch.setattr("datapipe.seeds.PART_ROWS", 2)
    rows = [verifiable(f"What is {n} + 3?", str(n)) for n in range(4)]
    config = settings(tmp_path, rows, lanes=["verifiable"])
    read, part = list[tuple[str, str]](), Run.read_part

    def reading(run: Run, table: str, *more: Any) -> Any:
        read.append((table, more[-1]))
        return part(run, table, *more)

    monkeypatch.setattr(Run, "read_part", reading)
    with opened(config) as ctx:
        for stage in ("seeds", "dedup"):
            run_stage(ctx, stage)
        lines = [row.line for row in ctx.run.read("questions", Question, "verifiable")]
    assert lines == [1, 2, 3, 4]
    assert Counter(name for table, name in read if table == "seeds") == {
        "part-00000": times,
        "part-00001": times,
    }


def test_references_in_conflict_take_all_of_them_out(tmp_path: Path) -> None:
    stand, gone = done(tmp_path, [verifiable(Q, "4"), verifiable("Add 2 and 2.", "4"), verifiable(Q, "5")])
    assert stand == {0: [2]}
    assert gone == {1: ("gold_conflict", 0), 3: ("gold_conflict", 0)}


def test_references_that_mean_the_same_are_no_conflict(tmp_path: Path) -> None:
    def same(a: str, b: str) -> bool:
        return {a, b} == {'{"answer":"4","type":"math"}', '{"answer":"4.0","type":"math"}'}

    stand, gone = done(tmp_path, [verifiable(Q, "4"), verifiable(Q, "4.0")], same)
    assert (stand, gone) == ({0: [1]}, {2: ("exact", 1)})


def test_past_thinking_and_call_ids_tell_questions_apart(tmp_path: Path) -> None:
    def row(thinking: str, call: str) -> dict[str, Any]:
        messages = [
            {"role": "user", "content": "Play."},
            {"role": "assistant", "content": "ok", "thinking": thinking},
            {"role": "tool", "content": "1", "tool_call_id": call},
            {"role": "user", "content": "Next?"},
        ]
        return {"lane": "non_verifiable", "domain": "d", "messages": messages}

    rows = [row("It is 4.", "a"), row("It is 9.", "a"), row("It is 4.", "b"), row("It  is 4.", "a")]
    assert done(tmp_path, rows) == ({0: [1, 2, 3]}, {4: ("exact", 1)})


@pytest.mark.parametrize("lost", [1, 10])
def test_a_lost_worker_makes_no_conflict(tmp_path: Path, lost: int) -> None:
    left = [True] * lost
    with opened(settings(tmp_path, [verifiable(Q, "4"), verifiable(Q, "\\frac{8}{2}")])) as ctx:
        ctx.__dict__["pool"].lose = lambda name, job: (
            name in ("math", "math.same") and bool(left and left.pop())
        )
        if lost > TRIES:
            with pytest.raises(ServersDown, match="could not be compared"):
                drive(ctx, in_turn(ctx))
        else:
            drive(ctx, in_turn(ctx))
            assert [row.relation for row in ctx.run.read("duplicates", Duplicate, "verifiable")] == ["exact"]


def test_equivalence_is_asked_of_the_verifier(tmp_path: Path) -> None:
    rows = [
        verifiable(Q, "1/2"),
        verifiable(Q, "0.5"),
        verifiable("Add 2 and 2.", "4"),
        verifiable("Add 2 and 2.", "5"),
    ]
    run = ran(settings(tmp_path, rows))
    assert {row.line: row.relation for row in run.rows("duplicates")} == {
        2: "exact",
        3: "gold_conflict",
        4: "gold_conflict",
    }


COMMA, LOWER = "punctuation:no_comma", "change_case:english_lowercase"


def math(answer: str) -> dict[str, Any]:
    return {"type": "math", "answer": answer}


def text(answer: str) -> dict[str, Any]:
    return {"type": "text", "answer": answer}


def choice(answer: str, *options: str) -> dict[str, Any]:
    return {"type": "choice", "answer": answer, **({"options": list(options)} if options else {})}


def logic(answer: str, **more: str) -> dict[str, Any]:
    return {"type": "logic", "task": "leg_counting", "entry": {"answer": answer, **more}}


def instruction(*names: str) -> dict[str, Any]:
    return {"type": "instruction", "constraints": [{"id": name} for name in names]}


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (math("4"), text("4"), False),
        (math("4"), text("5"), True),
        (math("50%"), {**math("0.5"), "comparison": {"percent": True}}, False),
        (math("50%"), math("0.5"), True),
        (text("Paris"), {**text("Lutetia"), "aliases": ["PARIS"]}, False),
        (text("Paris"), text("Rome"), True),
        (choice("A", "a cat", "a dog"), choice("B", "a dog", "a cat"), False),
        (choice("A", "a cat", "a dog"), choice("A", "a dog", "a cat"), True),
        (choice("A", "a cat", "a dog"), choice("A"), False),
        (choice("A"), choice("B"), True),
        (logic("4", seed="1"), logic("4", seed="2"), False),
        (logic("4"), logic("5"), True),
        (instruction(COMMA, LOWER), instruction(LOWER, COMMA), False),
        (instruction(COMMA), instruction(COMMA, LOWER), True),
    ],
)  # fmt: skip
def test_references_are_compared_by_what_they_ask_for(
    tmp_path: Path, one: Any, other: Any, conflict: bool
) -> None:
    with opened(settings(tmp_path, [verifiable(Q, "4")])) as ctx:
        same = same_answer(ctx)
        texts = [dump_reference(parse_reference(each)) for each in (one, other)]
        assert [same(*texts), same(*texts[::-1])] == [not conflict] * 2


def test_case_alone_makes_two_questions_where_the_answers_differ(tmp_path: Path) -> None:
    rows = [verifiable("Count the a in Aa.", "1"), verifiable("Count the A in Aa.", "2")]
    assert done(tmp_path, rows) == ({0: [1, 2]}, {})


def test_a_question_with_a_reference_stands_for_one_without(tmp_path: Path) -> None:
    rows = [{"lane": "non_verifiable", "domain": "x", "prompt": Q}, verifiable(Q, "4")]
    stand, gone = done(tmp_path, rows)
    assert (stand, gone) == ({0: [2]}, {1: ("exact", 2)})


def test_system_and_tools_tell_questions_apart(tmp_path: Path) -> None:
    rows = [
        verifiable(Q, "4"),
        verifiable(Q, "4", system="Be brief."),
        verifiable(Q, "4", tools=[{"name": "f"}]),
    ]
    assert done(tmp_path, rows) == ({0: [1, 2, 3]}, {})


def numbered(count: int) -> list[Any]:
    return [verifiable(f"What is {n} + 1?", str(n + 1)) for n in range(count)]


def test_shards_stay_as_they_are_when_input_is_added(tmp_path: Path) -> None:
    first, _ = done(tmp_path, numbered(5), shard_size=2)
    assert first == {0: [1, 2], 1: [3, 4], 2: [5]}
    more, _ = done(tmp_path, numbered(8), shard_size=2)
    assert more == {0: [1, 2], 1: [3, 4], 2: [5], 3: [6, 7], 4: [8]}


def test_shards_whose_questions_left_are_gone_and_the_others_stay(tmp_path: Path) -> None:
    done(tmp_path, numbered(5), shard_size=2)
    less, _ = done(tmp_path, numbered(5)[2:], shard_size=2)
    assert less == {1: [1, 2], 2: [3]}


def test_a_corrected_label_stays_in_its_shard(tmp_path: Path) -> None:
    done(tmp_path, numbered(4), shard_size=2)
    rows = [*numbered(4)[:3], verifiable("What is 3 + 1?", "5")]
    assert done(tmp_path, rows, shard_size=2)[0] == {0: [1, 2], 1: [3, 4]}


def test_lanes_share_no_shard(tmp_path: Path) -> None:
    stand, _ = done(tmp_path, [verifiable(Q, "4"), writing("village, cold")])
    assert stand == {0: [1, 2]}
    files = sorted(path.parts[-2] for path in (tmp_path / "store").rglob("questions/*/*.parquet"))
    assert files == ["lane=non_verifiable", "lane=verifiable"]


@pytest.mark.parametrize("text", [" " * 300_000, "\t\n" * 100_000, "\u00a0 " * 100_000, "\r" * 300_000])
def test_white_space_without_end_is_normal_in_no_time(text: str) -> None:
    assert normal(f"a{text}b").replace("\n", " ").split() == ["a", "b"]


def test_indentation_after_a_blank_line_stays() -> None:
    assert normal("a\n\n  b\n \n\n    c  ") == "a\n  b\n    c"
