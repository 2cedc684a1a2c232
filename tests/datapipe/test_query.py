"""Every table is a view over exactly the parts that manifests name, and joined ones say what they promise."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from datapipe.errors import DamagedPart, QueryError, StoreError
from datapipe.query import ask, connect, stream
from datapipe.runs import find_run
from datapipe.views import DERIVED, PARTICULAR
from schemas.arrow import arrow_schema
from schemas.tables import TABLES
from tests import support

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs


@pytest.fixture(scope="module")
def db(finished: support.Ran) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect([finished.path]) as connection:
        yield connection


@pytest.fixture
def copied(finished: support.Ran, tmp_path: Path) -> Path:
    target = tmp_path / "run=one"
    shutil.copytree(finished.path, target)
    return target


def count(path: Path, sql: str) -> int:
    with connect([path]) as db:
        return int(ask(db, sql).fetchall()[0][0])


def test_views_hold_what_the_tables_hold(finished: support.Ran, db: duckdb.DuckDBPyConnection) -> None:
    for table, model in TABLES.items():
        found = db.execute(f"FROM stored.{table}")
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        assert names == arrow_schema(model).names
        if table == "samples":
            assert sorted(rows, key=lambda row: str(row["sample_id"])) == finished.samples()
        else:
            expected = [row.model_dump() for row in finished.rows(table)]
            assert sorted(map(repr, rows)) == sorted(map(repr, expected))


def test_texts_stand_in_columns_of_their_own(finished: support.Ran, db: duckdb.DuckDBPyConnection) -> None:
    answers = db.execute("SELECT answer_id, response, thinking, model FROM answers").fetchall()
    samples = db.execute("SELECT sample_id, prompt, thinking, response FROM samples").fetchall()
    spoken = {a.answer_id: (a.turns[-1].content, a.turns[-1].thinking, "m") for a in finished.rows("answers")}
    assert {each: tuple(rest) for each, *rest in answers} == spoken
    published = {s["sample_id"]: s["messages"] for s in finished.samples()}
    for sample, prompt, thinking, response in samples:
        *_, asked, said = published[sample]
        assert (asked["content"], said["thinking"], said["content"]) == (prompt, thinking, response)


def test_joined_views_lose_and_double_nothing(finished: support.Ran, db: duckdb.DuckDBPyConnection) -> None:
    results = db.execute("SELECT answer_id, \"check\", outcome FROM results WHERE model = 'm'").fetchall()
    expected = [(row.answer_id, row.check, row.outcome) for row in finished.rows("verdicts")]
    assert sorted(results) == sorted(expected)
    decided = {row.answer_id: row.action for t in ("kept", "dropped", "pending") for row in finished.rows(t)}
    cases = db.execute("SELECT answer_id, action FROM cases").fetchall()
    assert sorted(cases) == sorted(decided.items())
    assert len(cases) == len(finished.rows("answers"))


@pytest.mark.slow
def test_several_runs_are_told_apart(finished: support.Ran, copied: Path, tmp_path: Path) -> None:
    other = tmp_path / "run=two"
    copied.rename(other)
    with connect([finished.path, other]) as db:
        for view in [*TABLES, *DERIVED]:
            found = dict(db.execute(f"SELECT run, count(*) FROM {view} GROUP BY run").fetchall())
            assert (
                found.get("one", 0)
                == found.get("two", 0)
                == count(finished.path, f"SELECT count(*) FROM {view}")
            )


@pytest.mark.slow
def test_agreement_is_over_models_and_never_pools_them(tmp_path: Path) -> None:
    rows = [support.verifiable("What is 1 + 3?", "4"), support.verifiable("Compute 2 + 0.", "2")]
    said = [("What is 1 + 3?", {"x": "4", "y": "4"}), ("Compute 2 + 0.", {"x": "2", "y": "3"})]
    recorded = support.write_jsonl(
        tmp_path / "recorded.jsonl",
        [{"prompt": p, "answers": [{"text": t, "model": m} for m, t in by.items()]} for p, by in said],
    )
    input = {"questions": [str(tmp_path / "questions.jsonl")], "recorded": [str(recorded)]}
    config = support.settings(tmp_path, rows, input=input, rate={"steer": "x"}, lanes=["verifiable"])
    run = support.ran(config).path
    with connect([run]) as db:
        found = db.execute("""
            SELECT prompt, policies, scored, answers, passes, agree
            FROM agreement JOIN questions USING (lane, question_id) ORDER BY prompt""").fetchall()
    assert found == [
        ("Compute 2 + 0.", 2, 2, {"x": 1, "y": 1}, {"x": 1, "y": 0}, False),
        ("What is 1 + 3?", 2, 2, {"x": 1, "y": 1}, {"x": 1, "y": 1}, True),
    ]


def test_only_statements_that_read_are_run(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    for sql in (
        f"COPY (SELECT 1) TO '{file}'",
        f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}'",
        "SELECT 1; DROP VIEW samples",
        "INSTALL httpfs",
        "ATTACH 'x.db'",
        "SET threads = 1",
        "",
    ):
        with pytest.raises(QueryError, match="reads"):
            ask(db, sql)
    assert not file.exists()
    for sql in ("FROM kept", "DESCRIBE samples", "SHOW TABLES", "EXPLAIN SELECT 1", "SUMMARIZE ratings"):
        assert ask(db, sql).fetchall()
    assert stream(db, "SELECT 7 AS n").read_all().to_pylist() == [{"n": 7}]


def test_what_is_wrong_with_a_statement_is_one_line(db: duckdb.DuckDBPyConnection) -> None:
    for sql in ("SELEC", "SELECT nope\nFROM samples\nWHERE true", "SELECT domain::INT FROM samples"):
        with pytest.raises(QueryError) as caught:
            ask(db, sql).fetchall()
        assert "\n" not in str(caught.value)
    with pytest.raises(QueryError, match="nope"):
        stream(db, "SELECT nope FROM samples")


def test_a_part_that_changed_is_named(copied: Path) -> None:
    part = next(copied.glob("verdicts/lane=*/*.parquet"))
    data = part.read_bytes()
    part.write_bytes(data[:-4])
    with pytest.raises(DamagedPart, match=part.name):
        connect([copied])
    part.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    connect([copied]).close()
    with pytest.raises(DamagedPart, match=part.name):
        connect([copied], verify=True)
    part.unlink()
    with pytest.raises(DamagedPart, match=part.name):
        connect([copied])


def test_a_part_that_no_manifest_names_is_not_seen(finished: support.Ran, copied: Path) -> None:
    part = next(copied.glob("kept/lane=*/*.parquet"))
    shutil.copy(part, part.with_name("part-00099.parquet"))
    assert count(copied, "SELECT count(*) FROM kept") == len(finished.rows("kept"))


def test_a_path_is_taken_to_the_letter(finished: support.Ran, tmp_path: Path) -> None:
    odd = tmp_path / "it's [a] *store?" / "run=one"
    shutil.copytree(finished.path, odd)
    assert count(odd, "SELECT count(*) FROM answers") == len(finished.rows("answers"))


def test_runs_are_found_by_path_by_store_and_by_name(
    finished: support.Ran, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = finished.path.parent
    assert find_run(str(finished.path)) == find_run(f"{store}/one") == finished.path
    monkeypatch.setenv("DATAPIPE_STORE", str(store))
    assert find_run("one") == find_run() == finished.path
    with pytest.raises(StoreError, match="did you mean 'one'"):
        find_run("ome")
    monkeypatch.setenv("DATAPIPE_STORE", str(tmp_path))
    with pytest.raises(StoreError, match="no run"):
        find_run()


README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_questions_of_the_readme_have_answers(db: duckdb.DuckDBPyConnection) -> None:
    asked = [
        sql.replace('\\"', '"') for sql in re.findall(r'^datapipe query "(.*)" RUN$', README, re.MULTILINE)
    ]
    assert len(asked) == 8
    for sql in asked:
        ask(db, sql).fetchall()


def test_reasons_are_counted_without_what_they_say_of_one_answer(db: duckdb.DuckDBPyConnection) -> None:
    found = db.execute("SELECT reason, why FROM dropped").fetchall()
    assert {why for reason, why in found if reason == "'3' is not '2'"} == {"… is not …"}
    sql = """SELECT why FROM (SELECT regexp_replace(reason, '{}', '…', 'g') AS why FROM (VALUES
        ('line ''wait'' 9 times'), ('like 3f2a90bcd1 by 0.75'), ('no final answer')) t(reason))"""
    told = [why for (why,) in db.execute(sql.format(PARTICULAR)).fetchall()]
    assert told == ["line … … times", "like … by …", "no final answer"]


def test_tables_that_are_shown_are_those_that_people_ask(db: duckdb.DuckDBPyConnection) -> None:
    shown = {name for (name,) in ask(db, "SHOW TABLES").fetchall()}
    assert shown == {*TABLES, *DERIVED}


def test_every_row_that_is_not_asked_is_in_quarantine_with_its_place(tmp_path: Path) -> None:
    rows = [
        support.verifiable("What is 1 + 3?", "4"),
        support.verifiable("What is  1 + 3?", "4"),
        {"lane": "verifiable"},
        support.verifiable("Add 2 and 2.", "4"),
        support.verifiable("Add 2 and 2.", "5"),
    ]
    runs = [
        support.ran(support.settings(tmp_path, rows, lanes=["verifiable"], name=name)).path for name in "ab"
    ]
    for folders in (runs[:1], runs):
        with connect(folders) as db:
            found = ask(db, "SELECT line, reason FROM quarantine ORDER BY ALL").fetchall()
        told = dict(found)
        assert len(found) == 4 * len(folders)
        assert told[2].startswith("duplicate of line 1 of ")
        assert told[3].startswith("domain")
        assert told[4] == told[5] == "the references of one question are in conflict"


def test_no_progress_is_drawn_among_the_rows(db: duckdb.DuckDBPyConnection) -> None:
    assert db.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]
