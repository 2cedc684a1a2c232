"""No program can forge a pass, however it looks for what it should return."""

import time
from typing import Any

import pytest

from judges import sandbox_cases, sandbox_pool, sandbox_preflight
from judges.attempt import Attempt
from judges.base import Ruling
from judges.sandbox_preflight import lacking
from judges.verifiers.code import code
from tests.judges.busy import in_time

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(all(map(lacking, ("bubblewrap", "landlock"))), reason="no sandbox works here"),
]
CASES = {
    "type": "code",
    "entry_point": "f",
    "cases": [{"input": [n], "output": {"secret": [n * 7919]}} for n in range(2, 5)],
}
TESTS = {
    "type": "code",
    "entry_point": "f",
    "tests": "def check(candidate):\n    for n in range(2, 5):\n        assert candidate(n) == n * 7919\n",
}
PRINTS = {"type": "code", "stdin_cases": [{"stdin": "2\n", "stdout": "15838\n"}]}

FORGED = {
    "exit code": "import os, sys\nos._exit(0)\ndef f(x): return 0",
    "exit in the call": "import os\ndef f(x): os._exit(0)",
    "sys.exit": "import sys\ndef f(x): sys.exit(0)",
    "system exit": "raise SystemExit\ndef f(x): return 0",
    "at exit": "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return 0",
    "sentinel": "print('pass', 'PASSED', 'ok')\ndef f(x): print('[\"pass\"]'); return '[\"pass\"]'",
    "always equal": "class E:\n    __eq__ = lambda *_: True\n    __hash__ = lambda _: 0\ndef f(x): return E()",  # noqa: E501
    "equal number": "class E(int):\n    __eq__ = lambda *_: True\n    __ne__ = lambda *_: False\ndef f(x): return E()",  # noqa: E501
    "equal text": "class E(str):\n    __eq__ = lambda *_: True\ndef f(x): return E()",
    "equal dictionary": "class E(dict):\n    __eq__ = lambda *_: True\ndef f(x): return E(secret=E())",
    "patched builtins": (
        "import builtins\nfor n in ('all', 'any', 'isinstance', 'len', 'repr', 'type'):\n"
        "    setattr(builtins, n, lambda *_: True)\ndef f(x): return True"
    ),
    "patched json": "import json\njson.dumps = lambda *a, **k: '[\"pass\"]'\ndef f(x): return 0",
    "patched codec": (
        "import sys\nfor name, m in list(sys.modules.items()):\n    if name.startswith('judges'):\n"
        "        for k in dir(m):\n            if k in ('encode', 'decode', '_tagged'):\n"
        "                setattr(m, k, lambda *a, **k: '[\"pass\"]')\ndef f(x): return 0"
    ),
    "verdict down every pipe": (
        "import os\nfor fd in range(3, 1100):\n    for body in (b'[\"pass\"]', b'[\"value\",true,null]'):\n"
        "        try: os.write(fd, len(body).to_bytes(4, 'big') + body)\n        except OSError: pass\n"
        "def f(x): return 0"
    ),
    "stack": (
        "import sys\ndef f(x):\n    frame, seen = sys._getframe(), []\n    while frame:\n"
        "        seen += [v for v in [*frame.f_locals.values(), *frame.f_globals.values()]]\n"
        "        frame = frame.f_back\n"
        "    for v in seen:\n        if isinstance(v, (list, dict)) and 'secret' in str(v): return v\n"
        "        if v == x * int('79' '19'): return v\n"
    ),
    "collector": (
        "import gc\ndef f(x):\n    for v in gc.get_objects():\n"
        "        if isinstance(v, dict) and 'sec' 'ret' in v: return v\n"
        "        if isinstance(v, str) and 'def ' 'check' in v: return int(v.split('* ')[1])\n"
    ),
    "own memory": (
        "import ctypes\ndef f(x):\n    wanted = str(x * (7920 - 1)).encode()\n"
        "    for line in open('/proc/self/maps'):\n        return 1\n"
    ),
    "assertions off": "import sys\nAssertionError = None\nassert True\ndef f(x): return 0",
    "import hook": (
        "import sys\nclass H:\n    def find_spec(self, *a): raise SystemExit(0)\nsys.meta_path.insert(0, H())\n"  # noqa: E501
        "sys.modules.clear()\ndef f(x): return 0"
    ),
    "exception hook": "import sys\nsys.excepthook = lambda *_: print('ok')\ndef f(x): raise ValueError",
    "trace": "import sys\nsys.settrace(lambda *a: None)\ndef f(x): return 0",
    "generator": "def f(x): yield 1",
    "recursive value": "def f(x):\n    a = []\n    a.append(a)\n    return a",
    "deep value": "def f(x):\n    a = []\n    for _ in range(100000): a = [a]\n    return a",
    "unpicklable": "def f(x): return lambda: 1",
    "nan": "def f(x): return float('nan')",
    "infinity": "def f(x): return float('inf')",
    "giant": "def f(x): return 10 ** 100000",
    "flood": "def f(x): return 'x' * (20 << 20)",
    "surrogate": "def f(x): return '\\ud800'",
    "never": "def f(x):\n    while True: pass",
    "threads afterwards": "import threading, os\nthreading.Timer(0.01, os._exit, (0,)).start()\ndef f(x): return 0",  # noqa: E501
    "recursion": "def f(x): return f(x)",
    "end of iteration": "def f(x): raise StopIteration",
    "kind of end": "class End(StopIteration): pass\ndef f(x): raise End",
    "end of a generator": "def f(x): raise GeneratorExit",
    "kill": "import os\ndef f(x): os.kill(os.getpid(), 9)",
    "kill at load": "import os\nos.kill(os.getpid(), 9)\ndef f(x): return 0",
    "stop": "import os\ndef f(x): os.kill(os.getpid(), 19)",
    "own limit": (
        "import resource, ctypes\nlimit = (ctypes.c_ulong * 2)(0, 0)\n"
        "ctypes.CDLL(None).setrlimit(0, limit)\nctypes.CDLL(None).prlimit(0, 0, limit, None)\ndef f(x):\n"
        "    while True: pass"
    ),
    "timer": (
        "import ctypes\nevent = (ctypes.c_int * 16)(0, 0, 9, 0)\nheld = ctypes.c_void_p()\n"
        "def f(x):\n    return ctypes.CDLL(None).timer_create(0, event, ctypes.byref(held))"
    ),
    "sleep after work": (
        "import time\ndef f(x):\n    while time.process_time() < 0.5: pass\n    time.sleep(99)"
    ),
    "closed folder": "import os\nos.mkdir('x', 0)\nos.chmod('.', 0)\ndef f(x): return 0",
    "invented module": "import zzz_helper\ndef f(x): return 0",
    "raised for want of a module": "import zzz\ndef f(x): raise ModuleNotFoundError(\"No module named 'zzz'\")",  # noqa: E501
    "long sum": "def g(): return " + "+".join(["1"] * 950) + "\ndef f(x): return g()",
    "range": "def f(x): return range(10 ** 12)",
    "numbers of one hash": "def f(x): return {n * (2 ** 61 - 1) for n in range(1, 9000)}",
    "fraction": "from fractions import Fraction\ndef f(x): return Fraction(x, 3)",
    "crash": "import ctypes\ndef f(x): ctypes.string_at(0)",
}


def ruled(program: str, reference: dict[str, Any], **limits: Any) -> Ruling:
    answer = f"```python\n{program}\n```"
    return in_time(lambda: code.bind({"cpu_s": 1.0, **limits}).judge(Attempt.of(answer, reference)))


BENT = {
    "inline": "for n in [[3, 1, 2], [5, 4]]: assert candidate(n) == sorted(n)",
    "helper": "def same(a, b): assert a == b\nn = [3, 1]\nsame(candidate(n), sorted(n))",
    "helper that compares first": (
        "def assertion(out, exp, atol):\n    exact = out == exp\n    if atol == 0 and isinstance(exp, float): atol = 1e-6\n"  # noqa: E501
        "    if not exact and atol != 0: assert abs(out - exp) <= atol\n    else: assert exact\n"
        "for inp in [[[1, 2]], [[3, 4]]]: assertion(candidate(*inp), [sum(*inp)] * len(*inp), 0)"
    ),
    "helper that raises": (
        "def eq(a, b):\n    if a != b: raise AssertionError(a)\nn = [3, 1]\neq(candidate(n), sorted(n))"
    ),
    "in a dictionary": "n, out = [3, 1], {}\nout['r'] = candidate(n)\nwant = sorted(n)\nassert out['r'] == want",  # noqa: E501
    "in lists": (
        "outs, wants = [], []\nfor n in [[3, 1], [2, 1]]: outs.append(candidate(n)); wants.append(sorted(n))\n"  # noqa: E501
        "for a, b in zip(outs, wants): assert a == b"
    ),
    "by another name": "n = [3, 1]\nr = candidate(n)\nt = r\nassert t == sorted(n)",
    "pair": "def run(n): return candidate(n), sorted(n)\na, b = run([3, 1])\nassert a == b",
    "nested function": "def ok(n): return candidate(n) == sorted(n)\nassert ok([3, 1])",
    "map": "t = [[3, 1], [1, 0]]\nres = list(map(candidate, t))\nassert res == list(map(sorted, t))",
    "flags": "ok = [candidate(n) == sorted(n) for n in [[3, 1], [1, 0]]]\ngood = all(ok)\nassert good",
    "count": "m = sum(candidate(n) == sorted(n) for n in [[3, 1], [1, 0]])\nassert m == 2",
    "identity": "n = [3, 1]\nassert (candidate(n) == []) is all(i < j for i, j in zip(n, n[1:]))",
    "membership": "n = [3, 1]\nr = candidate(n)\nassert all(v in r for v in n)",
    "swallowed": "n = [3, 1]\ntry: good = candidate(n) == sorted(n)\nexcept Exception: good = False\nassert good",  # noqa: E501
    "branch": "n = [3, 1]\nif candidate(n) != sorted(n): good = False\nelse: good = True\nassert good",
}
NOTHING = {
    "a reference of nothing": "for n in [[3, 1]]: assert candidate(n) == (max(n) if n else None)",
    "a type of nothing": "n = [3]\nassert type(candidate(n)) == type(max(n) if n else None)",
    "a loop over nothing": "n = [3, 1]\nassert candidate(n) is None\nfor v in n: assert candidate(n) == n.index(v)",  # noqa: E501
}


@pytest.mark.parametrize("tests", [*BENT, *NOTHING])
def test_no_pass_by_changing_what_the_tests_compare_with(tests: str) -> None:
    body = (BENT | NOTHING)[tests].replace("\n", "\n    ")
    program = f"def f(x):\n    x.clear()\n    return {'[]' if tests in BENT else None}"
    said = ruled(program, TESTS | {"tests": f"def check(candidate):\n    {body}\n"})
    assert said.outcome == "unscored", said
    assert said.reason == "the tests pass only with what the program did to their own values"


CHANGES = {
    "after": "a = [3, 1]\nwant = sorted(a)\ncandidate(a)\nassert a == want",
    "beside": "a = [3, 1]\nassert candidate(a) is None and a == [1, 3]",
    "helper": "def same(a, b): assert a == b\nfor n in [[3, 1], [2, 1]]:\n    a = n[:]\n    candidate(a)\n    same(a, sorted(n))",  # noqa: E501
    "result first": "a = [3, 1]\nr = candidate(a)\nassert r is None\nassert len(a) == 2\nassert a[0] == 1",
    "error last": "a = [3, 1]\ncandidate(a)\nassert a == [1, 3]\ntry: candidate(5)\nexcept AttributeError: pass",  # noqa: E501
}


@pytest.mark.parametrize("tests", CHANGES)
def test_what_is_asked_for_may_be_changed(tests: str) -> None:
    body = CHANGES[tests].replace("\n", "\n    ")
    reference = TESTS | {"tests": f"def check(candidate):\n    {body}\n"}
    said = [ruled(f"def f(x): {each}", reference).outcome for each in ("x.sort()", "x.clear()")]
    assert said == ["pass", "fail"]


@pytest.mark.parametrize("reference", [CASES, TESTS], ids=["cases", "tests"])
@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_result_fails(attack: str, reference: dict[str, Any]) -> None:
    said = ruled(FORGED[attack], reference)
    assert said.outcome == "fail", said
    assert said.score == 0


def test_the_right_program_passes() -> None:
    assert ruled("def f(x): return {'secret': (x * 7919,)}", CASES).outcome == "pass"
    assert ruled("def f(x): return x * 7919", TESTS).outcome == "pass"
    assert ruled("print(int(input()) * 7919)", PRINTS).outcome == "pass"


def test_nothing_stays_for_the_next_program() -> None:
    """Patches, files and modules of one program are not there for another of the same sandbox."""
    poison = "import json, builtins, os\nopen('left', 'w').write('7919')\nbuiltins.secret = 7919\n"
    poison += "json.secret = 7919\nos.environ['secret'] = '7919'\ndef f(x): return 0"
    look = "import json, builtins, os\ndef f(x):\n    if os.path.exists('left') or 'secret' in os.environ: return x * 7919\n"  # noqa: E501
    look += "    return x * getattr(builtins, 'secret', getattr(json, 'secret', 0))"
    assert [ruled(each, TESTS).outcome for each in (poison, look)] == ["fail", "fail"]


def test_each_case_is_counted() -> None:
    said = ruled("def f(x):\n    if x == 3: import os; os._exit(0)\n    return {'secret': [x * 7919]}", CASES)
    assert (said.outcome, said.score) == ("fail", pytest.approx(2 / 3))
    assert said.evidence == "2 of 3 passed; failed: 2; first to fail: f(3)"
    assert said.reason == "f(3): ended with exit status 0"


def test_a_loop_costs_its_own_case() -> None:
    said = ruled("def f(x):\n    while x == 4: pass\n    return {'secret': [x * 7919]}", CASES)
    assert (said.reason, said.score) == ("f(4): took more than 1 s of CPU time", pytest.approx(2 / 3))


def test_a_case_answers_for_its_own_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for that of the cases before it, nor for what comparing takes."""
    asleep = "import time\ndef f(x):\n    time.sleep(0.3)\n    return {'secret': [x * 7919]}"
    assert ruled(asleep, CASES, cpu_s=0.2).outcome == "pass"
    monkeypatch.setattr(sandbox_cases, "same_output", lambda *_: time.sleep(0.5) is None)
    assert ruled("def f(x): return 0", CASES, cpu_s=0.15).outcome == "pass"


def test_a_sandbox_stays_warm_where_there_is_no_verdict() -> None:
    sandbox_pool.close_idle()
    tests = "def check(candidate): assert candidate(1).name == 1"
    assert ruled("class A: pass\ndef f(x): return A()", TESTS | {"tests": tests}).outcome == "unscored"
    assert len(sandbox_pool._idle) == 1


def test_types_count() -> None:
    for wanted, got, outcome in [
        (1, "True", "fail"),
        (True, "1", "fail"),
        (1, "1.0", "pass"),
        (0.3, "0.1 + 0.2", "pass"),
        ([1, 2], "(1, 2)", "pass"),
        ([1, 2], "{1, 2}", "fail"),
        ("a", "b'a'", "fail"),
        (None, "0", "fail"),
        ({"1": 2}, "{1: 2}", "pass"),
        (2**70, "2**70", "pass"),
        (2**70, "2.0**70 * 1.1", "fail"),
        (3000000000, "3000000002.0", "fail"),
        (10**17 + 1, "1e17", "fail"),
        (5e-10, "0.0", "fail"),
        (0.5, "__import__('fractions').Fraction(1, 2)", "pass"),
        ([0, 1], "range(2)", "fail"),
    ]:
        reference = {"type": "code", "entry_point": "f", "cases": [{"input": [], "output": wanted}]}
        assert ruled(f"def f(): return {got}", reference).outcome == outcome, (wanted, got)


def test_tests_that_do_not_run_are_no_verdict() -> None:
    said = ruled("def f(x): return x", TESTS | {"tests": "def check(candidate): assert candidate(print)"})
    assert (said.outcome, said.unscored) == ("unscored", "informative")


def test_tests_may_expect_exceptions_and_changed_arguments() -> None:
    tests = "def check(candidate):\n    a = [3, 1]\n    candidate(a)\n    assert a == [1, 3]\n    try: candidate(5)\n"  # noqa: E501
    tests += "    except AttributeError: return\n    assert False"
    assert ruled("def f(x): x.sort()", TESTS | {"tests": tests}).outcome == "pass"


def test_without_isolation_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox_pool.close_idle()
    monkeypatch.setattr(sandbox_preflight, "lacking", lambda way: f"no {way}")
    said = ruled("def f(x): return x", TESTS)
    assert (said.outcome, said.unscored) == ("unscored", "infra")
    assert "bubblewrap: no bubblewrap; landlock: no landlock" in str(said.reason)
