"""Which stored answers are draws that a rate may count: each once, in its last state, for the rate alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.ids import content_id

COLUMNS = ("answer_id", "question_id", "policy_id", "index", "purpose", "continues", "thinking_id")
"""What has to be known of an answer; those of a Row, in this order."""
LONG_TOKENS = 200
"""A thinking of more tokens than this is never come by twice by chance."""
_CHARACTERS_PER_TOKEN = 4
"""Of ASCII text, where no server counted; a character beyond ASCII is taken as a token."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stored answer, as COLUMNS tell it."""

    answer_id: str
    question_id: str
    policy_id: str
    index: int
    purpose: str
    continues: str | None
    thinking_id: str | None


@dataclass(frozen=True, slots=True)
class Draws:
    """What the answers of some questions are to a rate."""

    rated: frozenset[str]
    """The answer_ids that count."""
    superseded: Mapping[str, str]
    """By answer_id the one that goes on from it and stands in its place."""
    repeats: Mapping[str, str]
    """By answer_id the one of the same question and policy whose long thinking it repeats."""

    def no_draw(self, answer: str) -> str | None:
        """Why an answer is no draw of its own; None where it is one."""
        if answer in self.superseded:
            return f"cut short, and answer {self.superseded[answer]} goes on from it"
        if answer in self.repeats:
            return f"the same long thinking as answer {self.repeats[answer]}"
        return None


def draws(columns: Iterable[tuple[Any, ...]]) -> Draws:
    """Tell draws from what is none, given all answers of the questions concerned.

    An answer that another continues is that other one, cut short. Of answers with equal long thinking the
    one of the lowest index is the draw, and one for the rate comes before one to harvest. A rewrite is no
    draw at all.
    """
    rows = [row for row in (Row(*each) for each in columns) if row.purpose != "rewrite"]
    superseded = {row.continues: row.answer_id for row in rows if row.continues is not None}
    standing = [row for row in rows if row.answer_id not in superseded]
    first: dict[tuple[str, str, str], str] = {}
    repeats: dict[str, str] = {}
    for row in sorted(standing, key=lambda row: (row.purpose != "rate", row.index, row.answer_id)):
        if row.thinking_id is None:
            continue
        known = first.setdefault((row.question_id, row.policy_id, row.thinking_id), row.answer_id)
        if known != row.answer_id:
            repeats[row.answer_id] = known
    rated = {row.answer_id for row in standing if row.purpose == "rate"}
    return Draws(frozenset(rated - repeats.keys()), superseded, repeats)


def thinking_id(
    thinking: str | None, response: str, tokens: int | None = None, reasoning_tokens: int | None = None
) -> str | None:
    """The identity of a thinking over LONG_TOKENS tokens; None of a shorter one, which chance repeats.

    Its tokens are those that the server counted for it, else its share by characters of all that were
    counted, else an estimate from its text.
    """
    if not thinking or _tokens(thinking, response, tokens, reasoning_tokens) <= LONG_TOKENS:
        return None
    return content_id("thinking", thinking)


def _tokens(thinking: str, response: str, tokens: int | None, reasoning_tokens: int | None) -> float:
    if reasoning_tokens:  # a server that does not count them may say 0
        return reasoning_tokens
    if tokens:
        return tokens * len(thinking) / (len(thinking) + len(response))
    beyond = 0 if thinking.isascii() else sum(not char.isascii() for char in thinking)
    return beyond + (len(thinking) - beyond) / _CHARACTERS_PER_TOKEN
