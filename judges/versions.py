"""A check's version: what its code says, without comments, docstrings, examples and formatting."""

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from judges.kept import Kept
from schemas.ids import content_id

HERE = Path(__file__).parent
_FRAMEWORK = frozenset({"base", "attempt"})
"""What every check imports: it changes no verdict, or those of all."""
_EXAMPLES = frozenset({"passes", "fails", "unscored"})
_SCOPES = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def check_version(
    path: Path, libraries: Iterable[str], params: Mapping[str, Any], optional: Iterable[str] = ()
) -> str:
    """12 hex digits over the file's code, the modules of `judges` under it, libraries and parameters.

    Raises importlib.metadata.PackageNotFoundError for a library that is not installed and not optional.
    """
    sources = sorted(_closure(path))
    return content_id(
        "check",
        [_source(source).code for source in (path, *sources)],
        {name: version(name) for name in libraries} | {name: installed(name) for name in optional},
        {name: repr(value) for name, value in params.items()},
    )[:12]


@cache
def installed(distribution: str) -> str | None:
    """The version of a distribution, or None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def values_version(name: str) -> str:
    """The same over one module of `judges.values` and those under it."""
    return check_version(HERE / f"values/{name}.py", (), {})


@dataclass(frozen=True, slots=True)
class _Source:
    """What matters of one file: a hash of its code, and the modules of `judges` it imports."""

    code: str
    uses: frozenset[Path]


def _source(path: Path) -> _Source:
    stat = path.stat()
    return _read(path, HERE, (stat.st_mtime_ns, stat.st_size))


@cache
def _read(path: Path, here: Path, _stamp: tuple[int, int]) -> _Source:
    text = path.read_text("utf-8")
    key = content_id("source", _reader(here), text)
    if (told := _KEPT.get(key)) is None:
        tree = ast.parse(text, str(path))
        used = {os.fspath(each.relative_to(here)) for each in _uses(tree, here)}
        told = [content_id("code", _code(tree)), sorted(used)]
        _KEPT.put(key, told)
    code, uses = told
    return _Source(code, frozenset(here / each for each in uses))


@cache
def _reader(here: Path) -> str:
    """What a source is read as depends on besides its text: how that is done, and the modules there are."""
    files = sorted(os.fspath(file.relative_to(here)) for file in here.rglob("*.py"))
    return content_id("reader", Path(__file__).read_text("utf-8"), files)


_KEPT = Kept("versions")
keep_read = _KEPT.save
"""What was read up to now, for other processes."""


def _closure(path: Path) -> set[Path]:
    found: set[Path] = set()
    ahead = set(_source(path).uses)
    while ahead:
        found |= ahead
        ahead = {used for each in ahead for used in _source(each).uses} - found
    return found


def _uses(tree: ast.Module, here: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple):
            yield from _listed(node, here)
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for top, *parts in (name.split(".") for name in names):
            if top == "judges" and parts and parts[0] not in _FRAMEWORK:
                # The last part may be a name inside the module.
                found = [here.joinpath(*parts[:size]).with_suffix(".py") for size in (1, 2)]
                yield from (file for file in found if file.is_file())


def _listed(node: ast.Tuple, here: Path) -> Iterator[Path]:
    """Modules listed by path and not imported, as those are that a sandbox is handed as text."""
    values = [each.value for each in node.elts if isinstance(each, ast.Constant)]
    names = [value for value in values if isinstance(value, str) and value]
    files = [here / f"{name}.py" for name in names]
    if files and len(files) == len(node.elts) and all(file.is_file() for file in files):
        yield from files


def _code(tree: ast.Module) -> list[str]:
    skipped = _example_helpers(tree)
    body = tree.body[1:] if _docstring(tree) else tree.body
    return [_shape(node) for node in body if not _framework(node) and _defines(node) - skipped != set()]


def _framework(node: ast.stmt) -> bool:
    """An import of what every check imports: another name of it, for an example, changes no verdict."""
    return isinstance(node, ast.ImportFrom) and node.module in {f"judges.{name}" for name in _FRAMEWORK}


def _defines(node: ast.stmt) -> set[str]:
    """The names a top-level statement binds; one that binds none counts as itself."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)} or {"*"}
    return {"*"}


def _example_helpers(tree: ast.Module) -> set[str]:
    """Top-level names that serve examples alone."""
    examples = [kw.value for kw in _example_keywords(tree)]
    if not examples:
        return set()
    inside = {id(node) for value in examples for node in ast.walk(value)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return {n.id for n in names if id(n) in inside} - {n.id for n in names if id(n) not in inside}


def _example_keywords(tree: ast.Module) -> Iterator[ast.keyword]:
    for node in tree.body:
        for mark in getattr(node, "decorator_list", []):
            if isinstance(mark, ast.Call):
                yield from (kw for kw in mark.keywords if kw.arg in _EXAMPLES)


def _shape(node: Any) -> str:
    """A syntax tree as text without what is empty, equal for equal code under every version of Python."""
    if isinstance(node, ast.AST):
        return f"{type(node).__name__}({','.join(f'{n}={_shape(v)}' for n, v in _fields(node) if v)})"
    if isinstance(node, list):
        return f"[{','.join(map(_shape, node))}]"
    return f"{type(node).__name__} {node!r}"


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    for name in node._fields:
        value: Any = getattr(node, name, None)
        if name == "body" and isinstance(node, _SCOPES) and _docstring(node):
            yield name, value[1:]
        elif name == "keywords":
            yield name, [each for each in value if each.arg not in _EXAMPLES]
        elif name != "type_comment" and value is not None:
            yield name, value if isinstance(value, ast.AST | list) else [value]


def _docstring(node: _SCOPES) -> bool:
    return ast.get_docstring(node, clean=False) is not None
