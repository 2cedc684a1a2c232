import json
from pathlib import Path

import pytest

from datapipe.config import RunConfig
from datapipe.errors import ConfigError
from datapipe.pipeline import run_stage
from datapipe.plan import make_plan, store_plan, stored_plan, told_bill
from datapipe.plan_page import show_bill, show_plan
from datapipe.plan_rows import inside
from tests import support

ROWS = [support.verifiable(f"What is {n} + {n * k}?", str(n + n * k)) for n in range(12, 32) for k in (1, 7)]


def config(folder: Path, **spend: object) -> RunConfig:
    quick = {"rate": {"coverage": 0.0}, "keep": {"high": 1.0, "mass": 0.0}, "selftest": {"sample": 0}}
    prices = {"price_in": 1.0, "price_out": 3.0}
    more = {"lanes": ["verifiable"], "shard_size": 24, "spend": {**prices, **spend}}
    return support.settings(folder, ROWS, generate={"n": 4}, **more, **quick)


@pytest.fixture(scope="module")
def piloted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, support.Ran]:
    folder = tmp_path_factory.mktemp("planned")
    return folder, support.ran(config(folder, share=0.25))


def test_without_a_pilot_it_says_what_one_asks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_plan(config(tmp_path), 0.25, as_json=True)
    said = json.loads(capsys.readouterr().out)
    *domains, whole = said["pilot"]
    assert whole["questions"] == len(ROWS)
    assert 5 < whole["pilot"] < 30
    assert whole["requests"] == str(4 * whole["pilot"])
    assert whole["tokens at most"] == 4 * 512 * whole["pilot"]
    assert sum(row["pilot"] for row in domains) == whole["pilot"]
    assert not config(tmp_path).folder.exists(), "looking changes nothing"
    show_plan(config(tmp_path), 0.25, as_json=False)
    assert "--pilot" in capsys.readouterr().out


def test_a_pilot_of_no_question_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--share"):
        show_plan(config(tmp_path), 1e-9, as_json=False)


@pytest.mark.slow
def test_a_lane_without_a_pilot_is_told(tmp_path: Path) -> None:
    """Nothing says how long its answers are."""
    both = support.write_jsonl(tmp_path / "both.jsonl", [*ROWS, support.writing("river, lamp")])
    lanes = {"lanes": ["verifiable", "non_verifiable"], "input": {"questions": [str(both)]}}
    whole = support.parse_config({**config(tmp_path).model_dump(), **lanes}, "test")
    support.ran(whole.model_copy(update={"spend": config(tmp_path, share=0.1).spend}))
    with pytest.raises(ConfigError, match="lane non_verifiable is in a pilot"):
        make_plan(whole, 0.1)


def test_rounds_are_told_from_the_fewest_to_the_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_plan(config(tmp_path, rounds=True, harvest=4), 0.5, as_json=True)
    whole = json.loads(capsys.readouterr().out)["pilot"][-1]
    assert whole["requests"] == f"{8 * whole['pilot']} to {36 * whole['pilot']}"


def test_answers_made_elsewhere_have_no_forecast(tmp_path: Path) -> None:
    made = config(tmp_path)
    recorded = made.model_copy(update={"input": made.input.model_copy(update={"recorded": ["/x.jsonl"]})})
    with pytest.raises(ConfigError, match="recorded"):
        make_plan(recorded)


@pytest.mark.slow
def test_the_forecast_counts_the_pilot_and_what_is_left(piloted: tuple[Path, support.Ran]) -> None:
    folder, ran = piloted
    plan = make_plan(config(folder), 0.25)
    assert plan is not None
    asked = {answer.question_id for answer in ran.rows("answers")}
    assert (plan.pilot, plan.pilot + plan.left) == (len(asked), len(ROWS))
    whole = plan.rows[-1]
    assert whole["questions"] == len(ROWS)
    tokens = sum(a.completion_tokens for a in ran.rows("answers"))
    assert tokens < whole["tokens_low"] < tokens * len(ROWS) / len(asked) < whole["tokens_high"]
    assert whole["USD_low"] < whole["USD"] < whole["USD_high"]


@pytest.mark.slow
def test_a_pilot_that_is_not_through_is_no_pilot(piloted: tuple[Path, support.Ran]) -> None:
    folder, _ = piloted
    assert make_plan(config(folder), 0.5) is None
    longer = config(folder).model_copy(
        update={"generate": config(folder).generate.model_copy(update={"n": 8})}
    )
    assert make_plan(longer, 0.25) is None, "its questions owe four more draws each"


@pytest.mark.slow
def test_the_bill_stands_beside_the_forecast(
    tmp_path: Path, piloted: tuple[Path, support.Ran], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, part = config(tmp_path), config(tmp_path, share=0.25)
    pilot = support.ran(part)
    with pytest.raises(ConfigError, match="no forecast was made"):
        show_bill(whole, as_json=False)
    show_plan(whole, 0.25, as_json=False)
    first = stored_plan(whole)
    assert "in brackets 80% intervals" in capsys.readouterr().out
    ran = support.ran(whole)
    assert not {r.id for r in pilot.model.asked} & {r.id for r in ran.model.asked}
    bill = told_bill(whole)
    assert bill is not None
    assert bill["unasked"] == 0
    answers = ran.rows("answers")
    assert bill["rows"][-1]["tokens_actual"] == sum(a.completion_tokens for a in answers)
    assert bill["rows"][-1]["kept_actual"] == len(ran.rows("kept"))
    for row in bill["rows"]:
        assert row["kept_inside"] == (row["kept_low"] <= row["kept_actual"] <= row["kept_high"])
    held, of = inside(bill["rows"])
    assert 0 < held <= of
    told = json.loads((ran.version / "manifest.json").read_text())["forecast"]
    assert told["rows"] == bill["rows"]
    card = (ran.version / "README.md").read_text()
    assert f"{held} of {of} numbers of cells lie inside" in card
    again = make_plan(whole, 0.25)
    assert again is not None
    store_plan(whole, again)
    assert stored_plan(whole) == first, "a forecast is not changed afterwards"
    show_bill(whole, as_json=False)
    assert f"{held} of {of}" in capsys.readouterr().out


@pytest.mark.slow
def test_a_forecast_is_of_one_configuration(piloted: tuple[Path, support.Ran]) -> None:
    folder, _ = piloted
    plan = make_plan(config(folder), 0.25)
    assert plan is not None
    store_plan(config(folder), plan)
    assert stored_plan(config(folder, price_in=7.0)) == plan
    assert stored_plan(config(folder, budget=1_000)) is None


@pytest.mark.slow
def test_a_bill_is_not_whole_before_all_is_chosen(tmp_path: Path) -> None:
    """What is rated and not yet kept or dropped is not done: it would count as nothing kept."""
    whole = config(tmp_path)
    pilot = support.ran(config(tmp_path, share=0.25))
    plan = make_plan(whole, 0.25)
    assert plan is not None
    store_plan(whole, plan)
    with support.opened(whole) as ctx:
        for shard in ctx.shards("verifiable"):
            for stage in ("answer", "screen", "decide", "rate"):
                run_stage(ctx, stage, shard)
    bill = told_bill(whole)
    assert bill is not None
    assert bill["unasked"] == len(ROWS) - plan.pilot
    assert bill["rows"][-1]["kept_actual"] == len(pilot.rows("kept"))
    assert make_plan(whole, 0.25) is not None, "the pilot's own are decided"
