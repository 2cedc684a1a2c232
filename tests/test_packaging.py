"""Hold what the wheel and the lock promise, since our four import names are common words."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
PACKAGES = ["schemas", "judges", "datapipe", "flows"]


def files_of(package: str) -> set[str]:
    found = (
        path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    return {path.relative_to(ROOT).as_posix() for path in found}


def imported_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    built = next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    return set(ZipFile(built).namelist())


@pytest.mark.parametrize("name", PACKAGES)
def test_name_is_ours(name: str) -> None:
    origin = import_module(name).__file__
    assert origin is not None
    assert Path(origin).parent == ROOT / name


def test_wheel_holds_the_four_packages_and_nothing_else(wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}
    assert tops == {*PACKAGES, "reasoning_datapipe-0.1.0.dist-info"}


@pytest.mark.parametrize("name", PACKAGES)
def test_wheel_holds_every_file_of(name: str, wheel: set[str]) -> None:
    assert files_of(name) <= wheel


def test_wheel_holds_the_rubrics(wheel: set[str]) -> None:
    assert [name for name in wheel if re.fullmatch(r"judges/rubrics/\w+\.md", name)]


def test_wheel_cannot_be_uploaded_by_accident() -> None:
    assert '"Private :: Do Not Upload"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_lock_pins_and_hashes_every_line() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(pins) > 50
    assert all(re.match(r"[a-z0-9-]+==\S+ .*\\$", pin) for pin in pins)
    assert all(
        re.fullmatch(r" {4}(--hash=sha256:[0-9a-f]{64}( \\)?|#.*)", line) for line in lines if line[:1] == " "
    )


def test_lock_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"://|@|file:|--(extra-)?index-url|--find-links|--trusted-host", lock)


def test_schemas_stands_on_pydantic_pyarrow_jsonschema_and_orjson_alone() -> None:
    """jsonschema, with its `referencing`, so that a bad schema is refused where a reference is read; orjson,
    which writes identities."""
    imported = set().union(*(imported_by(path) for path in (ROOT / "schemas").rglob("*.py")))
    assert imported - sys.stdlib_module_names <= {
        "schemas",
        "pydantic",
        "pyarrow",
        "jsonschema",
        "referencing",
        "orjson",
    }
