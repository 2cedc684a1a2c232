"""Checks are found by folder, loaded strictly, and versioned by what they say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import judges.versions
from judges.catalog import CatalogError, catalog, pick

RULE = '''"""Drop what is too long."""
import re
from judges.base import Attempt, check
from judges.values.sample import helper


@check(passes=["ok"], fails={"x" * 9: "9 characters"})
def too_long(attempt: Attempt, most: int = 5) -> str | None:
    """More than most."""
    # a comment
    size = helper(attempt.response)
    return f"{size} characters" if size > most else None
'''
HELPER = '"""A value."""\n\ndef helper(text: str) -> int:\n    "Its length."\n    return len(text)\n'
RUBRIC = """+++
lane = "both"
fault = "it is rude"
scale = ["FAULT", "CLEAN"]
pass_from = "CLEAN"
max_tokens = 100
[[examples]]
question = "q"
answer = "a"
want = "pass"
reply = "VERDICT: CLEAN"
[[examples]]
question = "q"
answer = "a"
want = "fail"
reply = "VERDICT: FAULT"
+++
{question} {answer}
"""
Version = Callable[..., str]


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Version:
    """The version of a check file, given its text and that of the values module it uses."""
    values = tmp_path / "values"
    values.mkdir()
    monkeypatch.setattr(judges.versions, "HERE", tmp_path)

    def of(rule: str = RULE, helper: str = HELPER, libraries: tuple[str, ...] = (), **params: Any) -> str:
        (values / "sample.py").write_text(helper)
        path = tmp_path / "too_long.py"
        path.write_text(rule)
        judges.versions._read.cache_clear()
        judges.versions._reader.cache_clear()
        return judges.versions.check_version(path, libraries, {"most": 5} | params)

    return of


@pytest.mark.parametrize(
    "change",
    [
        ("# a comment", "# another"),
        ('"""More than most."""', '"""Another docstring."""'),
        ('"""Drop what', '"""Remove what'),
        ('"x" * 9: "9 characters"', '"x" * 8: "8 characters", Attempt.of("x" * 7): "7 characters"'),
        ('passes=["ok"]', 'passes=["ok", SHORT], unscored={"?": "?"}'),
        ("import Attempt, check", "import Attempt, Unscored, check"),
        ("if size > most else None", "if (size > most) else None"),
        ("\n\n@check", '\nSHORT = "s"\n\n\n@check'),
    ],
)
def test_version_ignores(version: Version, change: tuple[str, str]) -> None:
    rule = RULE.replace(*change)
    assert rule != RULE
    if "SHORT" in rule:
        rule = rule.replace("\n\n@check", '\nSHORT = "s"\n\n@check').replace(
            'passes=["ok"]', 'passes=["ok", SHORT]'
        )
    assert version(rule) == version()


@pytest.mark.parametrize(
    "change",
    [
        ("most: int = 5", "most: int = 6"),
        ("size > most", "size >= most"),
        ('characters" if', 'signs" if'),
        ("import re\n", "import regex\n"),
        ("\n\n@check", "\nMOST = 1\n\n\n@check"),
    ],
)
def test_version_sees_in_the_check(version: Version, change: tuple[str, str]) -> None:
    assert RULE.replace(*change) != RULE
    assert version(RULE.replace(*change)) != version()


def test_version_sees_values_libraries_and_parameters(version: Version) -> None:
    assert version(helper=HELPER.replace("len(text)", "len(text) + 1")) != version()
    assert version(helper=HELPER.replace("A value.", "Another docstring.")) == version()
    assert version(most=6) != version()
    assert version(libraries=("pydantic",)) != version()
    assert version(libraries=("pydantic",)) != version(libraries=("psutil",))


def test_version_sees_values_of_values(version: Version, tmp_path: Path) -> None:
    through = "from judges.values import other\n" + HELPER
    (tmp_path / "values/other.py").write_text("MOST = 1\n")
    before = version(helper=through)
    (tmp_path / "values/other.py").write_text("MOST = 22\n")
    assert version(helper=through) != before


def test_version_sees_other_modules_of_judges_but_not_what_all_import(
    version: Version, tmp_path: Path
) -> None:
    through = "from judges.walls import HEIGHT\nfrom judges.base import Unscored\n" + HELPER
    told = []
    for walls, base in (("1", "1"), ("2", "1"), ("2", "2")):
        (tmp_path / "walls.py").write_text(f"HEIGHT = {walls}\n")
        (tmp_path / "base.py").write_text(f"HEIGHT = {base}\n")
        told.append(version(helper=through))
    assert told[0] != told[1] == told[2]


@pytest.mark.slow
def test_the_version_of_code_covers_its_sandbox() -> None:
    closure = {path.stem for path in judges.versions._closure(judges.versions.HERE / "verifiers/code.py")}
    assert {"sandbox", "sandbox_enter", "sandbox_inside", "sandbox_cases", "plain_data"} <= closure
    assert not {"base", "attempt"} & closure


def user(tmp_path: Path, name: str, text: str) -> tuple[Path]:
    path = tmp_path / "mine" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("from judges.values.sample import helper", "helper = len"))
    return (tmp_path / "mine",)


@pytest.mark.parametrize("name", ["too_long.py", "rules/too_long.py", "verifiers/too_long.py"])
def test_user_checks_load(tmp_path: Path, name: str) -> None:
    found = pick(catalog(user(tmp_path, name, RULE), {"too_long": {"most": 8}}), "too_long")
    assert found.kind == ("verifier" if "verifiers" in name else "rule")
    assert found.doc == "Drop what is too long."
    assert found.broken_examples() == []


@pytest.mark.parametrize("name", ["rude.md", "rubrics/rude.md"])
def test_user_rubrics_load(tmp_path: Path, name: str) -> None:
    folders = user(tmp_path, name, RUBRIC)
    user(tmp_path, "README.md", "no rubric")
    assert pick(catalog(folders), "rude").kind == "rubric"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("bad.py", "def x(:\n", r"mine/bad\.py:1: SyntaxError"),
        ("bad.py", "import json\n\njson.nothing\n", r"mine/bad\.py:3: AttributeError"),
        (
            "bad.py",
            "import sys\n\nsys.exit(0)\n",
            r"mine/bad\.py:3: SystemExit: 0; a file of a check may not end the process",
        ),
        ("bad.py", "good = 1\n", r"mine/bad\.py: TypeError: define a function 'bad'"),
        ("bad.md", "no front matter", r"mine/bad\.md: ValueError: expected '\+\+\+'"),
        ("bad.md", RUBRIC.replace('"FAULT", "CLEAN"', '"CLEAN"'), r"mine/bad\.md: ValidationError: scale"),
        ("bad.md", RUBRIC.replace("{answer}\n", ""), r"mine/bad\.md: .* exactly once"),
        ("bad.md", RUBRIC.replace('lane = "both"', "lane = "), r"mine/bad\.md: TOMLDecodeError"),
        (
            "rules/math.py",
            RULE.replace("too_long", "math"),
            r"mine/rules/math\.py.*'math' is taken by .*verifiers/math\.py",
        ),
        (
            "lib.py",
            RULE.replace("too_long", "lib").replace('rs"}', "rs\"}, libraries=('no-such',)"),
            r"mine/lib\.py: PackageNotFoundError",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog(user(tmp_path, name, text))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"no_lop": {}}, r"\[checks.no_lop\]: there is no check 'no_lop'; did you mean 'no_loop'"),
        ({"no_loop": {"mst": 1}}, "no parameter 'mst'; did you mean 'most'"),
        ({"no_loop": {"most": "many"}}, "parameter 'most'"),
        ({"code": {"cpu_s": 0}}, "parameter 'cpu_s': Input should be greater than or equal to 0.1"),
        ({"code": {"cpu_s": -1}}, "parameter 'cpu_s'"),
        ({"code": {"cpu_s": float("inf")}}, "parameter 'cpu_s'"),
        ({"code": {"memory_mb": 0}}, "parameter 'memory_mb': Input should be greater than or equal to 64"),
        ({"text": {"most_words": -1}}, "parameter 'most_words'"),
    ],
)
def test_bad_parameters_are_named(params: dict[str, dict[str, Any]], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog((), params)


def test_missing_folder_and_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such folder"):
        catalog((tmp_path / "nowhere",))
    with pytest.raises(CatalogError, match="there is no check 'mth'; did you mean 'math'"):
        pick(catalog(), "mth")


def test_parameters_change_only_their_checks_version() -> None:
    plain, bound = catalog(), catalog((), {"no_loop": {"most": 9}})
    assert {name for name in plain if plain[name].version != bound[name].version} == {"no_loop"}
