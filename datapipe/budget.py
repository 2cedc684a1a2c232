"""How many tokens a run may still generate, whoever asked for them and in whichever process."""

import asyncio
import threading
from typing import Any

from datapipe.backends.base import Backend, BackendError, Completion, Request
from datapipe.journal import read_journal
from datapipe.pausing import insist
from datapipe.run import RunFolder
from schemas.rows import LANES

_CHARACTERS_PER_TOKEN = 4
"""Where no server counted."""


class Unsent(BackendError):
    """The budget was spent before this request was sent. It stays owed."""


class Budget:
    """What is generated counts: answers of every kind in parts, in journals and just come; not what judges
    say, and not what broke on its way. Threads may share it."""

    def __init__(self, run: RunFolder, limit: int | None, concurrency: int) -> None:
        self.limit = limit
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._spent = insist(run.path / "answers", lambda: generated(run)) if limit is not None else 0
        self._slots: asyncio.Semaphore | None = None

    @property
    def left(self) -> int | None:
        """Tokens that may still be generated; None where nothing limits them."""
        return None if self.limit is None else max(self.limit - self._spent, 0)

    def over(self, backend: Backend) -> Backend:
        """The backend, held to the budget."""
        return backend if self.limit is None else _Metered(self, backend)

    async def complete(self, backend: Backend, request: Request) -> Completion:
        """Send a request while there is budget. No more are let through than may be in flight, so that none
        waits in a queue behind this while the last tokens are spent. Raises Unsent."""
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._concurrency)
        async with self._slots:
            if self.left == 0:
                raise Unsent(f"the budget of {self.limit:,} tokens is spent")
            said = await backend.complete(request)
            with self._lock:
                self._spent += sum(tokens_of(c.completion_tokens, c.content, c.reasoning) for c in said.every)
            return said


class _Metered:
    """A backend whose answers are paid from a budget."""

    def __init__(self, budget: Budget, backend: Backend) -> None:
        self._budget, self._backend = budget, backend

    async def complete(self, request: Request) -> Completion:
        return await self._budget.complete(self._backend, request)

    async def close(self) -> None:
        await self._backend.close()


def generated(run: RunFolder) -> int:
    """Tokens of all answers that stand in parts or journals, each once."""
    known, continued = dict[str, int](), set[str | None]()
    for lane in LANES:
        names = ("answer_id", "completion_tokens", "continues")
        rows = list(run.columns("answers", lane, None, *names))
        known.update((answer, tokens or 0) for answer, tokens, _ in rows)
        continued.update(other for *_, other in rows)
        if any(tokens is None for _, tokens, _ in rows):
            said = run.columns("answers", lane, None, "answer_id", "completion_tokens", "raw", "raw_thinking")
            known.update((answer, tokens_of(*texts)) for answer, *texts in said)
    for path in sorted(run.path.glob("_journal/answers/lane=*/*.jsonl")):
        for entry in read_journal(path):
            answer: Any = entry.get("answer")
            if isinstance(answer, dict) and answer.get("answer_id") not in known:
                texts = (str(answer.get("raw") or ""), answer.get("raw_thinking"))
                known[answer["answer_id"]] = tokens_of(answer.get("completion_tokens"), *texts)
                continued.add(answer.get("continues"))
    # What goes on from another has its tokens, too.
    return sum(tokens for answer, tokens in known.items() if answer not in continued)


def tokens_of(counted: int | None, content: str, thinking: str | None) -> int:
    """Tokens of a completion: as counted, else from its text, so that no server is free of charge."""
    if counted is not None:
        return counted
    return (len(content) + len(thinking or "")) // _CHARACTERS_PER_TOKEN + 1
