import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from itertools import islice

import pytest

from datapipe import loop
from datapipe.backends.base import Completion, Refused, Request, Transient
from datapipe.backends.fake import Fake


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    yield
    loop.stop()


def requests(count: int) -> Iterator[Request]:
    return (Request(f"r{i}", "q", "m", ({"role": "user", "content": f"{i}"},), {}, 16) for i in range(count))


class Gate:
    """A backend whose answers wait for the gate; it knows who is inside and who was cancelled."""

    def __init__(self) -> None:
        self.inside = 0
        self.cancelled = 0
        self.entered = threading.Event()

    async def complete(self, request: Request) -> Completion:
        self.inside += 1
        self.entered.set()
        try:
            if request.id != "r0":
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # what is cancelled may need a turn to clean up
            self.cancelled += 1
            raise
        finally:
            self.inside -= 1
        return Completion("first", "stop", "gate")

    async def close(self) -> None: ...


def test_every_request_comes_back_once_with_its_own_answer() -> None:
    backend = Fake(lambda request: f"answer {request.id}")
    got = list(loop.stream(backend, requests(1000), window=64))
    assert sorted(r.id for r, _ in got) == sorted(f"r{i}" for i in range(1000))
    assert all(isinstance(o, Completion) and o.content == f"answer {r.id}" for r, o in got)


def test_what_is_finished_at_once_is_handed_out_together() -> None:
    sizes = [len(batch) for batch in loop.batches(Fake(), requests(1000), window=64)]
    assert sum(sizes) == 1000
    assert 1 < max(sizes) <= 8, "an eighth of the window, so that there is always more to ask"


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9])
def test_any_number_of_requests_is_answered(count: int) -> None:
    assert len(list(loop.stream(Fake(), requests(count), window=8))) == count


def test_errors_are_outcomes_and_stop_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    def respond(request: Request) -> str | Transient | Refused:
        match int(request.id[1:]) % 4:
            case 0:
                return Transient("down")
            case 1:
                return Refused("too long")
            case 2:
                raise ZeroDivisionError("a bug")
        return "yes"

    kinds: dict[str, int] = {}
    for _, outcome in loop.stream(Fake(respond), requests(40), window=8):
        kinds[str(outcome) if isinstance(outcome, Exception) else "yes"] = 1
        assert not isinstance(outcome, Exception) or outcome.__traceback__ is None
    assert set(kinds) == {"down", "too long", "ZeroDivisionError in the backend: a bug", "yes"}
    assert "a backend broke on request r2" in caplog.text


def test_no_more_than_the_window_is_read_ahead() -> None:
    handed_out = read = most = 0

    def counted() -> Iterator[Request]:
        nonlocal read, most
        for request in requests(300):
            read += 1
            most = max(most, read - handed_out)
            yield request

    for _ in loop.stream(Fake(), counted(), window=20):
        handed_out += 1
    assert handed_out == 300
    assert most <= 21  # the one in hand is not handed out until the next is asked for


def test_requests_are_read_in_the_calling_thread() -> None:
    readers = set()

    def source() -> Iterator[Request]:
        for request in requests(20):
            readers.add(threading.current_thread())
            yield request

    list(loop.stream(Fake(), source(), window=4))
    assert readers == {threading.current_thread()}


@pytest.mark.parametrize("how", [RuntimeError, KeyboardInterrupt, None])
def test_leaving_cancels_what_is_out_and_waits_for_it(how: type[BaseException] | None) -> None:
    gate = Gate()

    def leave() -> None:
        for _ in loop.stream(gate, requests(50), window=10):
            if how is None:
                return
            raise how

    if how is None:
        leave()
    else:
        with pytest.raises(how):
            leave()
    assert gate.inside == 0
    assert gate.cancelled == 9


def test_closing_an_iterator_that_is_kept_cancels_too() -> None:
    gate = Gate()
    with closing(loop.stream(gate, requests(50), window=10)) as finished:
        assert len(list(islice(finished, 1))) == 1
        assert gate.inside == 9
    assert gate.inside == 0


def test_a_source_that_breaks_cancels_what_is_out() -> None:
    gate = Gate()

    def source() -> Iterator[Request]:
        yield from requests(70)
        assert gate.entered.wait(120)
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        list(loop.stream(gate, source(), window=80))
    assert gate.inside == 0


@pytest.mark.slow  # starts a process
def test_an_interrupt_is_prompt_while_nothing_comes_back() -> None:
    program = """
import asyncio, signal, sys, threading, os
from datapipe import interrupts, loop
from tests.datapipe.test_loop import Gate, requests
interrupts.hear()
interrupts.watch()
gate = Gate()
threading.Thread(target=lambda: (gate.entered.wait(), os.kill(os.getpid(), signal.SIGINT))).start()
try:
    for request, outcome in loop.stream(gate, list(requests(9))[1:], window=4):
        print("answered", request.id)
except KeyboardInterrupt:
    print("interrupted", gate.inside)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted 0\n", "", 0)


def test_several_threads_stream_on_one_loop() -> None:
    threads = set()

    async def respond() -> None:
        threads.add(threading.current_thread())

    results: list[int] = []

    def shard() -> None:
        loop.run(respond())
        results.append(len(list(loop.stream(Fake(), requests(200), window=16))))

    shards = [threading.Thread(target=shard) for _ in range(4)]
    for each in shards:
        each.start()
    for each in shards:
        each.join(120)
    assert results == [200] * 4
    assert len(threads) == 1


def test_a_stopped_loop_starts_again() -> None:
    async def here() -> int:
        return threading.get_ident()

    first = loop.run(here())
    assert loop.run(here()) == first
    loop.stop()
    loop.stop()
    assert loop.submit(here()).result(120) != threading.get_ident()


def test_stopping_the_loop_wakes_those_who_wait() -> None:
    gate = Gate()

    def stop() -> None:
        gate.entered.wait(120)
        loop.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(loop.LoopStopped):
        list(loop.stream(gate, list(requests(9))[1:], window=4))
    stopper.join(120)
    assert gate.inside == 0


def test_a_stream_that_comes_after_the_end_starts_no_loop_again() -> None:
    asked = loop.stream(Gate(), requests(9), window=4, ended=lambda: True)
    with pytest.raises(loop.LoopStopped, match="for good"):
        next(asked)


def test_who_hands_to_a_loop_that_has_ended_is_told() -> None:
    finished = loop.stream(Gate(), requests(9), window=1)
    assert next(finished)[0].id == "r0"
    loop.stop()
    with pytest.raises(loop.LoopStopped):
        next(finished)


def test_what_a_loop_forgets_at_its_end_is_cancelled() -> None:
    """Handed over when the tasks of the loop were cancelled already, and before it closed."""

    async def here() -> int:
        return 1

    thread = loop._running()
    lost: Future[int] = Future()
    thread.waits(lost.cancel)
    loop.stop()
    assert lost.cancelled()
    late: Future[int] = Future()
    thread.waits(late.cancel)
    assert late.cancelled()
    assert loop.run(here()) == 1


def test_run_raises_what_the_coroutine_raises_and_refuses_to_wait_for_itself() -> None:
    async def inner() -> None:
        await asyncio.sleep(0)

    async def outer() -> None:
        loop.run(inner())

    with pytest.raises(RuntimeError, match="use await"):
        loop.run(outer())


def test_a_backend_that_cancels_itself_is_an_outage() -> None:
    class Odd(Gate):
        async def complete(self, request: Request) -> Completion:
            raise asyncio.CancelledError

    outcomes = [outcome for _, outcome in loop.stream(Odd(), requests(3), window=2)]
    assert [type(outcome) for outcome in outcomes] == [Transient] * 3


@pytest.mark.slow  # starts a process
def test_a_process_ends_by_itself_with_requests_out() -> None:
    program = """
from datapipe import loop
from tests.datapipe.test_loop import Gate, requests
finished = loop.stream(Gate(), requests(9), window=4)
print(next(finished)[1].content)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("first\n", "", 0)


def test_a_forked_child_starts_a_loop_of_its_own() -> None:
    async def pid() -> int:
        return os.getpid()

    assert loop.run(pid()) == os.getpid()
    if (child := os.fork()) == 0:
        try:
            os._exit(int(loop.run(pid()) != os.getpid()))
        finally:
            os._exit(2)  # or the child would go on with the tests
    assert os.waitpid(child, 0)[1] == 0


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        next(loop.stream(Fake(), requests(1), window=0))
