"""Programs are found in answers, and nothing else is taken for one."""

from typing import Any

import pytest

from judges.values.programs import find_program, imported

F = "def f(x):\n    return x\n"
STUB = "import math\n\ndef helper(x):\n    return x\n\ndef f(x):\n    '''Doc.'''\n"


def fenced(*blocks: str, label: str = "python") -> str:
    return "\n\nText.\n\n".join(f"```{label}\n{block.rstrip()}\n```" for block in blocks)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (fenced(F), [F]),
        (fenced(F, label=""), [F]),
        (F, [F]),
        (fenced("def f(): pass\n", F), [F]),
        (fenced(F, "print(f(1))\n"), [F]),
        ("```python\n" + F, [F]),
        (fenced(F) + "\n```text\ndef f(): the best\n```", [F]),
        ("~~~py\n" + F + "~~~", [F]),
        ("I would write def f(x): return x", None),
        (fenced("def g(x): pass\n"), None),
        (fenced(F, label="java"), None),
        ("", None),
    ],
)
def test_the_last_block_that_defines_it(answer: str, wanted: list[str] | None) -> None:
    assert find_program(answer, "f", "") == wanted


IMPORTS = "from solution import f\n\ndef test_f():\n    assert f(1) == 1\n"
WRAPS = "import functools\nf = functools.lru_cache(f)\nprint(f(1))\n"
SKETCH = "def f(x):\n    'Same.'\n    ...\n"
UNDER = "try:\n    import gg as g\nexcept ImportError:\n    g = None\nif g is None:\n    def f(x):\n        return x\n"  # noqa: E501
FENCED = "def f(x):\n    '''\n    ```\n    f(1)\n    ```\n    '''\n    return x\n"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (fenced(F, IMPORTS), F),
        (fenced(F, WRAPS), F),
        (fenced(F, SKETCH), F),
        (fenced(UNDER), UNDER),
        (fenced(F, label="") + "\nUse:\n" + fenced("print(f(1))\n"), F),
        ("1. Write:\n\n    ```python\n    def f(x):\n        return x\n    ```\n2. Done.", F),
        ("- ```py\n  def f(x):\n      return x\n  ```", F),
        ("Sure:\n\ndef f(x):\n    return x\n\nThat is it, I hope.", F),
        (fenced("f = lambda x: x\n"), "f = lambda x: x\n"),
        (fenced(FENCED), FENCED),
    ],
)
def test_the_block_that_defines_it_wherever_it_stands(answer: str, wanted: str) -> None:
    found = find_program(answer, "f", "")
    assert found == [wanted]
    assert ran(found)["f"](7) == 7


def ran(sources: list[str]) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    for source in sources:
        exec(source, scope)
    return scope


@pytest.mark.parametrize(
    ("earlier", "setup", "program"),
    [
        ("MOD = 7\n", "", "def f(x): return x % MOD + 14\n"),
        ("held = {}\nfor n in range(20):\n    held[n] = n\n", "", "def f(x): return held[x] + 7\n"),
        ("held = []\nheld.append(14)\nprint(held)\n", "", "def f(x): return held[0]\n"),
        ("g = lambda x: h(x)\ndef h(x): return x + 7\n", "", "def f(x): return g(x)\n"),
        ("@staticmethod\ndef g(x): return x + 7\n", "", "def f(x): return g(x)\n"),
        ("", "A = 3; B = 4\ndef f(x):\n    'Doc.'\n", "def f(x): return x + A + B\n"),
        ("", "from typing import List\nG = List[int]\ndef f(x):\n", "def f(x: G): return x + 7\n"),
    ],
)
def test_what_the_program_lacks_comes_from_before_it(earlier: str, setup: str, program: str) -> None:
    found = find_program(fenced(earlier or "x = 1\n", program), "f", setup)
    assert found is not None
    assert ran(found)["f"](7) == 14


def test_statements_of_the_question_are_kept() -> None:
    setup = "import sys\nsys.setrecursionlimit(9999)\ndef f(x):\n    pass\n"
    assert find_program(fenced(F), "f", setup) == ["import sys\nsys.setrecursionlimit(9999)", F]


BODIES = ("    return x\n", "return x", "    return g(x)\n\ndef g(x):\n    return x\n", "y = x\n    return y")


@pytest.mark.parametrize("answer", BODIES)
def test_a_body_without_a_fence_completes_the_stub(answer: str) -> None:
    for setup in (STUB, "def f(x):\n"):
        found = find_program(answer, "f", setup)
        assert found is not None
        assert ran(found)["f"](7) == 7


PROGRAM = "input()\nprint(sum(map(int, input().split())))\n"


@pytest.mark.parametrize(
    "answer",
    [
        fenced(PROGRAM) + "\nThe key line is:\n" + fenced("sum(map(int, input().split()))\n"),
        fenced(PROGRAM) + "\nThe key line is:\n" + fenced("print(sum(map(int, input().split())))\n"),
        fenced(PROGRAM, label="") + "\nSample output:\n```\n6\n```",
        fenced(PROGRAM) + "\nOutput:\n```\n6\n```",
        fenced(PROGRAM) + "\nTry:\n" + fenced("import unittest\nprint(input())\n"),
        fenced("print(1)\n", PROGRAM),
    ],
)
def test_a_script_is_the_last_block_that_reads_and_prints(answer: str) -> None:
    assert find_program(answer, None, "") == [PROGRAM]


def test_a_script_may_stand_in_pieces() -> None:
    found = find_program(fenced("def main():\n    print(input())\n", "main()\n"), None, "")
    assert found == ["def main():\n    print(input())", "main()\n"]


def test_a_mark_before_the_text_is_none_of_it() -> None:
    assert find_program(fenced("\ufeffprint(1)\n"), None, "") == ["print(1)\n"]
    assert find_program("\ufeffprint(1)\n", None, "") == ["print(1)\n"]


@pytest.mark.slow
@pytest.mark.parametrize("block", ["print(N)\n", "print(input(N))\n", "x = x\n" * 90 + "print(x)\n"])
def test_many_blocks_end(block: str) -> None:
    """Each was compared with, and helped by, all that stood before it: that took minutes."""
    answer = fenced(*(block.replace("N", str(n)) for n in range(1500)))
    found = find_program(answer, None, "")
    assert found is not None
    assert found[-1] == block.replace("N", "1499")


@pytest.mark.slow
def test_long_answers_end() -> None:
    chain = "".join(f"def g{n}(): return g{n + 1}()\n" for n in range(5000))
    assert find_program(fenced(chain, "def f(x): return g0()\n"), "f", "") is not None


def test_helpers_come_from_earlier_blocks_and_the_question() -> None:
    uses = "def f(x):\n    return g(helper(math.pi))\n"
    found = find_program(fenced("import os\ndef g(x): return h(x)\ndef h(x): return x\n", uses), "f", STUB)
    assert found is not None
    assert found[1] == uses
    assert [line.split("(")[0] for line in found[0].splitlines() if line and line[0] != " "] == [
        "import math",
        "def helper",
        "def g",
        "def h",
    ]


@pytest.mark.parametrize("body", ["return x\n", "    return x\n", "    y = x\n    return y\n"])
def test_a_body_completes_the_stub(body: str) -> None:
    found = find_program(fenced(body), "f", STUB)
    assert found is not None
    scope: dict[str, object] = {}
    exec(found[0], scope)
    assert scope["f"](7) == 7  # type: ignore[operator]


def test_a_program_without_entry_point_is_the_last_block() -> None:
    assert find_program(fenced("print(1)\n", "print(2)\n"), None, "") == ["print(2)\n"]


def test_a_broken_block_that_means_to_define_it_is_found() -> None:
    assert find_program(fenced("def f(x:\n"), "f", "") == ["def f(x:\n"]


def test_hostile_answers_end_soon() -> None:
    for answer in ("```" * 50_000, "```python\n" + "(" * 100_000, "def f(x): return " + "-" * 100_000 + "x"):
        find_program(answer, "f", STUB)


def test_imported_modules() -> None:
    assert imported(["import a.b, c\nfrom d.e import f\nfrom . import g", "broken("]) == {"a", "c", "d"}
