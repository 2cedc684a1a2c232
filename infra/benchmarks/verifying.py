"""Verdicts per second of worker processes: against math-verify, with a second one, beside bad items."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import math_verify
from benchmarks.gates import Measured, held, paired

from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.attempt import Attempt
from judges.verifiers.math import math

WORD_PROBLEMS, MIXED, SCALED, BESIDE = 1_000, 200, 6_000, 3_000
"""Pairs of one measurement; math-verify, the slower side, sets what is affordable."""
THROUGH_A_WORKER = 3.0
"""Of a verdict in another process, which can be killed, on one in this process, which cannot."""
SOFT_S = 0.1
"""The deadline of the bad items: short, since what they cost is taken off what is measured."""
_MATH = replace(math, kind="verifier")
Pair = tuple[str, str]
"""Gold and response."""
SPIN = '''"""Runs for ever where the answer says so."""
from judges.base import Attempt, check

@check(passes=["no"], fails={"yes": "yes"})
def spin(attempt: Attempt) -> str | None:
    while "spin for ever" in attempt.response:
        pass
    return "yes" if attempt.response == "yes" else None
'''


def measure(folder: Path, pairs: int) -> Iterator[Measured]:
    """Both sides of a pair get the same items, every pair new ones, so that no cache helps."""
    for name, made, gate in (
        ("word problems", partial(word_problems, WORD_PROBLEMS), 10.0),
        ("60 % numbers 40 % expressions", partial(mixed, MIXED), 3.0),
    ):
        pair = _each(_alone, made), _each(_peer, made)
        yield held(f"verdicts/s / math-verify, {name}", paired(*pair, pairs), gate)
        with WorkerPool(PoolSettings(size=1)) as pool:
            _ours(pool, made(Random(0)))
            pair = _each(partial(_ours, pool), made), _each(_peer, made)
            yield held(f"the same through a worker, {name}", paired(*pair, pairs), THROUGH_A_WORKER)
    made = partial(mixed, SCALED)
    with WorkerPool(PoolSettings(size=2)) as two, WorkerPool(PoolSettings(size=1)) as one:
        for pool in (one, two):
            _ours(pool, made(Random(0)))  # starts every process
        yield held(
            "verdicts/s of 2 workers / 1",
            # A second or two each, so that there can be many.
            paired(_each(partial(_ours, two), made), _each(partial(_ours, one), made), 3 * pairs),
            1.6,
        )
    yield held("verdicts/s beside 1 % bad items / without", _beside(folder, 2 * pairs), 0.8)


def _each(
    side: Callable[[Sequence[Pair]], float], made: Callable[[Random], list[Pair]]
) -> Callable[[], float]:
    """The side of a pair: its n-th call takes the n-th items."""
    numbers = count(1)
    return lambda: side(made(Random(next(numbers))))


def word_problems(size: int, pick: Random) -> list[Pair]:
    """Whole numbers, some with thousands or cents, after two lines of text: one in three is wrong."""
    made = []
    for _ in range(size):
        left, right = pick.randrange(2, 999), pick.randrange(2, 999)
        total = left * right if pick.random() < 0.3 else left + right
        told = total if pick.random() < 0.67 else total + pick.choice([-10, -1, 1, 10])
        text = pick.choice(
            ["A: {}", "The answer is {}.", "So she has {0:,} in all.\n\\boxed{{{0}}}", "A: ${:,}.00"]
        )
        steps = f"He has {left} apples and {right} pears.\nEach of them costs 3 dollars.\n"
        made.append((str(total), steps + text.format(told)))
    return made


def mixed(size: int, pick: Random) -> list[Pair]:
    """Of ten: four whole numbers, one fraction, one decimal; a tuple, a root, two polynomials."""
    return [pick.choice(_KINDS)(pick) for _ in range(size)]


def _whole(pick: Random) -> Pair:
    number = pick.randrange(10**6)
    return str(number), f"Therefore it is \\boxed{{{number + pick.choice([0, 0, 1])}}}."


def _fraction(pick: Random) -> Pair:
    over, under, times = pick.randrange(1, 99), pick.randrange(2, 99), pick.randrange(1, 5)
    return f"\\frac{{{over}}}{{{under}}}", f"We get \\boxed{{\\frac{{{over * times}}}{{{under * times}}}}}."


def _decimal(pick: Random) -> Pair:
    number = pick.randrange(1, 10**5)
    return f"{number / 1000}", f"The answer is {number / 1000}0."


def _tuple(pick: Random) -> Pair:
    one, two = pick.randrange(99), pick.randrange(99)
    return f"({one}, {two})", f"So \\boxed{{({one},{two + pick.choice([0, 1])})}}."


def _root(pick: Random) -> Pair:
    out, under = pick.randrange(2, 9), pick.randrange(2, 99)
    return f"{out}\\sqrt{{{under}}}", f"So \\boxed{{\\sqrt{{{out * out * under}}}}}."


def _polynomial(pick: Random) -> Pair:
    one, two = pick.randrange(1, 99), pick.randrange(1, 99)
    return f"(x+{one})(x+{two})", f"So \\boxed{{x^2+{one + two}x+{one * two}}}."


_KINDS: Sequence[Callable[[Random], Pair]] = (
    *[_whole] * 4, _fraction, _decimal, _tuple, _root, *[_polynomial] * 2,
)  # fmt: skip


def _ours(pool: WorkerPool, items: Sequence[Pair]) -> float:
    jobs = _jobs(items)
    return len(jobs) / _seconds(lambda: pool.run(jobs))


def _alone(items: Sequence[Pair]) -> float:
    def verify() -> None:
        for gold, text in items:
            _MATH.judge(Attempt.of(text, {"type": "math", "answer": gold}))

    return len(items) / _seconds(verify)


def _jobs(items: Sequence[Pair]) -> list[Job]:
    """As the pipeline hands answers to a verifier."""
    references = [(text, {"type": "math", "answer": gold}) for gold, text in items]
    return [Job(("math",), Attempt.of(text, reference).bare()) for text, reference in references]


def _peer(items: Sequence[Pair]) -> float:
    def verify() -> None:
        for gold, text in items:
            math_verify.verify(math_verify.parse(f"${gold}$"), math_verify.parse(text))

    return len(items) / _seconds(verify)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _beside(folder: Path, pairs: int) -> list[float]:
    """With every hundredth item one that meets its deadline; what those cost alone is taken off.

    That is measured just before and just after: a deadline counts processor time, so that by the clock it
    costs more the busier the machine is.
    """
    checks = folder / "checks" / "rules"
    checks.mkdir(parents=True)
    (checks / "spin.py").write_text(SPIN, encoding="utf-8")
    numbers = count()

    def bad() -> list[Job]:
        """Each with a text of its own, since equal jobs of one submission are one."""
        return [Job(("spin",), Attempt.of(f"spin for ever {next(numbers)}")) for _ in range(BESIDE // 100)]

    def both(items: Sequence[Pair]) -> float:
        before = _seconds(lambda: pool.run(bad()))
        jobs = _jobs(items)
        for number, each in enumerate(bad()):
            jobs.insert(number * 101 + 50, each)
        took = _seconds(lambda: pool.run(jobs))
        after = _seconds(lambda: pool.run(bad()))
        return len(items) / (took - (before + after) / 2)

    made = partial(mixed, BESIDE)
    # One process, since of two one may meet more deadlines than the other, which is nobody's overhead.
    with WorkerPool(PoolSettings(size=1, folders=(folder / "checks",), soft_s=SOFT_S)) as pool:
        _ours(pool, made(Random(0)))
        pool.run(bad())  # the first deadlines of a process cost it more
        return paired(_each(both, made), _each(partial(_ours, pool), made), pairs)
