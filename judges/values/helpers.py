"""What a program uses but does not define, taken from earlier blocks of its answer and from the question."""

import ast
import builtins
from collections.abc import Iterator, Sequence
from functools import cached_property

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


class Source:
    """A text that is parsed once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._usable: dict[str | None, list[Statement]] = {}

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its statements; None where it is no Python."""
        return parsed(self.text)

    @cached_property
    def bound(self) -> set[str]:
        """Names that it binds at the top level."""
        return bound(self.tree.body) if self.tree else set()

    @cached_property
    def used(self) -> set[str]:
        """All of its names."""
        return _used(self.tree) if self.tree else set()

    @cached_property
    def words(self) -> set[str]:
        """All that `word` finds."""
        return _words(self.tree) if self.tree else set()

    def usable(self, entry: str | None) -> list["Statement"]:
        """Statements that another source may need: no main part, and nothing that binds the entry point."""
        if entry not in self._usable:
            self._usable[entry] = _usable(self, entry)
        return self._usable[entry]


class Statement:
    """One of the top level, and its names."""

    def __init__(self, node: ast.stmt, text: str) -> None:
        self.node, self.text = node, text
        self.defines = isinstance(node, _DEFINITIONS)
        self.binds, self.uses = bound([node]), _used(node)
        self.fills = set() if self.defines or self.uses & {"print", "input"} else _filled(node)
        star = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        self.always = star or text.startswith("sys.setrecursionlimit(")

    @cached_property
    def words(self) -> set[str]:
        """All that `word` finds."""
        return _words(self.node)


def needed(source: Source, earlier: Sequence[Source], setup: Source, entry: str | None) -> list[Statement]:
    """All that a program needs, in order.

    Of earlier blocks, statements that bind a name the program lacks, and those that fill what was bound; of
    the question, what it does besides, too. What binds the entry point is left out.
    """
    if source.tree is None:
        return []
    own = source.bound
    shown = setup.usable(entry)
    always = [each for each in shown if not each.defines and not each.binds & own]
    nodes = [*shown, *(node for each in earlier for node in each.usable(entry))]
    taken = _needed(nodes, source.used - own - _BUILT_IN, own, always)
    return [node for node in nodes if node in taken]


def joined(statements: Sequence[Statement]) -> list[str]:
    """One source of them; none where there are none."""
    source = "\n".join(node.text for node in statements)
    return [source] if source else []


def _usable(source: Source, entry: str | None) -> list[Statement]:
    if source.tree is None:
        return []
    text = source.text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.encode() for line in text.split("\n")]
    made = []
    for node in source.tree.body:
        constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        names = bound([node]) if isinstance(node, _DEFINITIONS) else bound([node]) | _used(node)
        if not constant and not _is_main(node) and (entry is None or entry not in names):
            made.append(Statement(node, _segment(lines, node)))
    return made


def word(node: ast.AST) -> str | None:
    """The name, attribute or import that a node is; what opens descriptor 0 counts as `stdin`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.alias):
        return node.name.rpartition(".")[2]
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "open"
        and node.args
    ):
        first = node.args[0]
        return "stdin" if isinstance(first, ast.Constant) and first.value in (0, "/dev/stdin") else None
    return node.attr if isinstance(node, ast.Attribute) else None


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


def _needed(
    nodes: list[Statement], lacking: set[str], own: set[str], always: list[Statement]
) -> set[Statement]:
    """Those that bind what is lacking, and what those need in turn."""
    binding: dict[str, list[Statement]] = {}
    filling: dict[str, list[Statement]] = {}
    for node in nodes:
        for names, table in ((node.binds, binding), (node.fills, filling)):
            for name in names:
                table.setdefault(name, []).append(node)
    taken: set[Statement] = set()
    left, seen = sorted(lacking), own | _BUILT_IN

    def take(node: Statement) -> Iterator[str]:
        if node not in taken:
            taken.add(node)
            yield from node.uses | node.binds

    for node in (*always, *(each for each in nodes if each.always)):
        left += take(node)
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in (*binding.get(name, ()), *filling.get(name, ())):
            left += take(node)
    return taken


def _words(node: ast.AST) -> set[str]:
    return {found for each in ast.walk(node) if (found := word(each)) is not None}


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
