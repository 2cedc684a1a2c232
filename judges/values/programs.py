"""Find the program in an answer: the last fenced Python block that fits, or the answer itself."""

import ast
import re
import textwrap
from collections.abc import Sequence
from itertools import accumulate

from judges.values.fenced import fenced_blocks
from judges.values.helpers import Source, Statement, bound, joined, needed, parsed, word

_PYTHON = frozenset({"python", "py", "python3", "py3"})
_READS = frozenset({"input", "stdin", "__stdin__", "raw_input", "fileinput", "readline", "readlines", "read"})
_WRITES = frozenset({"print", "stdout", "__stdout__", "write", "writelines"})
_BREAKS, _DEFINES, _SKETCHES, _IMPORTS = 4, 3, 2, 1
_TESTING = frozenset({"unittest", "pytest", "doctest"})
_READING, _PRINTING = re.compile(r"\binput\(|stdin|\bopen\(0"), re.compile(r"print|stdout|write")
# What online judges import before a class with a method is run; taken where a program lacks it.
_JUDGE_IMPORTS = """
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Optional, Set, Tuple, Union
from collections import Counter, OrderedDict, defaultdict, deque
from functools import cache, cmp_to_key, lru_cache, reduce
from heapq import heapify, heappop, heappush, nlargest, nsmallest
from bisect import bisect_left, bisect_right, insort
from itertools import accumulate, chain, combinations, groupby, permutations, product
from math import ceil, comb, floor, gcd, inf, sqrt
import bisect, collections, functools, heapq, itertools, math, random, re, string
"""
_CODE = re.compile(
    r"^(?:def[ \t]+\w+[ \t]*\(|async[ \t]+def[ \t]|class[ \t]+\w+.*:[ \t]*$|@\w|import[ \t]+\w+[ \t]*$"
    r"|from[ \t]+[\w.]+[ \t]+import[ \t])",
    re.MULTILINE,
)
_MOST_PROSE, _MOST_CUTS = 20_000, 50
_MARK = "\ufeff"
_MOST_BLOCKS = 64
"""The last ones of an answer may be a whole program, and each is tried with all that stand before it."""
_RETURNS = re.compile(r"^[ \t]*(?:return|yield)\b", re.MULTILINE)
MOST_CHARS = 200_000
"""Of a program; no person and no model writes longer ones."""


def find_program(response: str, entry: str | None, setup: str) -> list[str] | None:
    """Sources to be run one after the other in one module; None where the answer holds no program.

    With an entry point, the last block that defines it, or that is the body which the stub at the end of
    `setup` lacks; what it uses but does not define is taken from earlier blocks and from `setup`. A block
    that only imports it, wraps it or sketches it counts where no other defines it. Without an entry point,
    the last block that reads and prints, if there is one. A response without fences counts if it is Python
    as a whole, or such a body.
    """
    blocks = _blocks(response)
    setup = whole_setup(setup)
    if entry is None:
        return _script(blocks, setup) if blocks else None
    name, dot, _ = entry.partition(".")
    shown = _JUDGE_IMPORTS + setup if dot else setup
    kinds = [(_kind(text, name), at) for at, (text, _) in enumerate(blocks)]
    best = max((kind for kind in kinds if kind[0]), default=None, key=_rank)
    if best is not None:
        text = blocks[best[1]][0]
        earlier = [Source(each) for each, _ in blocks[: best[1]]]
        return [*joined(needed(Source(text), earlier, Source(shown), name)), text]
    bodies = (
        [text for text, sure in blocks if sure] or [text for text, _ in blocks] or [response[:MOST_CHARS]]
    )
    if not fenced_blocks(response):
        bodies = [response[:MOST_CHARS]]
    body = next((text for text in reversed(bodies) if _RETURNS.search(text)), bodies[-1])
    return _completed(body, setup, name) if setup else None


def whole_setup(setup: str) -> str:
    """With a body for the stub that ends it, if that has none."""
    if not setup.strip() or parsed(setup) is not None:
        return setup
    last = setup.rstrip().rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())] + "    "
    closed = f"{setup.rstrip()}\n{indent}pass\n"
    return closed if parsed(closed) is not None else setup


def imported(sources: Sequence[str]) -> set[str]:
    """Top-level modules that the sources import."""
    found: set[str] = set()
    for tree in filter(None, map(parsed, sources)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def _blocks(response: str) -> list[tuple[str, bool]]:
    """Python blocks in order, and are they labelled as such; others count where they parse."""
    fenced = [(label, text.removeprefix(_MARK)) for label, text in fenced_blocks(response)]
    if not fenced:
        response = response.removeprefix(_MARK)
        whole = response if len(response) > MOST_CHARS or parsed(response) else _amid_prose(response)
        return [(whole, True)] if whole and len(whole) <= MOST_CHARS and parsed(whole) else []
    short = [(label, text) for label, text in fenced if len(text) <= MOST_CHARS and text.strip()]
    python = [(text, label in _PYTHON) for label, text in short if label in _PYTHON or not label]
    return [(text, sure) for text, sure in python if sure or parsed(text) or parsed(_indented(text))]


def _amid_prose(response: str) -> str:
    """From the first line that is code as far as lines are; nothing where none is."""
    start = _CODE.search(response)
    if start is None or len(response) > _MOST_PROSE:
        return ""
    lines = response[start.start() :].split("\n")
    # Each line that is not indented may begin the prose again.
    flush = [at for at, line in enumerate(lines) if line[:1].strip()]
    for end in (len(lines), *reversed(flush[1 : _MOST_CUTS + 1])):
        text = "\n".join(lines[:end]).rstrip() + "\n"
        if parsed(text) is not None:
            return text
    return ""


def _rank(kind: tuple[int, int]) -> tuple[int, int]:
    """Definitions that run, and those that mean to, before all else; among them the last."""
    return (_DEFINES if kind[0] == _BREAKS else kind[0], kind[1])


def _kind(text: str, name: str) -> int:
    """How a block binds the name; 0 where it does not."""
    tree = parsed(text)
    if tree is None:
        word = re.escape(name)
        means = re.search(rf"^(?:(?:async[ \t]+)?def[ \t]+|class[ \t]+){word}\b", text, re.MULTILINE)
        return _BREAKS if means else 0
    return max((_bound_as(node, name) for node in _flat(tree.body)), default=0)


def _flat(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Statements of the top level, those under conditions among them."""
    found: list[ast.stmt] = []
    left = list(body)
    while left:
        node = left.pop()
        found.append(node)
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            left += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
            for handler in getattr(node, "handlers", []):
                left += handler.body
    return found


def _bound_as(node: ast.stmt, name: str) -> int:
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While) or name not in bound([node]):
        return 0
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _IMPORTS
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _SKETCHES if all(map(_says_nothing, node.body)) else _DEFINES
    value = getattr(node, "value", None)
    wraps = value is None or any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value))
    return 0 if wraps else _DEFINES


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise) and node.exc is not None:
        return any(
            isinstance(each, ast.Name) and each.id == "NotImplementedError" for each in ast.walk(node.exc)
        )
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _script(blocks: list[tuple[str, bool]], setup: str) -> list[str]:
    """The last block that reads and prints, else that prints, else the last one; with what it needs.

    Blocks that are labelled come first, and one that is an excerpt of an earlier one only explains it.
    """
    sources = [(Source(text), sure) for text, sure in _last(blocks)]
    labelled, every = [each for each, sure in sources if sure], [each for each, _ in sources]
    question = Source(setup)
    for group in (labelled, every):
        needs = [needed(each, group[:at], question, None) for at, each in enumerate(group)]
        does = [_does(*each) for each in zip(group, needs, strict=True)]
        for least in (2, 1) if group is every or len(labelled) == len(every) else (2,):
            if (at := _whole(group, [n for n, each in enumerate(does) if each >= least])) is not None:
                return [*joined(needs[at]), group[at].text]
    *earlier, last = labelled or every
    return [*joined(needed(last, earlier, question, None)), last.text]


def _last(blocks: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """As many of the last as are no longer than a program together; the last one at least."""
    chars = list(accumulate(len(text) for text, _ in reversed(blocks)))
    fitting = sum(each <= MOST_CHARS for each in chars[:_MOST_BLOCKS])
    return blocks[-max(1, fitting) :]


def _whole(sources: list[Source], fits: list[int]) -> int | None:
    """The last that is no excerpt of an earlier one."""
    for last in reversed(range(len(fits))):
        text = sources[fits[last]].text
        if not any(_excerpt(text, sources[each].text) for each in fits[:last]):
            return fits[last]
    return None


def _excerpt(part: str, whole: str) -> bool:
    lines = [line.strip() for line in part.split("\n") if line.strip()]
    return 2 * len(lines) <= len(whole.split("\n")) and all(line in whole for line in lines)


def _does(source: Source, needs: Sequence[Statement]) -> int:
    """2 where it reads and prints, 1 where it prints, 0 where it does not, or nothing of it is run."""
    if source.tree is None:  # a broken program, or a broken piece of one
        return 2 if _READING.search(source.text) and _PRINTING.search(source.text) else 0
    if not any(map(_runs, source.tree.body)) or imported([source.text]) & _TESTING or _feeds(source.tree):
        return 0
    if not _says(_WRITES, source, needs):
        return 0
    return 2 if _says(_READS, source, needs) else 1


def _says(names: frozenset[str], source: Source, needs: Sequence[Statement]) -> bool:
    return not names.isdisjoint(source.words) or any(not names.isdisjoint(each.words) for each in needs)


def _feeds(tree: ast.Module) -> bool:
    """Does it give itself an input to try?"""
    return any(
        isinstance(node, ast.Call)
        and word(node.func) == "StringIO"
        and any(isinstance(each, ast.Constant) for each in node.args)
        for node in ast.walk(tree)
    )


def _runs(node: ast.stmt) -> bool:
    """Is it more than a definition?"""
    still = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not isinstance(node, still) and not constant


def _indented(text: str) -> str:
    return "def _():\n" + textwrap.indent(textwrap.dedent(text), "    ")


def _completed(body: str, setup: str, name: str) -> list[str] | None:
    """The stub that ends `setup`, with the answer as its body, however that is indented."""
    tree = parsed(setup)
    if tree is None or not tree.body or name not in bound(tree.body[-1:]):
        return None
    body = body.strip("\n")
    first = textwrap.indent(body.lstrip().partition("\n")[0], "    ")
    ways = (
        *((body,) if body[:1] in (" ", "\t") else ()),
        textwrap.indent(textwrap.dedent(body), "    "),
        "\n".join([first, *body.lstrip().split("\n")[1:]]),
    )
    for way in ways:
        whole = f"{setup.rstrip()}\n{way}\n"
        done = parsed(whole)
        if done is not None and name in bound(done.body):
            return [whole]
    return None
