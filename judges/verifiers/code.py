"""Run the answer's program on the reference's cases and tests in a sandbox; the score is the share passed."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

from pydantic import Field

from judges.base import Attempt, Finding, Outage, Unscored, check
from judges.sandbox import Limits, Sandbox, SandboxLost, SandboxUnavailable
from judges.sandbox_cases import Result, function_results, program_results, tests_result
from judges.sandbox_pool import borrowed
from judges.values.programs import find_program, imported, whole_setup
from schemas.references import CodeReference, Reference

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([^'.]+)")
# Distributions that answers use and the sandbox has not: whether such a program is right cannot be told. A
# module that nobody has is a mistake.
_LIBRARIES = (
    "numpy scipy pandas sympy networkx sortedcontainers matplotlib seaborn sklearn torch tensorflow keras jax"
    " numba cython gmpy2 mpmath statsmodels requests httpx aiohttp bs4 lxml yaml toml regex attr attrs"
    " pydantic dateutil pytz more_itertools toolz cytoolz bitarray PIL cv2 nltk spacy transformers datasets"
    " tqdm rich pytest hypothesis flask django fastapi sqlalchemy psutil unidecode editdistance Levenshtein"
    " rapidfuzz ortools pulp cvxpy shapely geopandas xarray polars pyarrow dask intervaltree bidict"
    " frozendict typing_extensions six chardet faker jsonschema markdown jinja2 pyparsing lark tabulate"
    " colorama atcoder acl pyrival blist primesieve primefac sage simpy"
)
_MOST_SHOWN = 50
"""Numbers of failed cases, from 1, that the evidence tells."""
_WALL_FACTOR = 4
_ADD = {
    "type": "code",
    "entry_point": "add",
    "cases": [{"input": [1, 2], "output": 3}, {"input": [-1, 1], "output": 0}],
}
_DOUBLE = {"type": "code", "stdin_cases": [{"stdin": "4\n", "stdout": "8\n"}]}
_TESTED = {
    "type": "code",
    "entry_point": "inc",
    "tests": "def check(candidate):\n    assert candidate(1) == 2",
    "setup": 'def inc(x):\n    """One more."""\n',
}


@check(
    passes=[
        Attempt.of("```python\ndef add(a, b):\n    return a + b\n```", _ADD),
        Attempt.of("```python\nprint(int(input()) * 2)\n```", _DOUBLE),
        Attempt.of("```python\ndef inc(x):\n    return x + 1\n```\nUse it well.", _TESTED),
        Attempt.of("```python\nreturn x + 1\n```", _TESTED),
    ],
    fails={
        Attempt.of("```python\ndef add(a, b):\n    return a - b\n```", _ADD): "add(1, 2): returned -1, not 3",
        Attempt.of("```python\ndef add(a, b):\n    return a +\n```", _ADD): "SyntaxError: invalid syntax",
        Attempt.of("```python\nimport os\nprint(8)\nos._exit(3)\n```", _DOUBLE): (
            "stdin '4\\n': ended with exit status 3"
        ),
        Attempt.of("```python\ndef inc(x):\n    return x\n```", _TESTED): (
            "tests: AssertionError (line 2 of the tests)"
        ),
    },
    unscored={
        Attempt.of("It cannot be done.", _ADD): "no program that defines 'add'",
        Attempt.of("```python\nimport numpy\ndef add(a, b):\n    return a + b\n```", _ADD): (
            "the program needs the module 'numpy', which the sandbox has not"
        ),
    },
    own_process=True,
)
def code(
    attempt: Attempt,
    cpu_s: Annotated[float, Field(ge=0.1, le=3_600, allow_inf_nan=False)] = 5.0,
    memory_mb: Annotated[int, Field(ge=64, le=1 << 20)] = 1024,
) -> Finding:
    """`cpu_s` CPU seconds for each process; four times as many by the clock.

    A program that loops or sleeps fails; programs may start threads but no processes, and have the
    standard library only.
    """
    reference = attempt.expected(CodeReference)
    sources = find_program(attempt.response, reference.entry_point, reference.setup or "")
    if sources is None:
        named = reference.entry_point
        raise Unscored("no program" if named is None else f"no program that defines {named!r}")
    if wrong := _syntax_error(sources[-1]):
        return Finding(wrong, score=0.0)
    limits = Limits(cpu_s=cpu_s, wall_s=_WALL_FACTOR * cpu_s, memory_mb=memory_mb)
    try:
        with borrowed() as sandbox:
            results = list(_results(sandbox, sources, reference, limits))
    except (SandboxUnavailable, SandboxLost, OSError) as error:
        raise Outage(str(error)) from error
    return _finding(results, sources)


def same(a: str, b: str) -> bool:
    """Are two programs the same, comments and layout aside?"""
    try:
        return a == b or ast.dump(ast.parse(a)) == ast.dump(ast.parse(b))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def near_misses(reference: Reference) -> list[str]:
    """Answers with a program that returns or prints something else, or leaves as if all were well."""
    if not isinstance(reference, CodeReference):
        return []
    wrong = ("'near miss'", "__import__('os')._exit(0)")
    entry = reference.entry_point
    if entry is None:
        return [f"\n```python\nprint({each})\n```\n" for each in wrong]
    owner, _, method = entry.partition(".")
    if not method:
        return [f"\n```python\ndef {owner}(*args):\n    return {each}\n```\n" for each in wrong]
    head = f"class {owner}:\n    def {method}(self, *args):\n        return "
    return [f"\n```python\n{head}{each}\n```\n" for each in wrong]


def _results(
    sandbox: Sandbox, sources: list[str], reference: CodeReference, limits: Limits
) -> Iterator[Result]:
    entry, tolerance = reference.entry_point or "", reference.tolerance
    if reference.cases:
        yield from function_results(sandbox, sources, entry, reference.cases, limits, tolerance)
    if reference.stdin_cases:
        yield from program_results(sandbox, sources, reference.stdin_cases, limits, tolerance)
    if reference.tests:
        setup = whole_setup(reference.setup or "")
        yield tests_result(sandbox, sources, setup, reference.tests, entry, limits)


def _finding(results: list[Result], sources: list[str]) -> Finding:
    failed = [result for result in results if result.reason is not None]
    score = 1 - len(failed) / len(results)
    if not failed:
        return Finding(score=score)
    first = failed[0]
    missing = [_missing(each.reason or "", sources) for each in failed]
    if all(missing):
        raise Unscored(f"the program needs the module {missing[0]!r}, which the sandbox has not")
    which = [str(number) for number, each in enumerate(results, 1) if each.reason is not None]
    shown = ", ".join(which[:_MOST_SHOWN]) + (", …" if len(which) > _MOST_SHOWN else "")
    passed = f"{len(results) - len(failed)} of {len(results)} passed"
    evidence = f"{passed}; failed: {shown}; first to fail: {first.case}"
    return Finding(f"{first.case}: {first.reason}", evidence=evidence, score=score)


def _missing(reason: str, sources: list[str]) -> str | None:
    """The library for want of which a case failed."""
    found = _MISSING.search(reason)
    lacked = found[1] if found else None
    return lacked if lacked in imported(sources) & set(_LIBRARIES.split()) else None


def _syntax_error(source: str) -> str | None:
    with suppress(RecursionError, MemoryError):
        try:
            ast.parse(source)
        except (SyntaxError, ValueError) as error:
            return f"SyntaxError: {getattr(error, 'msg', error)}"
    return None
