"""What a check sees: one attempt at one question, content only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Self, TypeVar

from judges.values.remembered import Remembered
from judges.values.thinking import split
from schemas.references import Reference, dump_reference, load_reference, parse_reference
from schemas.rows import Answer, Layout, Message, Question, Turn, UnscoredClass

R = TypeVar("R")
_PLAIN = ("prompt", "question", "raw", "layout", "finish_reason", "format", "language")


class Unscored(Exception):
    """Raised by a check that cannot tell: which is neither pass nor fail."""

    unscored: UnscoredClass = "informative"

    def __init__(self, reason: str, extracted: str | None = None) -> None:
        super().__init__(reason)
        self.extracted = extracted
        """What the check read all the same, so that answers can be compared with each other."""


class Outage(Unscored):
    """Raised by a check that the machine keeps from telling, so that another try may succeed."""

    unscored = "infra"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer as it was given, with the question as the model saw it."""

    prompt: str
    """The last user message as it was sent, with the format line."""
    question: str
    """The last user message as it was written, without the format line."""
    messages: tuple[Message, ...]
    """Everything that was sent."""
    turns: tuple[Turn, ...]
    """Everything that came back, and what tools replied in between."""
    response: str
    """The content of the last assistant turn; empty where there is none."""
    thinking: str | None
    """The thinking of the last assistant turn."""
    raw: str
    """The content as the server sent it."""
    layout: Layout
    finish_reason: str
    reference: Reference | None = None
    format: str = "none"
    language: str | None = None

    def __hash__(self) -> int:
        return hash((self.prompt, self.raw, self.finish_reason))

    @property
    def truncated(self) -> bool:
        """The answer was cut at max_tokens."""
        return self.finish_reason == "length"

    def expected(self, kind: type[R]) -> R:
        """The reference, which must be of this type. Raises Unscored where it is another or none."""
        if isinstance(self.reference, kind):
            return self.reference
        given = "no reference" if self.reference is None else f"a reference of type {self.reference.type!r}"
        raise Unscored(f"{given}, {kind.__name__} is needed")

    def bare(self) -> Self:
        """The response alone, which is what verifiers judge: the same one is the same attempt."""
        said = (Turn(role="assistant", content=self.response),)
        return type(self)(
            self.prompt,
            self.question,
            (),
            said,
            self.response,
            None,
            self.response,
            "none",
            self.finish_reason,
            self.reference,
            self.format,
        )

    @classmethod
    def of(
        cls,
        text: str,
        reference: Mapping[str, Any] | Reference | None = None,
        prompt: str = "?",
        *,
        finish_reason: str = "stop",
        thinking: str | None = None,
        question: str | None = None,
        format: str = "none",
        language: str | None = None,
    ) -> Self:
        """An attempt from a bare answer, for examples; thinking tags in the text are split off."""
        parts = split(text, thinking, finish_reason)
        turn = Turn(role="assistant", content=parts.response, thinking=parts.thinking)
        return cls(
            prompt=prompt,
            question=prompt if question is None else question,
            messages=(Message(role="user", content=prompt),),
            turns=(turn,),
            response=parts.response,
            thinking=parts.thinking,
            raw=text,
            layout=parts.layout,
            finish_reason=finish_reason,
            reference=parse_reference(reference) if isinstance(reference, Mapping) else reference,
            format=format,
            language=language,
        )

    @classmethod
    def asking(cls, prompt: str, reference: Mapping[str, Any] | Reference | None = None) -> Self:
        """A question without an answer, for the examples of question checks."""
        return replace(cls.of("", reference, prompt), turns=())

    @classmethod
    def from_question(cls, question: Question, sent: Sequence[Message]) -> Self:
        """A stored question without an answer."""
        return replace(
            cls.asking(
                asked(sent), None if question.reference is None else load_reference(question.reference)
            ),
            question=asked(question.messages),
            messages=tuple(sent),
            format=question.format,
            language=question.language,
        )

    @classmethod
    def from_rows(cls, question: Question, answer: Answer, sent: Sequence[Message]) -> Self:
        """An attempt from stored rows; `sent` are the exact messages of the request."""
        response, thinking = last_said(answer.turns)
        return cls(
            prompt=asked(sent),
            question=asked(question.messages),
            messages=tuple(sent),
            turns=tuple(answer.turns),
            response=response,
            thinking=thinking,
            raw=answer.raw,
            layout=answer.layout,
            finish_reason=answer.finish_reason,
            reference=None if question.reference is None else load_reference(question.reference),
            format=answer.format,
            language=question.language,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads; what follows from the turns is left out."""
        value: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        value["messages"] = _remembered(self.messages) if self.messages else "[]"
        value["turns"] = [told(turn) for turn in self.turns]
        value["reference"] = None if self.reference is None else _reference(self.reference)
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The attempt of `to_json`. Raises a ValueError or KeyError for anything else."""
        turns = tuple(Turn.model_validate(turn) for turn in value["turns"])
        response, thinking = last_said(turns)
        reference = value["reference"]
        return cls(
            **{name: value[name] for name in _PLAIN},
            messages=_load_messages(value["messages"]),
            turns=turns,
            response=response,
            thinking=thinking,
            reference=None if reference is None else load_reference(reference),
        )


@lru_cache(maxsize=1_024)
def _load_messages(text: str) -> tuple[Message, ...]:
    """The same for all answers to a question, which come one after the other."""
    return tuple(Message.model_validate(message) for message in json.loads(text))


def told(message: Message) -> dict[str, Any]:
    """A message in the JSON of an attempt: model_dump(exclude_defaults=True), which takes many times as long
    for a few texts."""
    if message.tool_calls:
        return message.model_dump(exclude_defaults=True)
    defaults = _defaults(type(message))
    return {name: value for name, value in message.__dict__.items() if value != defaults[name]}


@cache
def _defaults(model: type[Message]) -> dict[str, Any]:
    return {name: field.get_default(call_default_factory=True) for name, field in model.model_fields.items()}


def in_json(messages: Sequence[Message]) -> str:
    """Messages in the JSON of an attempt: a text, so that equal ones are read once."""
    return json.dumps([told(one) for one in messages])


_remembered = Remembered[tuple[Message, ...], str](in_json)
_reference = Remembered[Reference, str](dump_reference)


def last_said(turns: Sequence[Turn]) -> tuple[str, str | None]:
    """Content and thinking of the last assistant turn; nothing where there is none."""
    for turn in reversed(turns):
        if turn.role == "assistant":
            return turn.content, turn.thinking
    return "", None


def asked(messages: Sequence[Message]) -> str:
    """The content of the last user message; empty where there is none."""
    for message in reversed(messages):
        if message.role == "user":
            return message.content
    return ""
