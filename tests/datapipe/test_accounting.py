import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datapipe.accounting import LOST, Account, account, balanced, gpu_hours_per_token
from datapipe.backends.base import Completion, Request
from datapipe.config_spend import Spend
from datapipe.context import Context
from datapipe.cost_page import cost, remarks
from datapipe.endpoints import Counts
from datapipe.errors import LedgerError
from datapipe.journal import Journal
from datapipe.pipeline import run_pipeline
from datapipe.query import connect
from datapipe.run import RunFolder
from datapipe.usage import lost_tries, read_usage, record_usage, usage_path
from schemas.rows import Answer, Decision
from tests import support

pytestmark = pytest.mark.slow
FREE = Spend()


def said(text: str, finish: str = "stop", **more: Any) -> Completion:
    return Completion(text, finish, "s", prompt_tokens=10, completion_tokens=100, **more)


def sometimes(request: Request) -> Completion:
    """Right at two thirds of the seeds, cut off at a sixth."""
    turn = (request.seed or 0) % 6
    if turn == 0:
        return said("<think>\nabc", "length")
    answer = "4" if "1 + 3" in str(request.messages) and turn < 5 else "17"
    return said(f"<think>\nabcdef\n</think>\n\nThe answer is {answer}.")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> support.Ran:
    rows = [support.verifiable(*each) for each in support.SUMS]
    config = support.settings(
        tmp_path_factory.mktemp("spent"),
        rows,
        lanes=["verifiable"],
        generate={"n": 12},
        rate={"coverage": 0.0},
        keep={"answers": 2},
    )
    return support.ran(config, support.Model(sometimes))


def tokens(found: Account) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in found.fates:
        sums[row["fate"]] = sums.get(row["fate"], 0) + row["generated"]
    return sums


def test_every_token_is_in_one_category(run: support.Ran) -> None:
    found = balanced(run.folder, FREE)
    sums, answers = tokens(found), run.rows("answers")
    assert (
        sums.pop("total") == sum(sums.values()) == sum(a.completion_tokens for a in answers) == 4 * 12 * 100
    )
    assert sums["truncated"] == 100 * sum(a.finish_reason == "length" for a in answers) > 0
    assert sums["kept"] == 100 * len(run.rows("kept")) > 0
    assert {"dropped", "kept", "truncated"} <= set(sums)
    math = [row for row in found.fates if (row["fate"], row["why"]) == ("dropped", "math")]
    assert math[0]["answers"] == sum(d.check == "math" for d in run.rows("dropped"))


def test_cells_add_up_to_the_whole(run: support.Ran) -> None:
    *cells, whole = balanced(run.folder, FREE).cells
    for name in ("answers", "prompt", "generated", "kept"):
        assert sum(row[name] for row in cells) == whole[name] > 0
    assert whole["per_kept"] == round(whole["generated"] / len(run.rows("kept")))
    tiers = {r.question_id: r.tier for r in run.rows("ratings")}
    for tier in set(tiers.values()):
        of = [a for a in run.rows("answers") if tiers[a.question_id] == tier]
        assert sum(row["generated"] for row in cells if row["tier"] == tier) == 100 * len(of)


def test_the_version_tells_it_too(run: support.Ran) -> None:
    told = json.loads((run.version / "manifest.json").read_text())["spending"]
    assert told["fates"] == account(run.folder, FREE).fates
    assert "## Tokens of the whole run" in (run.version / "README.md").read_text()


def test_thinking_is_counted_or_estimated(tmp_path: Path) -> None:
    rows = [support.verifiable(*support.SUMS[0])]
    text = "<think>\n" + "a" * 30 + "\n</think>\n\n" + "b" * 10
    config = support.settings(tmp_path, rows, lanes=["verifiable"], generate={"n": 1})
    ran = support.ran(config, support.Model(lambda _: said(text)))
    whole = balanced(ran.folder, FREE).cells[-1]
    assert (whole["thinking"], whole["answer"], whole["estimated"]) == (75, 25, 1.0)
    change(config, ran, lambda a: a.model_copy(update={"reasoning_tokens": 60}))
    whole = balanced(ran.folder, FREE).cells[-1]
    assert (whole["thinking"], whole["answer"], whole["estimated"]) == (60, 40, 0.0)


def change(config: Any, ran: support.Ran, how: Any) -> None:
    """Write the answers of a run anew."""
    with support.opened(config, ran.model) as ctx:
        for lane in config.lanes:
            for part in ctx.run.parts("answers", lane):
                answers = list(ctx.run.read_part("answers", Answer, lane, part))
                ctx.run.commit("answers", lane, part, [how(each) for each in answers])


@pytest.fixture
def three(tmp_path: Path) -> tuple[Any, support.Ran, list[Answer]]:
    """A run of one question with four different right answers."""
    rows = [support.verifiable(*support.SUMS[0])]
    config = support.settings(tmp_path, rows, lanes=["verifiable"], generate={"n": 4}, keep={"answers": 1})
    ran = support.ran(config, support.Model(lambda r: said(f"Seed {r.seed}.\nThe answer is 4.")))
    return config, ran, sorted(ran.rows("answers"), key=lambda a: a.index)


def test_an_answer_shares_the_fate_of_its_continuation(three: Any) -> None:
    config, ran, answers = three
    (kept,) = {d.answer_id for d in ran.rows("kept")}
    end = next(a for a in answers if a.answer_id == kept)
    first, second, third = [a for a in answers if a.answer_id != kept]
    links = {second.answer_id: first.answer_id, end.answer_id: second.answer_id}
    tokens = {second.answer_id: 150, end.answer_id: 180}
    # The row of one that goes on holds the tokens and the time of both.
    times = {
        first.answer_id: (10.0, 4.0),
        second.answer_id: (20.0, 4.0 + 3.0),
        end.answer_id: (30.0, 7.0 + 2.0),
    }

    def linked(answer: Answer) -> Answer:
        ended, took = times.get(answer.answer_id, (5.0, 1.0))
        update = {
            "continues": links.get(answer.answer_id),
            "completion_tokens": tokens.get(answer.answer_id, 100),
            "finished_at": 1e9 + ended,
            "latency_s": took,
        }
        return answer.model_copy(update=update)

    change(config, ran, linked)
    with connect([ran.path]) as db:
        told = db.execute("SELECT answer_id, fate, completion_tokens FROM spending").fetchall()
    assert {answer: (fate, count) for answer, fate, count in told} == {
        first.answer_id: ("kept", 100),
        second.answer_id: ("kept", 50),
        kept: ("kept", 30),
        third.answer_id: ("dropped", 100),
    }
    found = balanced(ran.folder, FREE)
    assert (found.cells[-1]["kept"], found.cells[-1]["per_kept"]) == (1, 280)
    assert found.servers[0]["busy_s"] == 4.0 + 3.0 + 2.0 + 1.0


def test_repeated_thinking_and_a_second_answer_to_a_request_are_waste(three: Any) -> None:
    config, ran, answers = three
    (kept,) = {d.answer_id for d in ran.rows("kept")}
    first, second, third = [a for a in answers if a.answer_id != kept]
    twins = dict.fromkeys((first.answer_id, second.answer_id), "t" * 32)
    change(config, ran, lambda a: a.model_copy(update={"thinking_id": twins.get(a.answer_id)}))
    with connect([ran.path]) as db:
        fates = dict(db.execute("SELECT answer_id, fate FROM spending").fetchall())
    assert [fates[a.answer_id] for a in (first, second, third)] == ["dropped", "duplicate", "dropped"]
    again = {"request_id": second.request_id, "finished_at": 0.0}
    change(config, ran, lambda a: a.model_copy(update=again if a.index == third.index else {}))
    assert tokens(balanced(ran.folder, FREE))["superseded"] == 100


def test_a_token_in_two_categories_is_found(three: Any) -> None:
    config, ran, _ = three
    with support.opened(config, ran.model) as ctx:
        (kept,) = ctx.run.read("kept", Decision, "verifiable")
        again = [kept.model_copy(update={"action": "pending"})]
        ctx.run.commit("pending", "verifiable", "part-00007", again)
    with pytest.raises(LedgerError, match="4 answers are stored, and 5 accounted for"):
        balanced(RunFolder(ran.path), FREE)


def test_what_stands_in_a_journal_alone_is_no_part_of_an_account(three: Any) -> None:
    """Queries see it at once; the ledger holds parts against parts."""
    config, ran, answers = three
    change(config, ran, lambda a: a.model_copy(update={"finished_at": 1e9, "latency_s": 36.0}))
    before = balanced(RunFolder(ran.path), FREE)
    ids = {"answer_id": "f" * 32, "request_id": "e" * 32}
    late = answers[0].model_copy(update={**ids, "finished_at": 2e9, "latency_s": 3600.0})
    with Journal(ran.folder.journal_path("answers", "verifiable", 0), 1) as journal:
        journal.append(f'{{"answer":{late.model_dump_json()}}}')
    with connect([ran.path]) as db:
        assert db.execute("SELECT count(*) FROM answers").fetchall() == [(5,)]
    with connect([ran.path], journals=False) as db:
        assert db.execute("SELECT count(*) FROM answers").fetchall() == [(4,)]
    assert balanced(RunFolder(ran.path), FREE) == before
    assert gpu_hours_per_token(RunFolder(ran.path), Spend(gpus=1)) == pytest.approx(0.01 / 400)


def test_a_withdrawn_question_keeps_its_cost(run: support.Ran, tmp_path: Path) -> None:
    rows = [support.verifiable(*each) for each in support.SUMS[:2]]
    config = support.settings(tmp_path, rows, lanes=["verifiable"], generate={"n": 2})
    support.ran(config, support.Model(sometimes))
    again = support.settings(tmp_path, rows[:1], lanes=["verifiable"], generate={"n": 2})
    found = balanced(support.ran(again, support.Model(sometimes)).folder, FREE)
    assert tokens(found)["withdrawn"] == 200
    assert found.cells[-1]["answers"] == 4


def test_money_and_gpu_hours(three: Any) -> None:
    config, ran, answers = three
    spans = {a.answer_id: span for a, span in zip(answers, [(0, 10), (2, 8), (5, 15), (20, 30)], strict=True)}

    def at(answer: Answer) -> Answer:
        began, ended = spans[answer.answer_id]
        return answer.model_copy(update={"finished_at": 1e9 + ended, "latency_s": float(ended - began)})

    change(config, ran, at)
    spend = Spend(price_in=1.0, price_out=2.0, currency="EUR", gpus=8)
    found = balanced(ran.folder, spend)
    assert found.servers[0]["busy_s"] == 25.0
    assert found.servers[0]["tokens_per_s"] == 16.0
    assert found.cells[-1]["EUR"] == pytest.approx((40 * 1.0 + 400 * 2.0) / 1e6)
    assert found.cells[-1]["gpu_hours"] == pytest.approx(25 / 3600 * 8, abs=1e-6)
    assert any("times 8 GPUs" in text for text in remarks(found, spend))
    assert not any("no money" in text for text in remarks(found, spend))


def test_lost_tries_are_kept_by_owner(tmp_path: Path) -> None:
    counts = Counts(done=5, failed=1, retried=2, tokens_out=50)
    record_usage(tmp_path, 1, "generator", counts)
    record_usage(tmp_path, 1, "generator", replace(counts, retried=4))
    record_usage(tmp_path, 2, "generator", Counts())
    with usage_path(tmp_path).open("a") as file:
        file.write('{"token": 2, "ro')
    record_usage(tmp_path, 2, "generator", counts)
    assert lost_tries(tmp_path) == {"generator": 5 + 3}
    assert len(read_usage(tmp_path)) == 2


def test_faults_of_a_run_are_counted(tmp_path: Path) -> None:
    rows = [support.verifiable(*each) for each in support.SUMS[:2]]  # a third would set the server aside
    model = {"attempts": 4, "n": 1}
    config = support.settings(tmp_path, rows, lanes=["verifiable"], generate=model, faults={"fail_first": 1})
    with Context(config) as ctx:
        ctx.__dict__["pool"] = support.Inline(ctx.checks)
        run_pipeline(ctx)
    lost = account(RunFolder(config.folder), FREE).lost
    nothing = {"counted": 0, "prompt": 0, "generated": 0}
    assert lost == [{"role": "generator", "what": LOST, "requests": 2, **nothing}]


def test_the_page_tells_all_of_it(run: support.Ran, capsys: pytest.CaptureFixture[str]) -> None:
    cost(run.path)
    told = capsys.readouterr()
    assert "truncated" in told.out
    assert "set spend.price_in" in told.err
    cost(run.path, as_json=True)
    assert json.loads(capsys.readouterr().out)["fates"][-1]["fate"] == "total"


def test_a_run_without_answers_has_no_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = support.settings(tmp_path)
    with support.opened(config):
        pass
    cost(config.folder)
    assert "no answer is stored yet" in capsys.readouterr().out
