"""Rulings leave a worker in few messages, and none is lost or doubled by a kill."""

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from datapipe import worker_outbox
from datapipe.worker_frames import decode, encode, read_frame
from datapipe.worker_outbox import Outbox, read_ruling
from judges.base import PASSED, Ruling


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    yield source, sink
    os.close(source)


def told(source: int, sink: int) -> list[tuple[list[str], int | None]]:
    """Reasons and `leaving` of every message, until the pipe ends."""
    os.close(sink)
    messages: list[dict[str, Any]] = []
    while (body := read_frame(source)) is not None:
        messages.append(json.loads(body))
    return [([read_ruling(each)[1].reason or "" for each in m["ruled"]], m["leaving"]) for m in messages]


def test_rulings_of_a_moment_are_one_message(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_outbox, "_HOLD_S", 60)
    outbox = Outbox(pipe[1])
    for reason in ("one", "two \ud800", "three"):
        outbox.put(Ruling("fail", reason=reason))
        outbox.send_due()
    outbox.send()
    outbox.send()
    assert told(*pipe) == [(["one", "two \ud800", "three"], None)]


@pytest.mark.parametrize("text", ["4", "é 题 \U0001f600", "lone \ud800", "\udfff\x00\u2028", '"\\'])
def test_any_text_travels(text: str) -> None:
    value = {"a": [text, None, 2**63 - 1, 0.1, {text: True}]}
    assert decode(encode(value)) == value


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        decode(b"noise")


def test_rulings_come_out_as_they_went_in(pipe: tuple[int, int]) -> None:
    outbox, sent = Outbox(pipe[1]), [PASSED, Ruling("pass", extracted="4"), Ruling("pass"), PASSED]
    for ruling in sent:
        outbox.put(ruling)
    outbox.send()
    body = read_frame(pipe[0])
    assert body is not None
    clocks, rulings = zip(*map(read_ruling, decode(body)["ruled"]), strict=True)
    assert list(rulings) == sent
    assert 0 < clocks[0] <= clocks[-1] <= time.process_time() + 1e-4
    os.close(pipe[1])


@pytest.mark.parametrize("told", [1, "noise", [0.1], [0.1, ["pass", *"12345678"]], None])
def test_what_is_no_ruling_is_an_error(told: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_ruling(told)


def test_a_ruling_waits_for_the_next_since_it_may_be_the_last(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told apart from its process's leaving, it would bring a list that nobody rules on."""
    monkeypatch.setattr(worker_outbox, "_HOLD_S", -1)
    outbox = Outbox(pipe[1])
    os.set_blocking(pipe[0], False)
    outbox.put(Ruling("fail", reason="one"))
    with pytest.raises(BlockingIOError):
        os.read(pipe[0], 1)
    outbox.send_due()
    outbox.put(Ruling("fail", reason="two"))
    outbox.send(leaving=3)
    assert told(*pipe) == [(["one"], None), (["two"], 3)]


def test_who_leaves_says_so_in_the_message_of_the_last_ruling(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_outbox, "_HOLD_S", 60)
    outbox = Outbox(pipe[1])
    outbox.put(Ruling("fail", reason="late"))
    outbox.send(leaving=3)
    outbox.send(leaving=3)
    assert told(*pipe) == [(["late"], 3), ([], 3)]


def test_without_room_what_is_held_goes_first(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_outbox, "_ROOM", 200)
    outbox = Outbox(pipe[1])
    for reason in ("a" * 80, "b" * 80, "c" * 10):
        outbox.put(Ruling("fail", reason=reason))
    outbox.send()
    assert told(*pipe) == [(["a" * 80], None), (["b" * 80, "c" * 10], None)]


def test_what_a_killed_fork_had_ruled_can_still_be_sent(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_outbox, "_HOLD_S", 60)
    outbox = Outbox(pipe[1])
    child = os.fork()
    if child == 0:
        try:
            outbox.put(Ruling("fail", reason="before"))
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(2)  # or the child would go on with the tests
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    outbox.send()
    assert told(*pipe) == [(["before"], None)]
