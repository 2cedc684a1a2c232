"""Take shards through stages a window at a time; one that is asked for more goes back to its first stage."""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from queue import SimpleQueue
from threading import Event
from typing import Any, Protocol

from datapipe.context import Shard


class Handle(Protocol):
    """What a submitted stage gives back: any kind of future."""

    def add_done_callback(self, fn: Callable[[Any], None], /) -> None: ...
    def result(self) -> object: ...


Submit = Callable[[str, Shard | None], Handle]
"""Hand a stage out, over one shard or over the run; returns at once. Its result is the shards, if any, that
are to be answered again."""
Needs = Callable[[Shard], Collection[Shard]]
"""The shards that have to be through before a shard may decide."""


def nothing(_: Shard) -> Collection[Shard]:
    """No shard waits for another."""
    return ()


class Sliding:
    """A stage is handed out when its input is finished, so that nothing that waits holds a slot. A shard that
    waits for others to be through does not count in the window: the next one begins in its place."""

    def __init__(
        self, stages: Sequence[str], window: int, submit: Submit, needs: Needs, *, abort: Event
    ) -> None:
        self._stages, self._window, self._submit, self._needs = stages, window, submit, needs
        self._abort = abort
        self._finished: SimpleQueue[tuple[Shard, int, Handle]] = SimpleQueue()
        self._parked: deque[tuple[Shard, int]] = deque()
        self._open: set[Shard] = set()
        """Shards that are not through."""
        self._active = 0
        self._failed: BaseException | None = None

    def take(self, shards: Sequence[Shard]) -> None:
        """Take shards through, those first that come first. The first error stops the handing out, and is
        raised when what runs has ended."""
        waiting = deque(shards)
        self._open = set(shards)
        while self._active or (self._failed is None and (waiting or self._parked)):
            self._fill(waiting)
            shard, step, handle = self._finished.get()
            self._active -= 1
            again = self._result(handle)
            if self._failed is not None:
                continue
            if shard in again:
                self._go(shard, 0)
            elif step + 1 < len(self._stages):
                self._go(shard, step + 1)
            else:
                self._open.discard(shard)
        if self._failed is not None:
            raise self._failed

    def _fill(self, waiting: deque[Shard]) -> None:
        for shard, step in list(self._parked):
            if self._active < self._window and self._failed is None and self._may(shard):
                self._parked.remove((shard, step))
                self._start(shard, step)
        while waiting and self._active < self._window and self._failed is None:
            self._start(waiting.popleft(), 0)

    def _go(self, shard: Shard, step: int) -> None:
        if self._stages[step] == "decide" and not self._may(shard):
            self._parked.append((shard, step))
        else:
            self._start(shard, step)

    def _may(self, shard: Shard) -> bool:
        return self._open.isdisjoint(self._needs(shard))

    def _start(self, shard: Shard, step: int) -> None:
        self._active += 1
        handle = self._submit(self._stages[step], shard)
        handle.add_done_callback(lambda _: self._finished.put((shard, step, handle)))

    def _result(self, handle: Handle) -> Collection[Shard]:
        try:
            return shards_in(handle.result())
        except Exception as error:  # noqa: BLE001  # raised by `take`, when the others have ended
            self._failed = self._failed or error
            self._abort.set()
            return ()


def shards_in(result: object) -> list[Shard]:
    """The shards that a stage wants answered again."""
    return [each for each in result if isinstance(each, Shard)] if isinstance(result, list) else []
