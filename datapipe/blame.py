"""What an answer says against the server that sent it, though it is stored like any other."""

import zlib
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from datapipe.backends.base import Backend, Completion
from schemas.rows import Answer

_TAIL = 2_048
"""Characters looked at, from the end, where a loop would be; shorter texts are not looked at."""
_STALE = 0.08
"""Prose packs to .6 of its size, tables to .4, sixty words said over and over to .04."""


@runtime_checkable
class Blames(Protocol):
    """A backend that keeps count of what speaks against its servers."""

    def blame(self, server: str, reason: str) -> None:
        """From any thread: something is wrong with what this server answers; the reason names no question."""
        ...


class Watch:
    """Looks at the answers of some questions as they come, and tells the backend what it finds.

    `known` are the answers there are already. At temperature 0 (`greedy`) answers repeat each other, and
    no server is to blame.
    """

    def __init__(self, backend: Backend, known: Iterable[tuple[str, str | None]], greedy: bool) -> None:
        self._backend = backend if isinstance(backend, Blames) else None
        self._greedy = greedy
        self._seen = {(question, thinking) for question, thinking in known if thinking is not None}

    def odd(self, said: Completion) -> list[str]:
        """What was odd about a reply, by its server; the backend is told."""
        for flaw in said.flaws:
            self._tell(said.server, flaw)
        return [f"{said.server}: {flaw}" for flaw in said.flaws]

    def look(self, made: Answer) -> str | None:
        """What speaks against the server, if anything does."""
        reason = self._repeat(made) or degenerate(made)
        if reason is not None and made.server is not None:
            self._tell(made.server, reason)
        return reason

    def _tell(self, server: str, reason: str) -> None:
        if self._backend is not None:
            self._backend.blame(server, reason)

    def _repeat(self, made: Answer) -> str | None:
        # What goes on from an answer has its thinking, too.
        if made.thinking_id is None or made.continues is not None:
            return None
        key = made.question_id, made.thinking_id
        if key not in self._seen:
            self._seen.add(key)
            return None
        return None if self._greedy else "the same long thinking twice for one question"


def degenerate(made: Answer) -> str | None:
    """Why an answer is hardly one: it says nothing, its server stopped it, or its end goes in circles.

    Seen at a glance, so that an answer costs some microseconds; which are dropped is for the rules.
    """
    if made.finish_reason == "repetition":
        return "text that goes in circles"
    thinking = made.raw_thinking or ""
    text = made.raw or thinking
    if len(text) + len(thinking) < _TAIL:
        said = made.raw.strip() or thinking.strip() or any(turn.tool_calls for turn in made.turns)
        return None if said or made.finish_reason == "length" else "an empty answer"
    tail = (text if len(text) >= _TAIL else thinking)[-_TAIL:].encode("utf-8", "replace")
    if len(tail) >= _TAIL and len(zlib.compress(tail, 1)) < _STALE * len(tail):
        return "text that goes in circles"
    return None
