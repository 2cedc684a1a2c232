"""Between tests and candidate cross values, changes and exceptions, and the end of neither."""

import json
from pathlib import Path
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.base import Ruling
from judges.sandbox_preflight import lacking
from judges.verifiers.code import code
from tests.judges.busy import in_time

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(all(map(lacking, ("bubblewrap", "landlock"))), reason="no sandbox works here"),
]
ROWS = [json.loads(line) for line in Path(__file__).with_name("code_crossing.jsonl").read_text().splitlines()]
TESTS = {"type": "code", "entry_point": "f"}
PRINTS = {"type": "code", "stdin_cases": [{"stdin": "2\n", "stdout": "15838\n"}]}


def ruled(program: str, reference: dict[str, Any], cpu_s: float = 1.0) -> Ruling:
    attempt = Attempt.of(f"```python\n{program}\n```", reference)
    return in_time(lambda: code.bind({"cpu_s": cpu_s}).judge(attempt))


LOOPS = {
    "map": "assert all(map(lambda n: candidate(n) == n * 7919, range(2, 5)))",
    "zip": "for got, want in zip(map(candidate, [2, 3]), [15838, 23757]): assert got == want",
    "any": "assert not any(map(lambda n: candidate(n) != n * 7919, range(2, 5)))",
    "next": "assert next(map(candidate, [2]), 15838) == 15838",
    "error": "try: candidate(-1)\n    except Exception: return\n    assert False",
    "bare except": "try: assert candidate(2) == 15838\n    except AssertionError: raise",
    "range of it": "assert sum(range(candidate(3))) == 15",
    "twice": "assert candidate(candidate([1])) == [1]",
}
ENDINGS = (
    "raise StopIteration",
    "raise GeneratorExit",
    "raise type('StopIteration', (StopIteration,), {})",
    "__import__('os')._exit(0)",
    "return object()",
    "return [[[]]] if x == 2 else 10 ** 10",
    "__import__('time').sleep(99)",
)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_no_loop_of_the_tests_ends_on_the_candidate(loop: str, ending: str) -> None:
    reference = TESTS | {"tests": f"def check(candidate):\n    {LOOPS[loop]}\n"}
    program = f"def f(x):\n    if True:\n        {ending}\n"
    said = ruled(program, reference, cpu_s=0.5)
    raises = loop == "error" and ending.startswith("raise") and "Generator" not in ending
    assert said.outcome == ("pass" if raises else "fail"), said


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["program"].splitlines()[-1][:40])
def test_what_crosses_to_the_tests(row: dict[str, str]) -> None:
    said = ruled(row["program"], TESTS | {"tests": f"def check(candidate):\n    {row['tests']}\n"})
    assert said.outcome == row["outcome"], said


def test_a_class_is_no_function() -> None:
    tests = "def check(candidate):\n    s = candidate()\n    s.append(1)\n    assert s.pop() == 1"
    reference = {"type": "code", "entry_point": "Stack", "tests": tests}
    program = "class Stack:\n    def append(self, x): self.x = x\n    def pop(self): return self.x"
    assert ruled(program, reference).outcome == "unscored"


def test_tests_outside_of_check_are_judged_too() -> None:
    reference = TESTS | {"tests": "assert f(2) == 4\ndef check(candidate): pass"}
    assert [ruled(f"def f(x): return {each}", reference).outcome for each in ("x * 2", "0")] == [
        "pass",
        "fail",
    ]


ENDS = {
    "exit": "print(int(input()) * 7919)\nexit()",
    "quit": "print(int(input()) * 7919)\nquit()",
    "thread": "import threading, time\ndef main():\n    time.sleep(0.1); print(int(input()) * 7919)\nthreading.Thread(target=main).start()",  # noqa: E501
    "exit function": "import atexit\nout = [int(input()) * 7919]\natexit.register(lambda: print(*out))",
    "file left open": "out = open(1, 'w')\nout.write(str(int(input()) * 7919))",
    "name of stdin": "print(int(open('/dev/stdin').read()) * 7919)",
    "path of stdin": "import pathlib\nprint(int(pathlib.Path('/dev/stdin').read_text()) * 7919)",
    "fileinput": "import fileinput\nfor line in fileinput.input(): print(int(line) * 7919)",
    "arguments": "import sys\nif len(sys.argv) > 1: sys.stdin = open(sys.argv[1])\nprint(int(input()) * 7919)",  # noqa: E501
    "stdout by another name": "import sys\nsys.stdout.reconfigure(encoding='utf-8')\nprint(int(input()) * 7919)",  # noqa: E501
    "stdout wrapped": "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\nprint(int(input()) * 7919)",  # noqa: E501
    "stdin wrapped": "import io, sys\nsys.stdin = io.TextIOWrapper(sys.stdin.buffer)\nprint(int(input()) * 7919)",  # noqa: E501
    "stdout detached": "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach())\nprint(int(input()) * 7919)",  # noqa: E501
    "raw stdout": "import sys\nsys.stdout.buffer.raw.write(b'%d' % (int(input()) * 7919))",
    "own stdout": (
        "import io, os, sys\nclass Out(io.StringIO):\n    def flush(self): os.write(1, self.getvalue().encode())\n"  # noqa: E501
        "sys.stdout = Out()\nprint(int(input()) * 7919)"
    ),
    "finalizer": "n = int(input())\nclass A:\n    def __del__(self): print(n * 7919)\na = A()",
    "finalizer of a file": (
        "import signal\nout = open(1, 'w')\nout.write(str(int(input()) * 7919))\nsignal.signal(14, lambda *_: out)"  # noqa: E501
    ),
    "its own name": "import os\nprint(int(input()) * 7919 * bool(os.path.abspath(__file__)))",
    "many threads": (
        "import threading, time\nn = int(input())\n"
        "held = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(40)]\n"
        "for each in held: each.start()\nprint(n * 7919)"
    ),
}


def test_prints_are_buffered_as_by_an_interpreter() -> None:
    """Each argument would be a write of its own otherwise, and what nobody flushes would not be lost."""
    assert ruled("input()\nprint('15838', end='')\n__import__('os')._exit(0)", PRINTS).outcome == "fail"


@pytest.mark.parametrize("program", ENDS)
def test_programs_are_run_as_by_an_interpreter(program: str) -> None:
    assert ruled(ENDS[program], PRINTS).outcome == "pass", ruled(ENDS[program], PRINTS)
