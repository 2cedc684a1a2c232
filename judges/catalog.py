"""Find checks by folder: one file, one check, named like its file; a bad file stops with its path."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from judges.base import Check, Kind, did_you_mean, explain
from judges.rubric import Rubric
from judges.versions import check_version, keep_read

_HERE = Path(__file__).parent
_KINDS: dict[str, Kind] = {"verifiers": "verifier", "rules": "rule", "questions": "question"}
_HOOKS = ("same", "near_misses", "equivalents", "warm")
AnyCheck = Check | Rubric


class CatalogError(ValueError):
    """A check that cannot be loaded, or parameters for one that cannot be; the message names the place."""


def catalog(
    folders: tuple[Path, ...] = (),
    params: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    versioned: bool = True,
) -> Mapping[str, AnyCheck]:
    """Every check by name: ours, then those of user folders, with `params[name]` bound.

    A folder may hold `verifiers/`, `rules/`, `questions/` and `rubrics/`, and beside them rules (`.py`)
    and rubrics (`.md`). Without versions, which take as long as all the rest, checks can rule and nothing
    else. Raises CatalogError.
    """
    params = params or {}
    found: dict[str, tuple[AnyCheck, Path]] = {}
    for path, kind in _files(folders):
        made = _load(path, kind, params.get(path.stem, {}), versioned)
        if path.stem in found:
            raise CatalogError(f"{path}: the name {path.stem!r} is taken by {found[path.stem][1]}")
        found[path.stem] = (made, path)
    for name in params:
        if name not in found:
            raise CatalogError(f"[checks.{name}]: there is no check {name!r}{did_you_mean(name, found)}")
    keep_read()
    return {name: made for name, (made, _) in found.items()}


def pick(checks: Mapping[str, AnyCheck], name: str) -> AnyCheck:
    """The check of this name. Raises CatalogError that suggests the near one."""
    if name not in checks:
        raise CatalogError(f"there is no check {name!r}{did_you_mean(name, checks)}")
    return checks[name]


def _files(folders: tuple[Path, ...]) -> Iterator[tuple[Path, Kind]]:
    for folder in (_HERE, *folders):
        if not folder.is_dir():
            raise CatalogError(f"{folder}: no such folder of checks")
        for name, kind in _KINDS.items():
            yield from ((path, kind) for path in _sources(folder / name, "*.py"))
        yield from ((path, "rule") for path in _sources(folder / "rubrics", "*.md"))
        if folder != _HERE:
            yield from ((path, "rule") for path in _sources(folder, "*.py"))
            yield from ((path, "rule") for path in _sources(folder, "*.md") if path.stem != "README")


def _sources(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith(("_", ".")))


def _load(path: Path, kind: Kind, params: Mapping[str, Any], versioned: bool) -> AnyCheck:
    try:
        made = Rubric.load(path) if path.suffix == ".md" else _check(path, kind)
        bound = made.bind(params)
        if isinstance(bound, Rubric) or not versioned:
            return bound
        return replace(bound, version=check_version(path, bound.libraries, bound.params, bound.optional))
    # A user's file may raise anything, and must be named; one that exits would end the command in silence.
    except (Exception, SystemExit) as error:
        said = explain(error) if isinstance(error, ValidationError) else str(error)
        said += "; a file of a check may not end the process" if isinstance(error, SystemExit) else ""
        raise CatalogError(f"{path}{_line(error, path)}: {type(error).__name__}: {said}") from error


def _check(path: Path, kind: Kind) -> Check:
    module = _module(path)
    made = getattr(module, path.stem, None)
    if not isinstance(made, Check):
        raise TypeError(f"define a function {path.stem!r} and make it a check with @check(…)")
    hooks: dict[str, Any] = {name: getattr(module, name, None) for name in _HOOKS}
    return replace(made, name=path.stem, kind=kind, **hooks)


def _module(path: Path) -> ModuleType:
    if path.parent.parent == _HERE:
        return importlib.import_module(f"judges.{path.parent.name}.{path.stem}")
    name = f"_user_check_{path.stem}_{blake2b(str(path.resolve()).encode(), digest_size=6).hexdigest()}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _line(error: BaseException, path: Path) -> str:
    """`:12` where the error arose in the file itself."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f":{error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f":{lines[-1]}" if lines else ""
