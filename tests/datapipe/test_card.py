"""A data card says what is in a version, and what the data says in it is text and never markup."""

from collections import Counter
from pathlib import Path

import pytest

from datapipe.card import data_card
from datapipe.versions import read_manifest
from tests.support import Model, ran, settings, verifiable, writing

pytestmark = pytest.mark.slow  # takes whole runs

EVIL = "![x](http://evil/p.png) <b>|`*"
SOURCES = '[sources.tests]\nlicense = "CC-BY-4.0"\nredistribution = true\nuses = ["train", "eval"]\n'


def right(request: object) -> str:
    return "VERDICT: CLEAN" if getattr(request, "role", "") == "judge" else "The answer is 4."


def test_names_in_the_data_are_no_markup(tmp_path: Path) -> None:
    rows = [verifiable("What is 1 + 3?", "4", source=EVIL, license=EVIL), writing("duck, bell", source=EVIL)]
    card = (ran(settings(tmp_path, rows), Model(right)).version / "README.md").read_text(encoding="utf-8")
    assert "![x]" not in card
    assert "http://evil" not in card
    assert "<b>" not in card
    assert r"\!\[x\](http&#58;//evil" in card
    tables = [line for line in card.splitlines() if line.startswith("|") and "evil" in line]
    assert tables
    assert {line.replace(r"\|", "").count("|") for line in tables} == {7}


def test_what_is_registered_of_a_source_stands_on_the_card(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    more = {"sources": str(tmp_path / "sources.toml")}
    rows = [verifiable("What is 1 + 3?", "4", license="MIT"), writing("duck, bell", source="other")]
    run = ran(settings(tmp_path, rows, input=more), Model(right))
    card = (run.version / "README.md").read_text(encoding="utf-8")
    count = Counter(row["source"] for row in run.samples())
    assert f"| tests | {count['tests']} | MIT | CC-BY-4.0 | yes | train, eval |" in card
    assert f"| other | {count['other']} |  | not registered |  |  |" in card
    # A version from before sources were kept with it, whose card a purge writes anew.
    manifest = {name: value for name, value in read_manifest(run.version).items() if name != "sources"}
    assert f"| tests | {count['tests']} | MIT |\n" in data_card(run.ctx.run, run.version, manifest)


def test_solved_questions_stand_on_the_card(tmp_path: Path) -> None:
    rows = [verifiable("What is 1 + 3?", "4"), verifiable("What is 1 + 4?", "5")]
    run = ran(settings(tmp_path, rows, lanes=["verifiable"], selftest={"sample": 0}), Model(right))
    card = (run.version / "README.md").read_text(encoding="utf-8")
    assert "| lane | model | policy | tier | questions | solved | answers | passes |" in card
    [row] = [line for line in card.splitlines() if "| all | " in line]
    assert "| all | 2 | 1 | 4 | 2 | 0.0101 |" in row
