"""Rating in rounds: more draws where a tier is in doubt, and what is stored of it."""

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from datapipe.backends.base import Completion, Request, Transient
from datapipe.backends.fake import Said
from datapipe.posterior import pass_at
from schemas.rows import Answer, Rating, Round
from tests.datapipe.drawn import chances, in_rounds, model, prompt
from tests.support import Model, Ran, ran, settings, stored, writing

pytestmark = pytest.mark.slow
RATES = {1: 1.0, 2: 0.0, 3: 0.5, 4: 0.3, 5: 0.95, 6: 0.1, 7: 0.6, 8: 1.0}


def rows_of(run: Ran) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = defaultdict(list)
    for row in sorted(run.rows("rounds"), key=lambda row: row.round):
        found[row.question_id].append(row)
    return found


def answers_of(run: Ran) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = defaultdict(list)
    for row in sorted(run.rows("answers"), key=lambda row: row.index):
        found[row.question_id].append(row)
    return found


def numbers(run: Ran) -> dict[int, str]:
    """question_id by the number it is about."""
    asked = {str(q.messages[-1].content): q.question_id for q in run.rows("questions")}
    return {number: asked[prompt(number)] for number in range(1, len(asked) + 1)}


def ratings_of(run: Ran) -> dict[int, Rating]:
    rated = {row.question_id: row for row in run.rows("ratings")}
    return {number: rated[each] for number, each in numbers(run).items() if each in rated}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rounds")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Ran:
    return ran(in_rounds(folder, 8), model(RATES))


def test_every_draw_was_asked_for_by_the_decision_before_it(whole: Ran) -> None:
    decided = rows_of(whole)
    for question, answers in answers_of(whole).items():
        rows = decided[question]
        assert [row.round for row in rows] == [*range(len(rows))]
        assert [row.action for row in rows] == [*["ask"] * (len(rows) - 1), "stop"]
        asked = [8, *(row.more or 0 for row in rows)]
        assert [a.index for a in answers] == [*range(sum(asked))]
        assert [a.round for a in answers] == [k for k, more in enumerate(asked) for _ in range(more)]
        assert [row.draws for row in rows] == [sum(asked[: k + 1]) for k in range(len(rows))]
    assert {len(rows) for rows in decided.values()} != {1}


def test_a_rating_tells_how_it_came_about(whole: Ran) -> None:
    rated = ratings_of(whole)
    for number, question in numbers(whole).items():
        row, rows = rated[number], rows_of(whole)[question]
        assert (row.n, row.rounds, row.stopped) == (rows[-1].draws, len(rows), rows[-1].reason)
        assert (row.passes, row.tier) == (rows[-1].passes, rows[-1].tier)
        assert row.first_n == 8
        assert row.pass_at_4 == pass_at(4, rows[0].passes or 0, 8)
        assert row.estimate is not None
        assert row.interval_low <= (row.rate or 0) <= row.interval_high
    assert (rated[2].n, rated[2].passes, rated[2].estimate) == (32, 0, 0.0)
    assert {row.n for number, row in rated.items() if number != 2} <= {8, 12, 16}
    assert any(row.estimate != row.rate for row in rated.values())


def test_the_ledger_holds_every_draw(whole: Ran) -> None:
    [line] = [each for each in whole.lines if each.stage == "answer"]
    assert (line.came, line.out, line.gap) == (len(whole.rows("answers")),) * 2 + (0,)
    [line] = [each for each in whole.lines if each.stage == "decide"]
    assert (line.came, line.out, line.pending, line.gap) == (8, 8, 0, 0)


def test_decisions_are_replayed(whole: Ran) -> None:
    before = stored(whole.path)
    again = ran(whole.ctx.settings, model(RATES))
    assert again.model.asked == []
    assert stored(again.path) == before


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_lost_decision_is_taken_again_as_it_was(whole: Ran, folder: Path, place: int) -> None:
    config = in_rounds(folder, 8, name=f"lost{place}")
    shutil.copytree(whole.path, config.folder)
    gone = sorted((config.folder / "rounds").rglob("part-00000-d*.parquet"))[place]
    gone.unlink()
    again = ran(config, model(RATES))
    assert again.model.asked == []
    assert stored(again.path)["rounds"] == stored(whole.path)["rounds"]
    assert stored(again.path)["ratings"] == stored(whole.path)["ratings"]


def test_what_an_outage_took_holds_its_question_back_and_no_other(tmp_path: Path, whole: Ran) -> None:
    lost = {request.id for request in whole.model.asked if prompt(3) in str(request.messages)}
    lost = set(sorted(lost)[:1])
    right = chances(RATES)

    def respond(request: Request) -> Said:
        return Transient("reset") if request.id in lost else right(request)

    config = in_rounds(tmp_path, 8)
    first = ran(config, Model(respond))
    held = numbers(first)[3]
    undecided = {
        q for q in numbers(first).values() if rows_of(first)[q][-1:] == [] or rows_of(first)[q][-1].more
    }
    assert undecided == {held}
    [line] = [each for each in first.lines if each.stage == "decide"]
    assert (line.out, line.pending, line.gap) == (7, 1, 0)
    again = ran(config, model(RATES))
    assert {a.question_id for a in again.rows("answers") if a.index > 7} >= {held}
    assert stored(again.path)["answers"] == stored(whole.path)["answers"]


def test_answers_of_a_fixed_n_are_the_first_draws(tmp_path: Path) -> None:
    ran(in_rounds(tmp_path, 4, {"rounds": False}, generate={"n": 3}), model(RATES))
    more = ran(in_rounds(tmp_path, 4), model(RATES))
    assert {prompt(1)} & {str(r.messages[-1]["content"]) for r in more.model.asked} == {prompt(1)}
    for answers in answers_of(more).values():
        assert [a.index for a in answers] == [*range(len(answers))]
    fresh = ran(in_rounds(tmp_path / "fresh", 4), model(RATES))
    assert [r.n for r in ratings_of(more).values()] == [r.n for r in ratings_of(fresh).values()]


def test_what_no_check_can_rule_on_is_a_draw(tmp_path: Path) -> None:
    run = ran(in_rounds(tmp_path, 4, {"hard": 16}), model(RATES, cut=0.4))
    for row in ratings_of(run).values():
        assert row.n == row.passes + row.fails + row.informative <= 16
    assert any(row.informative for row in ratings_of(run).values())
    assert [each.gap for each in run.lines] == [0] * len(run.lines)


def test_a_tier_that_is_full_from_the_start_gets_the_first_draws_alone(tmp_path: Path) -> None:
    run = ran(in_rounds(tmp_path, 4, {"target": {"hard": 0}}), model(RATES))
    assert ratings_of(run)[2].n == 8
    assert ratings_of(run)[2].stopped == "the hard tier has all 0 samples"
    assert ratings_of(run)[3].n > 8


def test_a_tier_that_earlier_shards_filled_is_asked_no_more(tmp_path: Path) -> None:
    """Of shards one after the other the third learns of the first."""
    rates = dict.fromkeys(range(1, 13), 0.5)
    short = ran(in_rounds(tmp_path / "short", 12), model(rates))
    full = ran(in_rounds(tmp_path, 12, {"target": {"medium": 1}}), model(rates))
    mine, theirs = ratings_of(full), ratings_of(short)
    assert [mine[n].n for n in range(1, 9)] == [theirs[n].n for n in range(1, 9)]
    assert any(mine[n].stopped == "the medium tier has all 1 samples" for n in range(9, 13))
    assert sum(mine[n].n for n in range(9, 13)) < sum(theirs[n].n for n in range(9, 13))


def test_a_changed_knob_opens_questions_that_were_left(tmp_path: Path) -> None:
    first = ran(in_rounds(tmp_path, 4, {"most": 8, "hard": 8}), model(RATES))
    assert {row.n for row in ratings_of(first).values()} == {8}
    more = ran(in_rounds(tmp_path, 4, {"most": 16, "hard": 16}), model(RATES))
    assert ratings_of(more)[3].n == 16
    rows = rows_of(more)[numbers(more)[3]]
    assert [(row.action, row.draws) for row in rows] == [("stop", 8), ("ask", 8), ("ask", 12), ("stop", 16)]
    assert ratings_of(more)[3].estimate == ratings_of(more)[3].rate


def test_a_raised_first_leaves_rates_as_if_so_many_had_been_asked_at_once(tmp_path: Path) -> None:
    """A look that was taken before all of the first draws holds nobody back any more."""
    few = ran(in_rounds(tmp_path, 8, {"hard": 16}), model(RATES))
    assert any(row.estimate != row.rate for row in ratings_of(few).values())
    raised = {"first": 16, "most": 16, "hard": 16}
    more = ran(in_rounds(tmp_path, 8, raised), model(RATES))
    at_once = ran(in_rounds(tmp_path / "once", 8, raised), model(RATES))
    mine, theirs = ratings_of(more), ratings_of(at_once)
    for number in RATES:
        for name in ("n", "passes", "rate", "estimate", "interval_low", "interval_high", "first_n"):
            assert getattr(mine[number], name) == getattr(theirs[number], name), (number, name)


def test_checksums_by_shard_are_those_of_each_shard(whole: Ran) -> None:
    found = whole.folder.fingerprints("rounds", "verifiable")
    assert found == {shard: whole.folder.fingerprint("rounds", "verifiable", shard) for shard in (0, 1)}
    assert all(len(names) > 1 for names in found.values())
    assert whole.folder.fingerprints("rounds", "non_verifiable") == {}


def test_open_questions_are_left_when_enough_is_kept(tmp_path: Path) -> None:
    config = settings(
        tmp_path,
        [writing(words) for words in ("duck, bell", "river, lamp", "crow, blanket")],
        lanes=["non_verifiable"],
        spend={"rounds": True, "first": 2, "step": 2, "most": 8, "hard": 8},
        diversify={"rewrites": 0.0},
        keep={"answers": 2},
    )
    run = ran(config)
    for rows in rows_of(run).values():
        assert rows[-1].action == "stop"
        assert (rows[-1].passes or 0) >= 2 or rows[-1].draws == 8 or "chance" in rows[-1].reason
        assert all((row.passes or 0) < 2 for row in rows[:-1])


def test_a_model_that_repeats_itself_is_asked_no_more_than_the_most(tmp_path: Path) -> None:
    """Long thinkings alike are one draw, of which no tier is ever told."""
    thought = " ".join(f"word{k}" for k in range(900))
    same = Completion(f"<think>\n{thought}\n</think>\n\nThe answer is 2.", "stop", "fake")
    run = ran(in_rounds(tmp_path, 1, {"first": 2}), Model(lambda _: same))
    assert len(run.rows("answers")) <= 16
    assert [(row.n, row.duplicates) for row in run.rows("ratings")] == [(1, len(run.rows("answers")) - 1)]
