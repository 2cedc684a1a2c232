"""No text, as an answer or a reference, keeps a worker past its deadline, grows it past its limit or ends it.

The pool's own clock is the measure: its hard limit on the CPU time of a check stands two seconds above the
soft deadline, so a ruling that comes later says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.attempt import Attempt
from schemas.references import parse_reference

pytestmark = pytest.mark.slow
SOFT_S, LATE_S, MEMORY_MB = 0.8, 2.0, 1024
MOST_CHARS = 1_000_000
EXAMPLES = 6
PIECES = [
    "(", "[", "{", ")", "]", "}", "((", "[[", '{"a":', '["', "\\{", "\\left(", "\\boxed{", "\\frac{1}{",
    "\\sqrt{", "\\text{", "\\begin{pmatrix}", "\\begin{cases}", "&", "\\\\", "^", "_", "^{9", "9^{", "9^",
    "!", "9", "1,", "1 ", "9.", "e9", "1e400 ", "-", "--", "+", "*", "/", "1/", "%", "$", "|", "=", "x=",
    "x", "xy", "<", "\\le ", "\\pm ", "²", "½", "١", "百", "\x00", "\x1b[2J", "\u200b", "\u202e", "\u2066",
    "\ud800", "\udfff", "\U000e0041", "ﷺ", "𝐁", "e\u0301", "\r", "\n", "\n\n", "\t", " ", "a ", "a", "aa!",
    "not ", "or ", " and ", "Answer: ", "answer is ", "A) x\n", "1. ", "- ", "* ", "# ", "|-|\n", "```\n",
    "```python\n", "<think>", "</think>", "<answer>", "P.S. ", "Dr. ", "... ", "one hundred and ", "km/",
    "m^", "°C ", "(5 m) ", "def f(", "lambda:", "f(", "not x ", "if x:\n ", "'", '"', '"""', "#", "0x",
    "1_", "Wait, no. ", "It is 5 km. ", "(a+)+$", "(a|a)*", "[name]", "<<", "***\n",
]  # fmt: skip
ANY = st.characters(exclude_categories=())
SHAPES = ("{}", "\\boxed{{{}}}", "Answer: {}", "The answer is {}.", "```python\n{}\n```")


@dataclass(frozen=True)
class Text:
    """Kept in parts, so that a failure can be read."""

    head: str
    piece: str
    times: int
    tail: str
    shape: str = "{}"

    def __str__(self) -> str:
        return self.shape.replace("{{", "{").replace("}}", "}").replace("{}", self.bare, 1)

    @property
    def bare(self) -> str:
        return self.head + self.piece * min(self.times, MOST_CHARS // len(self.piece)) + self.tail


SOME = st.lists(st.sampled_from(PIECES) | st.text(ANY, max_size=3), max_size=4).map("".join)
PIECE = st.lists(st.sampled_from(PIECES) | st.text(ANY, min_size=1, max_size=3), min_size=1, max_size=3).map(
    "".join
)
TIMES = st.sampled_from([1, 40, 400, 400, 5_000, 5_000, 50_000, MOST_CHARS])
TEXT = st.builds(Text, SOME, PIECE, TIMES, SOME, st.sampled_from(SHAPES))

REFERENCES: dict[str, list[dict[str, Any]]] = {
    "math": [{"answer": "42"}, {"answer": "x>3"}, {"answer": "\\{1,\\sqrt{2}\\}"}],
    "choice": [{"answer": "B", "options": ["a cat", "x"]}, {"answer": "A"}],
    "text": [{"answer": "Paris"}, {"answer": "5!"}],
    "quantity": [{"answer": "5", "unit": "km/h"}, {"answer": "50%"}],
    "json": [{"schema": {"uniqueItems": True}}, {"schema": {}, "answer": {"a": 1}}],
    "instruction": [{"constraints": [{"id": name, "kwargs": kwargs}]} for name, kwargs in (
        ("length_constraints:number_sentences", {"num_sentences": 3, "relation": "at least"}),
        ("language:response_language", {"language": "en"}),
        ("keywords:existence", {"keywords": ["the"]}),
        ("datapipe:table", {"columns": 2, "rows": 2}),
    )],
    "logic": [{"task": "chain_sum", "entry": {"question": "1 + 1 =", "answer": "2", "metadata": {}}}],
    "code": [{"entry_point": "f", "cases": [{"input": [1], "output": 2}]}],
}  # fmt: skip
"""What hostile answers are held against."""
ASKED: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    "math": lambda text: [{"answer": text}],
    "choice": lambda text: [{"answer": "A", "options": [text, f"{text}a"]}],
    "text": lambda text: [{"answer": text}, {"answer": "a", "aliases": [text]}],
    "quantity": lambda text: [{"answer": text}, {"answer": "5", "unit": text}],
    "json": lambda text: [
        {"schema": {}, "answer": {text: [text]}},
        {"schema": {"type": "string", "pattern": text}},
        {"schema": {"enum": [text], "description": text}},
    ],
    "instruction": lambda text: [{"constraints": [{"id": name, "kwargs": kwargs}]} for name, kwargs in (
        ("keywords:existence", {"keywords": [text]}),
        ("keywords:forbidden_words", {"forbidden_words": [text]}),
        ("startend:end_checker", {"end_phrase": text}),
        ("combination:repeat_prompt", {"prompt_to_repeat": text}),
        ("detectable_format:multiple_sections", {"section_spliter": text, "num_sections": 2}),
    )],
    "logic": lambda text: [
        {"task": "chain_sum", "entry": {"question": text, "answer": text, "metadata": {text: 1}}},
        {"task": text, "entry": {"answer": "2"}},
    ],
    "code": lambda text: [
        {"entry_point": "f", "tests": f"def check(f):\n    assert f({text!a}) == 1\n{text}"},
        {"stdin_cases": [{"stdin": text, "stdout": text}]},
    ],
}  # fmt: skip
"""Hostile references, by the text that they are made of."""
NAMES = sorted(REFERENCES)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    limits = PoolSettings(size=2, memory_mb=MEMORY_MB, soft_s=SOFT_S, cpu_s=SOFT_S + LATE_S, wall_s=60)
    with WorkerPool(limits) as made:
        yield made


def hold(pool: WorkerPool, jobs: list[Job]) -> None:
    """A ruling for each, none of them late, raised or the end of a worker; none has grown past its limit."""
    for job, rulings in zip(jobs, pool.run(jobs), strict=True):
        for name, said in zip(job.checks, rulings, strict=True):
            reason = said.reason or ""
            assert not reason.startswith(("killed after", "worker lost", "raised")), (name, reason)
    assert max(map(peak_kb, pool.pids), default=0) <= MEMORY_MB << 10


def peak_kb(pid: int) -> int:
    """The largest address space that a process has had; 0 where that cannot be told, or it is over."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except OSError:
        return 0
    return max((int(line.split()[1]) for line in lines if line.startswith("VmPeak:")), default=0)


hostile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXT)
@example(text=Text("", "((", MOST_CHARS, "", "Answer: {}"))
@hostile
def test_no_answer_holds_a_worker_up(pool: WorkerPool, name: str, text: Text) -> None:
    references = [parse_reference({"type": name, **each}) for each in REFERENCES[name]]
    hold(pool, [Job((name,), Attempt.of(str(text), reference).bare()) for reference in references])


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXT)
@example(text=Text("", "((", MOST_CHARS, "", "Answer: {}"))
@hostile
def test_no_reference_holds_a_worker_up(pool: WorkerPool, name: str, text: Text) -> None:
    jobs = []
    for asked in ASKED[name](text.bare):
        try:
            reference = parse_reference({"type": name, **asked})
        except ValidationError:
            continue
        jobs.append(Job((name,), Attempt.of("\\boxed{5}", reference).bare()))
        jobs.append(Job((f"{name}/gold",), Attempt.asking("?", reference)))
    hold(pool, jobs)
