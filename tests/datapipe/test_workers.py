"""Workers survive what checks do to them, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from datapipe.workers import Job, PoolSettings, WorkerError, WorkerPool
from judges.attempt import Attempt

pytestmark = pytest.mark.slow  # starts processes, or takes whole runs

CHECKS = {
    "plain": "return 'bad' if 'bad' in attempt.response else None",
    "loops": "\n    while 'loop' in attempt.response: pass",
    "swallows": """
    while 'loop' in attempt.response:
        try:
            while True: pass
        except: 'a bare except'""",
    "stops_the_clock": """
    signal.setitimer(signal.ITIMER_REAL, 0)
    while 'loop' in attempt.response: pass""",
    "takes_a_while": """
    end = time.process_time() + 0.12
    while time.process_time() < end: pass""",
    "native": "return str(sum(range(10**12 if 'loop' in attempt.response else 1)))",
    "hungry": "\n    if 'eat' in attempt.response: held = bytearray(4 << 30)",
    "exits": "\n    if 'exit' in attempt.response: os._exit(3)",
    "dies": "\n    if 'die' in attempt.response: os.kill(os.getpid(), signal.SIGKILL)",
    "once": """
    marker = attempt.prompt
    if 'once' in attempt.response and not os.path.exists(marker):
        open(marker, 'w').close()
        os.kill(os.getpid(), signal.SIGKILL)""",
    "sleeps": "\n    if 'sleep' in attempt.response: time.sleep(60)",
    "prints": "\n    print('noise' * 9999); sys.stdout.flush(); os.write(1, b'more'); sys.stdin.read()",
    "raises": "raise KeyError('gone')",
    "heavy": "return ' '.join({'prefect', 'polars', 'duckdb', 'aiohttp'} & set(sys.modules)) or None",
    "who": "return str(os.getpid())",
    "collects": "return None if gc.isenabled() and gc.get_freeze_count() else 'no'",
    "meets": """
    if attempt.prompt != '?':
        open(os.path.join(attempt.prompt, str(os.getpid())), 'w').close()
        while len(os.listdir(attempt.prompt)) < 2: time.sleep(0.01)""",
}
HEAD = '''"""A check of the tests."""
import gc, os, re, signal, sys, time
from judges.base import Attempt, check

@check(passes=["ok"], fails={"no": "no"})
def NAME(attempt: Attempt) -> str | None:
    BODY
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("checks")
    for name, body in CHECKS.items():
        (made / f"{name}.py").write_text(HEAD.replace("NAME", name).replace("BODY", body))
    return made


@contextmanager
def pool(folder: Path, size: int = 1, **limits: float) -> Iterator[WorkerPool]:
    with WorkerPool(PoolSettings(size=size, folders=(folder,), **limits)) as made:  # type: ignore[arg-type]
        yield made


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[WorkerPool]:
    with pool(folder, soft_s=0.3) as made:
        yield made


def job(text: str, *checks: str, prompt: str = "?") -> Job:
    return Job(checks, Attempt.of(text, prompt=prompt))


def words(pool: WorkerPool, *jobs: Job) -> list[list[tuple[str, str | None, str | None]]]:
    return [[(r.outcome, r.unscored, r.reason) for r in rulings] for rulings in pool.run(jobs)]


def timely(pool: WorkerPool, *jobs: Job) -> list[list[tuple[str, str | None, str | None]]]:
    """As `words`; asks again, as a run does, where a busy machine took more time than the loop did."""
    for _ in range(8):
        told = words(pool, *jobs)
        if not any((reason or "").endswith("by the clock") for each in told for *_, reason in each):
            break
    return told


def keepers(pool: WorkerPool) -> set[int]:
    """The processes whose forks rule. A fork that ruled too long is gone before the next has said its pid."""
    for _ in range(3_000):
        with suppress(psutil.NoSuchProcess):
            return {psutil.Process(pid).ppid() for pid in pool.pids}
        time.sleep(0.02)
    raise AssertionError("no fork took the place of the one that left")


PASS = ("pass", None, None)


def test_rulings_come_in_the_order_of_jobs_and_checks(shared: WorkerPool) -> None:
    texts = ["fine", "bad", "fine", "bad", "bad one"]
    told = words(shared, *(job(text, "no_loop", "plain") for text in texts))
    assert told == [[PASS, ("fail", None, "bad") if "bad" in text else PASS] for text in texts]


def test_nothing_asked_is_nothing_answered(shared: WorkerPool) -> None:
    assert shared.run([]) == []
    assert shared.run([job("x")]) == [[]]


def test_equal_jobs_are_ruled_on_once_and_answered_each(shared: WorkerPool) -> None:
    assert words(shared, job("bad", "plain"), job("bad", "plain")) == [[("fail", None, "bad")]] * 2


def test_a_worker_imports_no_engine_libraries(shared: WorkerPool) -> None:
    assert words(shared, job("x", "heavy")) == [[PASS]]


def test_a_worker_looks_for_garbage_but_not_in_what_it_loaded(shared: WorkerPool) -> None:
    assert words(shared, job("x", "collects")) == [[PASS]]


def test_what_checks_print_stays_out_of_the_frames(shared: WorkerPool) -> None:
    assert words(shared, job("x", "prints", "plain")) == [[PASS, PASS]]


def test_an_exception_is_unscored(shared: WorkerPool) -> None:
    assert words(shared, job("x", "raises")) == [[("unscored", "informative", "raised KeyError: 'gone'")]]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loops", "swallows"])
def test_soft_deadline_costs_one_check_of_one_item(shared: WorkerPool, name: str) -> None:
    told = timely(shared, job("fine", name), job("loop", name, "plain"), job("bad", "plain"))
    late = ("unscored", "informative", "deadline of 0.3 s")
    assert told == [[PASS], [late, PASS], [("fail", None, "bad")]]


@pytest.mark.slow
def test_after_a_deadline_the_checks_are_not_loaded_again(shared: WorkerPool) -> None:
    assert words(shared, job("fine", "loops")) == [[PASS]]
    before, fork = keepers(shared), list(shared.pids)
    assert words(shared, job("loop", "loops"), job("fine", "loops"))[1] == [PASS]
    assert keepers(shared) == before != {os.getpid()}
    assert list(shared.pids) != fork


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2])
def test_lists_that_are_ahead_of_a_deadline_are_ruled_on_once(folder: Path, size: int) -> None:
    texts = [f"{'loop' if n % 97 == 31 else 'bad' if n % 3 else 'fine'} {n}" for n in range(600)]
    with pool(folder, size=size, soft_s=0.2) as made:
        told = timely(made, *(job(text, "loops", "plain") for text in texts))
        before = keepers(made)
        assert [len(rulings) for rulings in told] == [2] * len(texts)
        late = ("unscored", "informative", "deadline of 0.2 s")
        assert [first == late for first, _ in told] == ["loop" in text for text in texts]
        assert [second != PASS for _, second in told] == ["bad" in text for text in texts]
        assert words(made, job("fine", "plain")) == [[PASS]]
        assert keepers(made) == before


@pytest.mark.slow
def test_a_check_that_stops_the_clock_is_late_all_the_same(shared: WorkerPool) -> None:
    name = "stops_the_clock"
    told = timely(shared, job("fine", name), job("fine", name, name), job("loop", "plain", name, "plain"))
    assert told == [[PASS], [PASS, PASS], [PASS, ("unscored", "informative", "deadline of 0.3 s"), PASS]]


@pytest.mark.slow
def test_a_deadline_is_that_of_one_check(shared: WorkerPool) -> None:
    jobs = [job(text, *["takes_a_while"] * 3) for text in ("one", "two")]
    assert timely(shared, *jobs) == [[PASS] * 3] * 2


@pytest.mark.slow
def test_too_long_by_the_clock_alone_may_be_tried_again(shared: WorkerPool) -> None:
    told = words(shared, job("sleep", "sleeps"), job("fine", "sleeps"))
    assert told == [[("unscored", "infra", "deadline of 1.2 s by the clock")], [PASS]]


@pytest.mark.slow
def test_memory_limit_is_unscored(shared: WorkerPool) -> None:
    told = words(shared, job("eat", "hungry"), job("fine", "hungry"))
    assert told == [[("unscored", "informative", "raised MemoryError: ")], [PASS]]


@pytest.mark.slow
def test_native_code_is_killed_on_cpu_time(folder: Path) -> None:
    with pool(folder, soft_s=0.2, cpu_s=0.5) as made:
        told = words(made, job("x", "native"), job("loop", "native", "plain"), job("bad", "plain"))
    killed = ("unscored", "informative", "killed after 0.5 s of CPU time")
    assert told == [[("fail", None, "0")], [killed, PASS], [("fail", None, "bad")]]


@pytest.mark.slow
def test_wall_limit_kills_what_hears_no_alarm(folder: Path) -> None:
    with pool(folder, soft_s=30, wall_s=2) as made:
        told = words(made, job("sleep", "sleeps"), job("bad", "plain"))
    assert told == [[("unscored", "infra", "killed after 2 s")], [("fail", None, "bad")]]


@pytest.mark.slow
def test_a_crash_that_repeats_costs_its_item(shared: WorkerPool) -> None:
    told = words(shared, job("fine", "exits"), job("exit", "exits", "plain"), job("bad", "plain"))
    crashed = ("unscored", "informative", "worker lost: exit status 3")
    assert told == [[PASS], [crashed, PASS], [("fail", None, "bad")]]


@pytest.mark.slow
def test_a_worker_killed_from_outside_is_infra_after_one_more_try(shared: WorkerPool, tmp_path: Path) -> None:
    always, once = job("die", "dies"), job("once", "once", prompt=str(tmp_path / "marker"))
    told = words(shared, always, once, job("fine", "dies"))
    assert told == [[("unscored", "infra", "worker lost: SIGKILL")], [PASS], [PASS]]


@pytest.mark.slow
def test_an_idle_worker_that_dies_is_replaced(folder: Path) -> None:
    with pool(folder) as made:
        (before,) = made.run([job("1", "who")])[0]
        os.kill(int(before.reason or 0), signal.SIGKILL)
        (after,) = made.run([job("2", "who")])[0]
    assert after.reason != before.reason


@pytest.mark.slow
def test_two_processes_share_the_work(folder: Path, tmp_path: Path) -> None:
    with pool(folder, size=2) as made:
        told = words(made, *(job(text, "meets", prompt=str(tmp_path)) for text in ("one", "other")))
    assert told == [[PASS], [PASS]]  # neither is done before both are at work


@pytest.mark.slow
def test_a_full_queue_makes_submitters_wait(folder: Path) -> None:
    with WorkerPool(PoolSettings(size=1, folders=(folder,), queued=1)) as made:
        futures = [made.submit([job(f"bad {n}", "plain"), job(f"{n}", "plain")]) for n in range(20)]
        assert all([r[0].outcome for r in future.result()] == ["fail", "pass"] for future in futures)


def test_an_unknown_check_is_named(shared: WorkerPool) -> None:
    with pytest.raises(WorkerError, match="there is no verifier or rule 'plane'; did you mean 'plain'"):
        shared.run([job("x", "plane")])


def test_checks_that_do_not_load_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import json\n\nnonsense\n")
    with pool(tmp_path) as made, pytest.raises(WorkerError, match=r"broken\.py:3: NameError"):
        made.run([job("x", "no_loop")])


def test_closing_kills_and_tells_whoever_waits(folder: Path) -> None:
    made = WorkerPool(PoolSettings(size=1, folders=(folder,)))
    future = made.submit([job("sleep", "sleeps")])
    while not (pids := list(made.pids)):
        time.sleep(0.01)
    made.close()
    made.close()
    with pytest.raises(WorkerError, match="closed"):
        future.result(60)
    with pytest.raises(WorkerError, match="closed"):
        made.submit([job("x", "plain")])
    _until(lambda: not any(map(_runs, pids)))


PARENT = """
import sys
from pathlib import Path
from datapipe import interrupts
from datapipe.workers import *
from judges.attempt import Attempt
interrupts.hear()
interrupts.watch()
pool = WorkerPool(PoolSettings(size=2, folders=(Path(sys.argv[1]),)))
work = Job(("loops",), Attempt.of("loop"))
with pool:
    pool.run([Job(("who",), Attempt.of("a")), Job(("who",), Attempt.of("b"))])
    print(*pool.pids, flush=True)
    pool.run([Job(("loops",), Attempt.of(f"loop {n}")) for n in range(99)])
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_its_parent(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PARENT), str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        try:
            pids = [int(pid) for pid in parent.stdout.readline().split()]
            assert pids
            os.killpg(parent.pid, number)
            _until(lambda: not any(_runs(pid) for pid in pids))
            errors = parent.stderr.read()
        finally:
            parent.kill()
    assert errors.count("Traceback") == (number == signal.SIGINT), errors


def _until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "still running"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
