"""What is purged is nowhere any more, does not come back, and leaves a run that balances."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from datapipe import purge as purging
from datapipe import purge_parts, purge_versions
from datapipe.cli import app
from datapipe.errors import DamagedPart, LeaseHeld
from datapipe.journal import ASIDE, record
from datapipe.lease import Lease
from datapipe.ledger import ledger
from datapipe.manifest import Manifest
from datapipe.purge import Target, purge
from datapipe.run import RunFolder
from datapipe.versions import check_version_folder, latest_version
from tests import support

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs

SECRET = "What is 74 + 58?"
"""A question of source `a` alone."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> support.Ran:
    """`a` also repeats a question of `b`, stands for a case variant of `b`, and has a bad row."""
    rows: list[Any] = [
        support.verifiable("What is 1 + 3?", "4", source="a"),
        support.verifiable("Compute 2 + 0.", "2", source="b"),
        support.verifiable(SECRET, "132", source="a"),
        support.verifiable("Compute 2 + 0.", "2", source="a"),
        support.verifiable("what is 1 + 3?", "4", source="b"),
        *(support.writing(words, source="ab"[n % 2]) for n, words in enumerate(support.WORDS)),
        *({"lane": "verifiable", "source": source, "domain": "x"} for source in "ab"),
    ]
    return support.ran(support.settings(tmp_path_factory.mktemp("base"), rows))


@pytest.fixture
def run(base: support.Ran, tmp_path: Path) -> Path:
    shutil.copytree(base.path.parent, tmp_path / "store")
    return tmp_path / "store" / base.path.name


def again(run: Path, base: support.Ran, model: support.Model | None = None) -> support.Ran:
    return support.ran(RunFolder(run).config().model_copy(update={"store": str(run.parent)}), model)


def texts(run: Path) -> Iterator[tuple[Path, str]]:
    """Everything that is in a run's folder, as text; configurations name no data."""
    for path in sorted(run.rglob("*")):
        if path.is_file():
            parquet = path.suffix == ".parquet"
            yield path, repr(pq.ParquetFile(path).read().to_pylist()) if parquet else path.read_text()


def holds(run: Path, *words: str) -> list[Path]:
    return [path for path, text in texts(run) if any(word in text for word in words)]


def gaps(run: Path) -> list[str]:
    folder = RunFolder(run)
    lines = ledger(folder, folder.config(), latest_version(run))
    return [f"{line.stage} {line.lane} {line.gap}" for line in lines if line.gap]


def state(run: Path) -> dict[str, Any]:
    """What a purge leaves behind: rows, promises, and the published ones."""
    version = latest_version(run)
    assert version is not None
    check_version_folder(version)
    promises = {}
    for path in sorted((run / "_manifests").glob("*.json")):
        parts = json.loads(path.read_text())["parts"]
        promises[path.name] = {n: (e["rows"], e["sha256"], e.get("counts")) for n, e in parts.items()}
    return {"rows": support.stored(run), "promises": promises, "samples": support.samples(version)}


@pytest.mark.slow
def test_a_source_goes_from_everywhere_and_stays_away(base: support.Ran, run: Path) -> None:
    assert holds(run, SECRET)
    others = [s for s in base.samples() if s["source"] == "b"]
    said = purge(run, Target("source", "a"))
    assert "5 seeds" in said
    assert holds(run, SECRET, "'source': 'a'", '"source": "a"', '"source":"a"') == [run / "purges.json"]
    assert SECRET not in (run / "purges.json").read_text()
    assert not gaps(run)
    assert state(run)["samples"] == others
    model = support.Model()
    rerun = again(run, base, model)
    assert not [line for line in rerun.lines if line.gap]
    assert {s["source"] for s in rerun.samples()} == {"b"}
    assert not holds(run / "answers", SECRET) + holds(run / "quarantine", '"a"')
    # Only the case variant of source b, which nobody stands for any longer, is asked for.
    asked = {str(r.messages[-1]["content"]).partition("\n")[0] for r in model.asked if r.role != "judge"}
    assert asked == {"what is 1 + 3?"}
    assert next(line for line in rerun.lines if line.stage == "seeds").dropped == 6


@pytest.mark.slow
def test_a_question_of_two_sources_stays_for_the_other(run: Path) -> None:
    purge(run, Target("source", "a"))
    rows = [row for row in support.stored(run)["questions"] if "Compute 2 + 0." in row]
    assert len(rows) == 1
    assert '"source":"b"' in rows[0]


@pytest.mark.slow
def test_a_question_goes_with_those_that_it_stood_for(base: support.Ran, run: Path) -> None:
    [question] = [q for q in base.rows("questions") if q.messages[-1].content == "What is 1 + 3?"]
    purge(run, Target("question_id", question.question_id))
    assert not holds(run, "hat is 1 + 3?")
    assert not gaps(run)
    rerun = again(run, base)
    assert not [line for line in rerun.lines if line.gap]
    assert not holds(run, "hat is 1 + 3?")


POINTS = [("stone", 0), *(("add", n) for n in (0, 3, 9, 14))]
POINTS += [("replace", n) for n in (0, 5, 11, 16, 19)]
POINTS += [("save", n) for n in (0, 1, 8)] + [("card", 0)]


@pytest.mark.slow
@pytest.mark.parametrize(("place", "number"), POINTS)
def test_killed_anywhere_and_started_again_it_completes(
    base: support.Ran, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, number: int
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(run.parent, whole)
    purge(whole / run.name, Target("source", "a"))
    with monkeypatch.context() as patch:
        die_at(patch, place, number)
        with pytest.raises(KeyboardInterrupt):
            purge(run, Target("source", "a"))
    purge(run, Target("source", "a"))
    assert state(run) == state(whole / run.name)
    assert not gaps(run)
    assert not holds(run, SECRET)


def die_at(patch: pytest.MonkeyPatch, place: str, number: int) -> None:
    """Have the n-th call of one of the steps of a purge be its last."""
    owners: dict[str, list[tuple[Any, str]]] = {
        "add": [(Manifest, "add")],
        "replace": [(purge_parts, "replace"), (purge_versions, "replace")],
        "save": [(purging, "save_plan")],
        "card": [(purge_versions, "data_card")],
        "stone": [(purging, "_stones")],
    }
    calls = iter(range(1_000))
    for owner, name in owners[place]:
        real = getattr(owner, name)

        def step(*args: Any, real: Any = real) -> Any:
            if next(calls) == number:
                raise KeyboardInterrupt
            return real(*args)

        patch.setattr(owner, name, step)


@pytest.mark.slow
def test_journals_and_orphans_are_purged_too(base: support.Ran, run: Path) -> None:
    answers = base.rows("answers", "verifiable")
    questions = {q.question_id: q for q in base.rows("questions")}
    gone = next(a for a in answers if questions[a.question_id].source == "a")
    stays = next(a for a in answers if questions[a.question_id].source == "b")
    journal = run / "_journal" / "answers" / "lane=verifiable" / "part-00000.jsonl"
    lines = [f'{{"answer":{a.model_dump_json()}}}' for a in (gone, stays)]
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_text("\n".join(['{"token": 3}', *lines, f"damaged {SECRET}", f"torn {SECRET}"]))
    part = next(run.glob("answers/lane=verifiable/*.parquet"))
    orphan = run / "orphans" / "1" / part.relative_to(run)
    orphan.parent.mkdir(parents=True)
    shutil.copy(part, orphan)
    broken = orphan.with_name("part-00009-r00.parquet")
    broken.write_bytes(b"PAR1")
    purge(run, Target("source", "a"))
    assert journal.read_bytes().splitlines(keepends=True) == [
        b'{"token": 3}\n',
        f"{lines[1]}\n".encode(),
        record("{}", 4),
    ]
    assert {row["question_id"] for row in pq.ParquetFile(orphan).read().to_pylist()} <= {
        q.question_id for q in questions.values() if q.source == "b"
    }
    assert not broken.exists()
    assert not list(run.glob(f"_journal/*/lane=*/*{ASIDE}"))


@pytest.mark.slow
def test_recorded_answers_of_what_was_purged_are_not_kept_as_unmatched(tmp_path: Path) -> None:
    rows = [
        support.verifiable(SECRET, "132", source="a"),
        support.verifiable("Add 2 and 2.", "4", source="b"),
    ]
    lines = [{"prompt": r["prompt"], "answers": [{"text": "132"}, {"text": "4"}]} for r in rows]
    lines.append({"prompt": "Never asked?", "answers": [{"text": "no"}]})
    recorded = support.write_jsonl(tmp_path / "recorded.jsonl", lines)
    files = {"questions": [str(tmp_path / "questions.jsonl")], "recorded": [str(recorded)]}
    config = support.settings(tmp_path, rows, input=files, lanes=["verifiable"])
    support.ran(config)
    purge(config.folder, Target("source", "a"))
    assert not gaps(config.folder)
    rerun = support.ran(config)
    assert not [line for line in rerun.lines if line.gap]
    assert not holds(config.folder, SECRET)
    assert len(rerun.rows("unmatched")) == 1


@pytest.mark.slow
def test_what_nobody_has_is_kept_out_all_the_same(base: support.Ran, run: Path) -> None:
    before = state(run)["rows"]
    assert "nothing of it was there" in purge(run, Target("source", "later"))
    assert state(run)["rows"] == before
    assert not gaps(run)
    stones = json.loads((run.parent / "tombstones.json").read_text())
    assert [stone["source"] for stone in stones] == ["later"]


def test_a_version_that_nothing_is_left_of_can_still_be_read(run: Path) -> None:
    for source in "ab":
        purge(run, Target("source", source))
    version = latest_version(run)
    assert version is not None
    [part] = check_version_folder(version)
    assert pq.read_table(part).num_rows == 0
    assert not gaps(run)


def test_a_copy_is_purged_and_not_its_original(base: support.Ran, run: Path) -> None:
    for name in ("run=backup", "elsewhere"):
        copy = run.with_name(name)
        shutil.copytree(run, copy)
        before = {path: text for path, text in texts(run) if path.name != "_lease"}
        purge(copy, Target("source", "a"))
        assert not holds(copy / "answers", SECRET) + holds(copy / "versions", SECRET)
        assert {path: text for path, text in texts(run) if path.name != "_lease"} == before
        assert not gaps(copy)


def test_a_name_that_nobody_has_is_a_slip(base: support.Ran, run: Path, tmp_path: Path) -> None:
    def call(*words: str) -> Result:
        return CliRunner().invoke(app, ["purge", *words, "--yes"])

    wrong = call(str(run), "--source", "aa")
    assert (wrong.exit_code, "did you mean 'a'?" in wrong.stderr, "--ahead" in wrong.stderr) == (
        2,
        True,
        True,
    )
    assert call(str(run), "--question", "0" * 32).exit_code == 2
    assert not (run.parent / "tombstones.json").exists()
    # A run without rows of it is no hindrance where another has some, nor where it was purged before.
    other = run.with_name("run=other")
    shutil.copytree(run, other)
    assert call(str(other), "--source", "a").exit_code == 0
    assert call(str(other), str(run), "--source", "a").exit_code == 0
    assert not holds(run / "answers", SECRET)
    assert call(str(run), "--source", "later", "--ahead").exit_code == 0


def test_a_run_in_use_and_a_damaged_part_stop_a_purge(run: Path) -> None:
    lease = Lease(run)
    with pytest.raises(LeaseHeld):
        purge(run, Target("source", "a"))
    lease.release()
    entry = json.loads((run / "_manifests" / "kept.verifiable.json").read_text())
    name = next(iter(entry["parts"]))
    other = next(run.glob("kept/lane=non_verifiable/*.parquet"))
    shutil.copy(other, run / "kept" / "lane=verifiable" / f"{name}.parquet")
    with pytest.raises(DamagedPart, match=name):
        purge(run, Target("source", "a"))
