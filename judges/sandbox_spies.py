"""Which assertions look at what the candidate returned: its values are spies, and assertions take note."""

import ast
import copy
import operator
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

CHANGED, UNCHANGED, WATCHED = "changed", "unchanged", "watched"
"""Worlds in which tests are run: their values are changed as the candidate changes its own, or are not; and
are not, while what the candidate returned is watched."""
_NOTES = "__datapipe_notes__"
_BINARY = "add sub mul matmul truediv floordiv mod pow lshift rshift and_ or_ xor"
_UNARY = "neg pos invert abs"
_COMPARED = "lt le eq ne gt ge getitem"
_TOLD: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "len": len,
    "int": int,
    "float": float,
    "complex": complex,
    "index": operator.index,
    "hash": hash,
    "str": str,
    "repr": repr,
}
"""What has to be of one type, so that the trace of the candidate ends here."""


class Notes:
    """What became of each assertion, and did it look at what the candidate returned?"""

    def __init__(self) -> None:
        self._open: list[bool] = []
        self._loose = self._held = False
        self.failed: list[tuple[int, bool]] = []
        """Line of each that failed, and whether it looked."""
        self._lines: list[int] = []

    @property
    def independent(self) -> bool:
        """Something failed, and nothing of that looked."""
        return bool(self.failed) and not any(looked for _, looked in self.failed)

    def look(self) -> None:
        """Somebody looks; outside of assertions, all that come later may depend on it."""
        if self._open:
            self._open[-1] = True
        else:
            self._loose = True

    def steer(self) -> None:
        """The candidate raised, which decides what is run from here on."""
        self._loose = True

    def holds(self, found: Any) -> None:
        """The value of the assertion that is open."""
        self._held = bool(found)

    def at(self, line: int) -> "Notes":
        """An assertion begins at this line."""
        self._lines.append(line)
        return self

    def same(self, one: Any, other: Any) -> Any:
        """`one is other`."""
        spied = any(type(each) is Spy for each in (one, other))
        found = plain(one) is plain(other)
        return Spy(found, self) if spied else found

    def kind(self, value: Any) -> Any:
        """`type(value)`."""
        return Spy(type(plain(value)), self) if type(value) is Spy else type(value)

    def __enter__(self) -> None:
        self._open.append(False)
        self._held = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        looked = self._open.pop() or self._loose or error is not None
        line = self._lines.pop()
        if error is not None or not self._held:
            self.failed.append((line, looked))
        return kind is None or issubclass(kind, Exception)


class Spy:
    """A value of the candidate's that tells when it is looked at; what is computed from it is a spy too."""

    __slots__ = ("_notes", "_value")

    def __init__(self, value: Any, notes: Notes) -> None:
        self._value, self._notes = value, notes

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        self._notes.look()
        return type(self._value)

    def __getattr__(self, name: str) -> Any:
        return Spy(getattr(self._value, name), self._notes)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return Spy(self._value(*map(plain, args), **kwargs), self._notes)

    def __iter__(self) -> Iterator[Any]:
        self._notes.look()
        return (Spy(each, self._notes) for each in self._value)

    def __next__(self) -> Any:
        self._notes.look()
        return Spy(next(self._value), self._notes)

    def __contains__(self, item: Any) -> bool:
        self._notes.look()
        return plain(item) in self._value

    def __setitem__(self, key: Any, value: Any) -> None:
        self._value[plain(key)] = plain(value)

    def __round__(self, *digits: Any) -> Any:
        return Spy(round(self._value, *map(plain, digits)), self._notes)

    def __divmod__(self, other: Any) -> Any:
        return Spy(divmod(self._value, plain(other)), self._notes)

    def __format__(self, spec: str) -> str:
        self._notes.look()
        return format(self._value, spec)

    def __deepcopy__(self, _: dict[int, Any]) -> Any:
        return Spy(copy.deepcopy(self._value), self._notes)


def plain(value: Any) -> Any:
    """What a spy stands for."""
    return value._value if type(value) is Spy else value


def watched(tests: str) -> ast.Module:
    """The tests with assertions that go on and take note, with `_NOTES` to be put among their names."""
    made: ast.Module = _Watched().visit(ast.parse(tests))
    return ast.fix_missing_locations(made)


def install(names: dict[str, Any], notes: Notes) -> None:
    """Lay the notes where watched tests look for them."""
    names[_NOTES] = notes


class _Watched(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> Any:
        self.generic_visit(node)
        both = isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And)
        parts = node.test.values if both and isinstance(node.test, ast.BoolOp) else [node.test]
        return [self._noted(part, node) for part in parts]

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Is | ast.IsNot):
            return node
        made: ast.expr = self._called("same", [node.left, *node.comparators])
        made = made if isinstance(node.ops[0], ast.Is) else ast.UnaryOp(ast.Not(), made)
        return ast.copy_location(made, node)

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        asks = isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 1
        return ast.copy_location(self._called("kind", node.args), node) if asks else node

    def _noted(self, test: ast.expr, node: ast.Assert) -> ast.stmt:
        begun = self._called("at", [ast.Constant(node.lineno)])
        body = ast.Expr(self._called("holds", [test]))
        return ast.copy_location(ast.With([ast.withitem(begun)], [body]), node)

    @staticmethod
    def _called(name: str, args: list[ast.expr]) -> ast.expr:
        return ast.Call(ast.Attribute(ast.Name(_NOTES, ast.Load()), name, ast.Load()), args, [])


def _forwarded(act: Callable[..., Any], turned: bool = False) -> Callable[..., Any]:
    def does(self: Spy, *others: Any) -> Any:
        values = [self._value, *map(plain, others)]
        return Spy(act(*(reversed(values) if turned else values)), self._notes)

    return does


def _telling(act: Callable[[Any], Any]) -> Callable[[Spy], Any]:
    def tells(self: Spy) -> Any:
        self._notes.look()
        return act(self._value)

    return tells


for _name in f"{_BINARY} {_UNARY} {_COMPARED}".split():
    _special = _name.rstrip("_")
    setattr(Spy, f"__{_special}__", _forwarded(getattr(operator, _name)))
    if _name in _BINARY.split():
        setattr(Spy, f"__r{_special}__", _forwarded(getattr(operator, _name), turned=True))
for _name, _act in _TOLD.items():
    setattr(Spy, f"__{_name}__", _telling(_act))
