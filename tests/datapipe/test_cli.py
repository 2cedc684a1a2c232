"""The command line: quick help, results on stdout alone, one line and a documented code for every error."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from datapipe import errors, trial
from datapipe.cli import EXIT_CODES, app
from datapipe.display import Display, clock
from datapipe.progress import Progress
from datapipe.workers import PoolSettings
from judges.catalog import catalog
from tests import support
from tests.datapipe.conftest import HOSTILE

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs

COMMANDS = ["run", "status", "query", "verify", "try", "show", "sample", "purge"]


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def test_help_of_everything_imports_nothing_heavy() -> None:
    heavy = {"aiohttp", "duckdb", "mpmath", "polars", "prefect", "pyarrow", "pydantic", "rich", "sympy"}
    pages = [[], ["checks"], ["checks", "list"], *([name] for name in COMMANDS)]
    code = f"""
import sys
from datapipe.cli import app
for words in {pages!r}:
    try:
        app([*words, "--help"])
    except SystemExit as end:
        assert not end.code
print("loaded:", *sorted({heavy!r} & set(sys.modules)))"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.endswith("loaded:\n")
    assert done.stdout.count("Usage:") == len(pages)


def test_every_exit_code_is_documented() -> None:
    known, classes = dict(EXIT_CODES), [errors.DatapipeError]
    for each in classes:
        assert each.exit_code in known
        assert each is errors.DatapipeError or f"{each.__name__} " in (errors.__doc__ or "")
        classes += each.__subclasses__()
    text = " ".join(call("--help").stdout.split())
    assert all(f"{code}: {why}" in text for code, why in known.items())


def failures(run: Path, folder: Path) -> list[tuple[int, str, list[object]]]:
    """(exit code, what the message holds, words)."""
    bad = folder / "bad.toml"
    bad.write_text('name = "r"\nstore = "/x"\n[input]\nquestion = ["q"]\n')
    lost = folder / "lost.toml"
    lost.write_text(f'name = "r"\nstore = "{folder}/s"\n[input]\nquestions = ["nowhere.jsonl"]\n')
    return [
        (2, "did you mean 'questions'?", ["run", bad]),
        (2, "no such file", ["run", folder / "none.toml"]),
        (2, "section.key=value", ["run", bad, "--set", "nothing"]),
        (2, "did you mean 'no_loop'?", ["checks", "show", "no_lop"]),
        (2, "no such folder", ["checks", "list", "--folder", folder / "none"]),
        (2, "asks a model", ["try", "uses_given_words", "--run", run]),
        (2, "did you mean 'most'?", ["try", "no_loop", "--run", run, "--set", "mst=3"]),
        (2, "no question", ["show", "", run]),
        (2, "no question", ["show", "zzz", run]),
        (2, "--source or --question", ["purge", run]),
        (2, "32 digits", ["purge", run, "--question", "abc", "--yes"]),
        (3, "nowhere.jsonl", ["run", lost, "--fake"]),
        (3, "none.jsonl", ["verify", folder / "none.jsonl"]),
        (4, "no such run", ["status", folder]),
        (4, "did you mean 'one'?", ["query", "SELECT 1", run.parent / "onee"]),
        (7, "SELEC", ["query", "SELEC", run]),
        (7, "nope", ["sample", run, "--where", "nope = 1"]),
        (7, "reads", ["query", "DROP VIEW samples", run]),
    ]


def test_an_error_is_one_line_and_its_code(finished: support.Ran, tmp_path: Path) -> None:
    for code, hint, words in failures(finished.path, tmp_path):
        result = call(*words)
        assert result.exit_code == code, (words, result.output)
        assert result.stdout == ""
        assert result.stderr.startswith("datapipe: ")
        assert hint in result.stderr
        assert result.stderr.count("\n") == 1


def test_an_unexpected_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(word: str) -> None:
        raise ZeroDivisionError("never thought of")

    monkeypatch.setattr("datapipe.runs.find_run", fail)
    assert isinstance(call("status", "x").exception, ZeroDivisionError)


def test_every_format_holds_the_same_rows(finished: support.Ran, tmp_path: Path) -> None:
    sql = "SELECT sample_id, domain, rate, messages, 1.5 AS d FROM samples ORDER BY sample_id"
    rows = json.loads(call("query", sql, finished.path, "--format", "json").stdout)
    assert [row["sample_id"] for row in rows] == [s["sample_id"] for s in finished.samples()]
    assert [row["messages"] for row in rows] == [s["messages"] for s in finished.samples()]
    table = list(csv.DictReader(io.StringIO(call("query", sql, finished.path, "--format", "csv").stdout)))
    assert [json.loads(row["messages"]) for row in table] == [row["messages"] for row in rows]
    plain = call("query", sql, finished.path).stdout.splitlines()
    assert plain[0] == "sample_id\tdomain\trate\tmessages\td"
    assert [line.split("\t")[0] for line in plain[1:]] == [row["sample_id"] for row in rows]
    file = tmp_path / "out.parquet"
    assert call("query", sql, finished.path, "--format", "parquet", "-o", file).stdout == ""
    assert pq.read_table(file)["sample_id"].to_pylist() == [row["sample_id"] for row in rows]
    raw = call("query", sql, finished.path, "--format", "parquet").stdout_bytes
    assert pq.read_table(pa.BufferReader(raw)).equals(pq.read_table(file))


@pytest.mark.slow
def test_no_row_is_an_empty_result(finished: support.Ran) -> None:
    sql = "SELECT domain FROM samples WHERE false"
    assert json.loads(call("query", sql, finished.path, "--format", "json").stdout) == []
    assert call("query", sql, finished.path).stdout == "domain\n"


def test_status_tells_the_ledger_and_the_versions(finished: support.Ran) -> None:
    said = call("status", finished.path).stdout
    assert "left in good order" in said
    assert f"version {finished.version} ({len(finished.samples())} rows) newest" in said
    assert "keep\tverifiable\tanswer" in said


@pytest.mark.parametrize("terminal", [False, True])
def test_text_of_a_model_never_reaches_a_terminal_as_it_is(
    finished: support.Ran, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    answer = next(a for a in finished.rows("answers") if HOSTILE in a.raw)
    calls: list[list[object]] = [
        ["show", answer.answer_id[:12], finished.path],
        ["show", answer.question_id, finished.path],
        ["sample", finished.path, "--where", f"answer_id = '{answer.answer_id}'"],
        ["query", f"SELECT raw, turns FROM answers WHERE answer_id = '{answer.answer_id}'", finished.path],
    ]
    if terminal:
        calls.append([*calls[-1], "--format", "csv"])
        calls.append([*calls[-2], "--format", "json"])
        monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True)
        monkeypatch.setenv("COLUMNS", "400")
    for words in calls:
        result = call(*words)
        assert result.exit_code == 0, result.output
        assert "[red]" in result.stdout
        assert "evil" in result.stdout
        # Rich may colour what it draws; what it draws holds no control of the model's.
        assert not set("\x9b\u202e\u2066") & set(result.stdout)
        assert "\x1b[2J" not in result.stdout


def test_an_answer_is_shown_with_its_verdicts(finished: support.Ran) -> None:
    answer = next(a for a in finished.rows("answers", "verifiable") if HOSTILE not in a.raw)
    said = call("show", answer.answer_id, finished.path).stdout
    for text in (answer.turns[-1].content, answer.turns[-1].thinking or "", "prompt:"):
        assert all(line.strip() in said for line in text.splitlines())
    for verdict in finished.rows("verdicts"):
        if verdict.answer_id == answer.answer_id:
            assert f"{verdict.check}\t{verdict.outcome}" in said
    rewrite = finished.rows("rewrites")[0]
    assert f"parent: {rewrite.parent}" in call("show", rewrite.answer_id, finished.path).stdout


@pytest.mark.slow
def test_a_sample_is_drawn_again_by_its_seed(finished: support.Ran) -> None:
    words = ["sample", finished.path, "--where", "lane = 'verifiable'", "-n", "3"]
    one, two, other = call(*words).stdout, call(*words).stdout, call(*words, "--seed", 5).stdout
    assert one == two != other
    assert one.count("answer_id: ") == 3
    assert one.endswith("3 of 8 answers\n")


class InlinePool(support.Inline):
    """A pool in this process, with the checks that the settings name."""

    def __init__(self, settings: PoolSettings) -> None:
        super().__init__(catalog(settings.folders, settings.params))

    def __enter__(self) -> "InlinePool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


CHECK = '''"""Drop answers that hold a word."""
from judges.base import Attempt, check

@check(passes=["fine"], fails={"evil": "holds 'evil'"})
def no_word(attempt: Attempt, word: str = "evil") -> str | None:
    return f"holds {word!r}" if word in attempt.response else None
'''


def test_a_check_is_tried_before_anyone_commits_to_it(
    finished: support.Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_word.py").write_text(CHECK)
    monkeypatch.setattr(trial, "WorkerPool", InlinePool)
    before = sorted((path, path.stat().st_mtime_ns) for path in finished.path.rglob("*"))
    words = ["try", "no_word", "--run", finished.path, "--folder", tmp_path]
    said = call(*words).stdout
    hit = [a for a in finished.rows("answers") if HOSTILE in a.raw]
    kept = {d.answer_id for d in finished.rows("kept")} & {a.answer_id for a in hit}
    all_kept = len(finished.rows("kept"))
    assert f"would drop {len(hit)} of 16 answers, {len(kept)} of {all_kept} that are kept now" in said
    assert all(a.answer_id in said for a in hit)
    assert "verifiable\tarithmetic\t8\t2\t0\t1\t" in said
    assert "would drop 0 of 16" in call(*words, "--set", "word=nobody says this").stdout
    assert sorted((path, path.stat().st_mtime_ns) for path in finished.path.rglob("*")) == before
    assert call("checks", "test", "no_word", "--folder", tmp_path).exit_code == 0
    (tmp_path / "no_word.py").write_text(CHECK.replace('"evil": "holds', '"fine too": "holds'))
    broken = call("checks", "test", "no_word", "--folder", tmp_path)
    assert broken.exit_code == 1
    assert "1 broken" in broken.stdout


def test_pages_of_checks_name_what_may_be_set() -> None:
    assert "most = 5" in call("checks", "show", "no_loop").stdout
    assert "{question}" in call("checks", "show", "uses_given_words").stdout
    names = [line.split("\t")[0] for line in call("checks", "list").stdout.splitlines()[1:]]
    assert names == list(catalog())


def test_a_purge_asks_first(finished: support.Ran) -> None:
    result = CliRunner().invoke(app, ["purge", str(finished.path), "--source", "a"], input="n\n")
    assert result.exit_code == 1
    assert "It cannot be undone" in result.stderr
    assert not (finished.path / "purges.json").exists()


def test_progress_is_told_in_plain_lines_or_drawn() -> None:
    progress = Progress()
    progress.owe("answer", 10)
    progress.step("answer", 4)
    for _ in range(4):
        progress.answered(1, 25)
    progress.drop("\x1b[31mno_loop", 3)
    plain = Display(progress, io.StringIO(), lambda: 20).line()
    assert plain.startswith("answer 4/20")
    assert "about" in plain
    assert "\\x1b[31mno_loop 3" in plain
    terminal = Terminal()
    with Display(progress, terminal, lambda: None):
        pass
    assert "answer" in terminal.getvalue()
    assert "\\x1b[31mno_loop 3" in terminal.getvalue()
    assert clock(65) == "1:05"
    assert clock(7384.4) == "2:03:04"
