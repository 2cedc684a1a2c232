"""What a program uses but does not define, taken from earlier blocks of its answer and from the question."""

import ast
import builtins
from collections.abc import Iterator, Sequence

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BUILT_IN = frozenset(dir(builtins))


def parsed(text: str) -> ast.Module | None:
    """Its statements; None where it is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def bound(body: Sequence[ast.stmt]) -> set[str]:
    """Names that statements bind at the top level."""
    names: set[str] = set()
    left: list[ast.AST] = list(body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, _OWN_SCOPE):
            left += ast.iter_child_nodes(node)
    return names


def helpers(text: str, earlier: Sequence[str], setup: str, entry: str | None) -> list[str]:
    """One source of all that is needed, in order; none where nothing is.

    Of earlier blocks, statements that bind a name the program lacks, and those that fill what was bound; of
    the question, what it does besides, too. What binds the entry point is left out.
    """
    tree = parsed(text)
    if tree is None:
        return []
    own = bound(tree.body)
    nodes = _usable(setup, entry, own, shown=True)
    for each in earlier:
        nodes += _usable(each, entry, own, shown=False)
    taken = _needed(nodes, _used(tree) - own - _BUILT_IN, own)
    source = "\n".join(node.text for node in nodes if node in taken)
    return [source] if source else []


class _Statement:
    def __init__(self, node: ast.stmt, text: str, always: bool) -> None:
        self.text, self.always = text, always
        self.defines = isinstance(node, _DEFINITIONS)
        self.binds, self.uses = bound([node]), _used(node)
        self.fills = set() if self.defines or self.uses & {"print", "input"} else _filled(node)
        star = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        self.always |= star or text.startswith("sys.setrecursionlimit(")


def _usable(source: str, entry: str | None, own: set[str], shown: bool) -> list[_Statement]:
    tree = parsed(source)
    if tree is None:
        return []
    lines = [line.encode() for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    made = []
    for node in tree.body:
        constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        names = bound([node]) if isinstance(node, _DEFINITIONS) else bound([node]) | _used(node)
        if constant or _is_main(node) or (entry is not None and entry in names):
            continue
        always = shown and not isinstance(node, _DEFINITIONS) and not bound([node]) & own
        made.append(_Statement(node, _segment(lines, node), always))
    return made


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test)
    )


def _segment(lines: list[bytes], node: ast.stmt) -> str:
    """Its text, decorators included."""
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
    last = node.end_lineno or node.lineno
    start = node.col_offset if first == node.lineno else 0
    whole = lines[first - 1 : last]
    whole[-1] = whole[-1][: node.end_col_offset]
    return b"\n".join([whole[0][start:], *whole[1:]]).decode()


def _needed(nodes: list[_Statement], lacking: set[str], own: set[str]) -> set[_Statement]:
    """Those that bind what is lacking, and what those need in turn."""
    binding: dict[str, list[_Statement]] = {}
    filling: dict[str, list[_Statement]] = {}
    for node in nodes:
        for names, table in ((node.binds, binding), (node.fills, filling)):
            for name in names:
                table.setdefault(name, []).append(node)
    taken: set[_Statement] = set()
    left = sorted(lacking)

    def take(node: _Statement) -> Iterator[str]:
        if node not in taken:
            taken.add(node)
            yield from node.uses | node.binds

    for node in nodes:
        if node.always:
            left += take(node)
    while left:
        name = left.pop()
        if name in own or name in _BUILT_IN:
            continue
        for node in (*binding.get(name, ()), *filling.get(name, ())):
            left += take(node)
    return taken


def _used(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _filled(node: ast.stmt) -> set[str]:
    """Names of what a statement changes without binding it: `held[k] = v`, `held.append(v)`."""
    found: set[str] = set()
    for each in ast.walk(node):
        inner: ast.AST | None = None
        if isinstance(each, ast.Subscript | ast.Attribute) and isinstance(each.ctx, ast.Store | ast.Del):
            inner = each
        elif isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
            inner = each.value.func
        while isinstance(inner, ast.Subscript | ast.Attribute):
            inner = inner.value
            if isinstance(inner, ast.Name):
                found.add(inner.id)
    return found
