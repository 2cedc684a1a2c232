"""What stands only in journals is seen by readers while the run goes on, once and without its lock."""

import json
import shutil
from pathlib import Path

import pytest

from datapipe.journal import Journal
from datapipe.journalled import journalled
from datapipe.query import connect
from datapipe.run import RunFolder
from datapipe.status import waiting
from schemas.rows import Answer, Reply
from schemas.tables import TABLES
from tests import support

pytestmark = pytest.mark.slow  # takes whole runs


def answers(run: Path) -> list[tuple[str, str | None, str | None]]:
    with connect([run]) as db:
        return sorted(db.execute("SELECT answer_id, response, model FROM answers").fetchall())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose first shard of answers, and of replies, stands in journals again."""
    path = support.ran(support.settings(tmp_path)).path
    folder = RunFolder(path)
    for table in ("answers", "replies"):
        for part in folder.parts(table, "non_verifiable", 0):
            rows = list(folder.read_part(table, TABLES[table], "non_verifiable", part))
            with Journal(folder.journal_path(table, "non_verifiable", 0), 9) as journal:
                journal.append(*(_entry(row) for row in rows))
    return path


def _entry(row: Answer | Reply) -> str:
    return f'{{"answer":{row.model_dump_json()}}}' if isinstance(row, Answer) else row.model_dump_json()


def unpromise(run: Path, *tables: str) -> None:
    """As before the commit of the shard that stands in journals."""
    for table in tables:
        file = run / "_manifests" / f"{table}.non_verifiable.json"
        said = json.loads(file.read_text())
        said["parts"] = {k: v for k, v in said["parts"].items() if not k.startswith("part-00000")}
        file.write_text(json.dumps(said))


def test_rows_of_journals_are_those_that_parts_will_hold(run: Path, tmp_path: Path) -> None:
    before = answers(run)
    with connect([run]) as db:
        replies = db.execute("FROM replies ORDER BY reply_id").fetchall()
        whole = db.execute("FROM stored.answers ORDER BY answer_id").fetchall()
    assert waiting(run) == 0
    unpromise(run, "answers", "replies")
    assert waiting(run) > len(replies) // 2
    assert answers(run) == before
    with connect([run]) as db:
        assert db.execute("FROM replies ORDER BY reply_id").fetchall() == replies
        assert db.execute("FROM stored.answers ORDER BY answer_id").fetchall() == whole
    other = shutil.copytree(run, tmp_path / "other")
    with connect([run, other]) as db:
        counts = db.execute("SELECT count(*) FROM answers GROUP BY run").fetchall()
    assert counts == [(len(before),)] * 2


def test_a_commit_between_journal_and_manifest_doubles_nothing(run: Path) -> None:
    found = journalled(run, "answers")
    held = sum(map(len, found.rows.values()))
    assert held
    assert len(found.beside(RunFolder(run))) == 0
    for journal in run.glob("_journal/*/*/*.jsonl"):
        journal.unlink()
    unpromise(run, "answers")
    assert len(found.beside(RunFolder(run))) == held


def test_what_does_not_count_is_not_seen(run: Path) -> None:
    unpromise(run, "answers")
    path = next(run.glob("_journal/answers/*/*.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    rows = len(journalled(run, "answers").beside(RunFolder(run)))
    torn = lines[-1][:-20]
    path.write_bytes(b"".join([*lines[:-1], lines[-2], lines[-2].replace(b"stop", b"STOP"), torn]))
    assert len(journalled(run, "answers").beside(RunFolder(run))) == rows - 1
    answers(run)


def test_a_journal_of_before_checksums_is_seen_with_its_defaults(run: Path) -> None:
    before = answers(run)
    path = next(run.glob("_journal/answers/*/*.jsonl"))
    rows = list(RunFolder(run).read("answers", Answer, "non_verifiable", 0))
    lines = [f'{{"answer":{row.model_dump_json(exclude_defaults=True)}}}\n' for row in rows]
    path.write_text("".join(['{"token": 1}\n', *lines]))
    unpromise(run, "answers")
    assert answers(run) == before
    with connect([run]) as db:
        assert db.execute("SELECT DISTINCT purpose, turns[1].train FROM answers").fetchall() == [
            ("rate", True)
        ]
