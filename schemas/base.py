"""What rows are made of: their words, and the messages and turns inside them."""

from typing import Any, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field

Lane = Literal["verifiable", "non_verifiable"]
LANES: tuple[Lane, ...] = ("verifiable", "non_verifiable")
Role = Literal["system", "user", "assistant", "tool"]
Outcome = Literal["pass", "fail", "unscored"]
UnscoredClass = Literal["infra", "informative"]
Tier = Literal["unsolved", "hard", "medium", "easy", "trivial", "undetermined"]
TIERS: tuple[Tier, ...] = ("unsolved", "hard", "medium", "easy", "trivial")
Suspicion = Literal["verifier_dispute", "gold_wrong_likely", "trap_or_hard", "ambiguous"]
"""Whose fault it may be that the answers are not the reference: the verifier's (both look equivalent), the
reference's (another model family agrees with the majority), the answers' own, or not to be told."""
Perturbation = Literal["tool_info", "system", "user", "environment", "tool_reply"]
Layout = Literal["none", "tags", "close_only", "field", "unclosed", "malformed"]
"""Where thinking stood in what came back: nowhere, between both tags, before a lone closing tag, in a
field of its own, opened and never closed, or nested, repeated or crossed tags."""


_set = object.__setattr__


def _fields(row: "Row") -> dict[str, Any]:
    return row.__dict__


class Row(BaseModel):
    """Frozen; an unknown column is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Columns that may differ between two runs of the same configuration."""

    @classmethod
    def trusted(cls, values: dict[str, Any]) -> Self:
        """A row of all its fields, which the caller has checked: as pydantic makes it once it has looked at
        every value."""
        row = object.__new__(cls)
        _set(row, "__dict__", values)
        _set(row, "__pydantic_fields_set__", set(values))
        _set(row, "__pydantic_extra__", None)
        _set(row, "__pydantic_private__", None)
        return row

    def to_json(self) -> bytes:
        """As model_dump_json, twice as fast. Raises TypeError for a lone surrogate."""
        return orjson.dumps(self.__dict__, default=_fields)


class ToolCall(Row):
    """One call of a tool that an assistant turn makes."""

    id: str | None = None
    name: str
    arguments: str
    """JSON text, as the model wrote it."""


class Message(Row):
    """One message of a conversation, as it is asked."""

    role: Role
    content: str
    thinking: str | None = None
    """Past thinking is part of the history (interleaved thinking)."""
    tool_calls: list[ToolCall] = Field(default_factory=list)
    tool_call_id: str | None = None


class Turn(Message):
    """One message that the policy or its environment produced."""

    train: bool = True
    """Loss on this turn; False for tool replies and for turns that are context only."""
    tokens: int | None = None
