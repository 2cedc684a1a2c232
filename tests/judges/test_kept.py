"""What is read off sources once is told to the processes that come after, and is never out of date."""

import ast
from pathlib import Path
from typing import Any

import pytest

import judges.versions
from judges.catalog import catalog
from judges.kept import Kept
from judges.versions import check_version


@pytest.fixture(autouse=True)
def bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Python writes bytecode into a folder of this test's own."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr("sys.pycache_prefix", str(tmp_path / "bytecode"))
    return tmp_path / "bytecode"


def in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as versions go."""
    kept = Kept("versions")
    monkeypatch.setattr(judges.versions, "_KEPT", kept)
    monkeypatch.setattr("judges.catalog.keep_read", kept.save)
    judges.versions._read.cache_clear()


def version(name: str = "math") -> str:
    return getattr(catalog()[name], "version", "")


def test_another_process_parses_no_source_that_it_was_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    in_another_process(monkeypatch)
    before, parsed = version(), list[str]()
    parse = ast.parse
    in_another_process(monkeypatch)
    monkeypatch.setattr(ast, "parse", lambda text, file, *_: (parsed.append(file), parse(text, file))[1])
    assert version() == before
    assert parsed == []


def test_a_source_that_is_another_by_now_is_parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "rule.py"
    told = []
    for text in ("MOST = 1\n", "MOST = 2\n", "MOST = 1\n"):
        in_another_process(monkeypatch)
        path.write_text(text)
        told.append(check_version(path, (), {}))
        judges.versions._KEPT.save()
    assert told[0] == told[2] != told[1]


def test_another_module_beside_it_is_another_reading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same text may mean a module by now that was not there before."""
    monkeypatch.setattr(judges.versions, "HERE", tmp_path)
    path = tmp_path / "rule.py"
    path.write_text("from judges.values import other\n")
    told = []
    for text in (None, "MOST = 1\n"):
        in_another_process(monkeypatch)
        judges.versions._reader.cache_clear()
        if text is not None:
            (tmp_path / "values").mkdir()
            (tmp_path / "values/other.py").write_text(text)
        told.append(check_version(path, (), {}))
        judges.versions._KEPT.save()
    assert told[0] != told[1]


@pytest.mark.parametrize("left", [b"", b'{"a": ', b"[]", b"\xff"])
def test_a_file_that_cannot_be_read_is_an_empty_one(bytecode: Path, left: bytes) -> None:
    kept = Kept("some")
    kept.put("a", 1)
    kept.save()
    (file,) = bytecode.rglob("*.json")
    file.write_bytes(left)
    again = Kept("some")
    assert again.get("a") is None
    again.put("b", 2)
    again.save()
    assert Kept("some").get("b") == 2


def test_two_processes_keep_what_either_read() -> None:
    one, other = Kept("some"), Kept("some")
    assert one.get("a") is other.get("a") is None
    for kept, key in ((one, "a"), (other, "b")):
        kept.put(key, key)
        kept.save()
    assert [Kept("some").get(key) for key in "ab"] == ["a", "b"]


def test_where_python_writes_no_bytecode_nothing_is_written(
    bytecode: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    kept = Kept("some")
    kept.put("a", 1)
    kept.save()
    assert not bytecode.exists()


def test_an_installation_that_may_not_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.pycache_prefix", str(tmp_path / "file"))
    kept = Kept("some")
    kept.put("a", 1)
    kept.save()
    assert kept.get("a") == 1


def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judges.kept._MOST", 3)
    for key in "abcde":
        kept = Kept("some")
        kept.put(key, key)
        kept.save()
    found: list[Any] = [Kept("some").get(key) for key in "abcde"]
    assert found == [None, None, None, "d", "e"]
