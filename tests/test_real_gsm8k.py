"""Real questions with recorded answers of four models, the whole way of the verifiable lane."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pytest

from datapipe.config import RunConfig
from datapipe.context import Context
from datapipe.errors import ConfigError
from datapipe.pipeline import run_pipeline
from datapipe.query import connect
from datapipe.settings import parse_config

ROOT = Path(__file__).parents[1]
DATA = ROOT / "../shared/data/gsm8k"
MODELS = {"6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the recorded answers are not here"),
]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the converted files."""
    folder = tmp_path_factory.mktemp("gsm8k")
    files = [str(DATA / "questions.jsonl"), str(DATA / "recorded_answers.jsonl"), str(folder)]
    subprocess.run([sys.executable, str(ROOT / "data/convert_gsm8k.py"), *files], check=True, timeout=600)
    return folder


@pytest.fixture(scope="module")
def run(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run over all questions, 400 of which have answers."""
    config = _config(rows, tmp_path_factory.mktemp("store"), {"steer": "175b_verification"})
    with Context(config) as ctx:
        _, lines = run_pipeline(ctx)
    assert all(line.gap == 0 for line in lines)
    return config.folder


@pytest.fixture
def db(run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect([run]) as connection:
        yield connection


def test_every_question_and_every_answer_is_taken(db: duckdb.DuckDBPyConnection) -> None:
    tables = ("questions", "answers", "labels", "quarantine", "duplicates", "unmatched", "failures")
    counts = {name: _rows(db, f"select count(*) from {name}")[0][0] for name in tables}
    assert counts == dict(zip(tables, (1319, 1600, 1600, 0, 0, 0, 0), strict=True))


def test_every_verdict_of_the_verifier_equals_its_label(db: duckdb.DuckDBPyConnection) -> None:
    sql = """select l.value, v.outcome from labels l left join verdicts v
        on v.answer_id = l.answer_id and v."check" = 'math' where l.name = 'is_correct'"""
    assert Counter(_rows(db, sql)) == {(True, "pass"): 615, (False, "fail"): 985}


def test_models_are_rated_apart(db: duckdb.DuckDBPyConnection) -> None:
    """Four policies, each with one draw on each of the 400 questions."""
    sql = """select p.model, r.n, count(*), count(distinct r.question_id)
        from ratings r join policies p using (policy_id) group by all"""
    assert set(_rows(db, sql)) == {(model, 1, 400, 400) for model in MODELS}


def test_ratings_of_a_model_add_up_to_its_labels(db: duckdb.DuckDBPyConnection) -> None:
    rated = "select p.model, sum(r.passes) from ratings r join policies p using (policy_id) group by all"
    told = """select p.model, count(*) from answers a join policies p using (policy_id)
        join labels l using (answer_id) where l.value group by all"""
    assert set(_rows(db, rated)) == set(_rows(db, told))


def test_agreement_over_models(db: duckdb.DuckDBPyConnection) -> None:
    """The view tells, for every question, which models were right and whether all were alike."""
    sql = """select question_id, policies, scored, map_keys(answers), all_answers, all_passes, agree
        from agreement order by all"""
    told = """select question_id, 4, 4, list(model order by model), 4, count_if(value),
        count_if(value) in (0, 4)
        from labels join answers using (answer_id) group by question_id order by all"""
    assert _rows(db, sql) == _rows(db, told)
    assert set(_rows(db, "select distinct unnest(map_keys(passes)) from agreement")) == {(m,) for m in MODELS}


def test_several_models_need_one_that_steers(rows: Path, tmp_path: Path) -> None:
    with (
        Context(_config(rows, tmp_path, {}, questions=_few(rows, tmp_path))) as ctx,
        pytest.raises(ConfigError, match=r"175b_finetuning.*rate\.steer="),
    ):
        run_pipeline(ctx)


def test_a_model_that_steers_must_have_answered(rows: Path, tmp_path: Path) -> None:
    with (
        Context(_config(rows, tmp_path, {"steer": "7b"}, questions=_few(rows, tmp_path))) as ctx,
        pytest.raises(ConfigError, match="6b_finetuning"),
    ):
        run_pipeline(ctx)


def test_a_second_run_makes_nothing_anew(run: Path, rows: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.glob("*/lane=*/*.parquet")}
    with Context(_config(rows, run.parent, {"steer": "175b_verification"})) as ctx:
        version, _ = run_pipeline(ctx)
        assert ctx.run.orphans == []
    assert version.name == "v0001"
    assert before == {path: path.stat().st_mtime_ns for path in run.glob("*/lane=*/*.parquet")}


@pytest.mark.parametrize("table", ["answers", "verdicts", "samples"])
def test_every_reader_finds_the_same_rows(run: Path, tmp_path: Path, table: str) -> None:
    datasets = pytest.importorskip("datasets")
    folder = run / "versions/v0001/samples" if table == "samples" else run / table
    shards = str(folder / "**/*.parquet")
    wanted = _rows(duckdb.connect(), f"select count(*) from read_parquet('{shards}', hive_partitioning=true)")
    key = "sample_id" if table == "samples" else "answer_id"
    by_polars = pl.read_parquet(shards, hive_partitioning=True)
    by_arrow = ds.dataset(folder, partitioning="hive").to_table()
    by_datasets = datasets.load_dataset(
        "parquet", data_files=shards, split="train", cache_dir=str(tmp_path / "cache")
    )
    assert {by_polars.height, by_arrow.num_rows, by_datasets.num_rows} == {wanted[0][0]}
    assert sorted(by_polars[key]) == sorted(by_arrow[key].to_pylist()) == sorted(by_datasets[key])
    assert set(by_polars["lane"]) == set(by_arrow["lane"].to_pylist()) == {"verifiable"}


def _config(rows: Path, store: Path, rate: dict[str, Any], **read: Any) -> RunConfig:
    given = {"questions": [str(rows / "questions.jsonl")], "recorded": [str(rows / "recorded.jsonl")], **read}
    data = {"name": "gsm8k", "store": str(store), "lanes": ["verifiable"], "input": given, "rate": rate}
    return parse_config(data, "test")


def _few(rows: Path, folder: Path) -> list[str]:
    """A file of the first questions, which are among those with answers."""
    lines = (rows / "questions.jsonl").read_text(encoding="utf-8").split("\n")[:8]
    (folder / "few.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [str(folder / "few.jsonl")]


def _rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return db.execute(sql).fetchall()
