"""A question row as a user writes it, and the checked Question it becomes."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from datapipe.config import RunConfig
from datapipe.format import draw_format, fitting
from datapipe.reading import RawRow
from schemas.ids import canonical, question_id, reference_id
from schemas.references import dump_reference, parse_reference
from schemas.rows import Lane, Message, Perturbation, Question, Role
from schemas.writable import writable

UNNAMED = "unnamed"
"""The source of rows that name none."""


class InputCall(BaseModel):
    """A tool call in the OpenAI form, `arguments` as text or as an object."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str | None = None
    name: str
    arguments: str

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("function"), dict):
            value = {"id": value.get("id"), **value["function"]}
        if isinstance(value, dict) and isinstance(value.get("arguments"), dict):
            value = {**value, "arguments": canonical(value["arguments"])}
        return value


class InputMessage(BaseModel):
    """One message; past thinking under any of its usual names."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    role: Role
    content: str = ""
    thinking: str | None = None
    tool_calls: list[InputCall] = Field(default_factory=list)
    tool_call_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_name(cls, value: Any) -> Any:
        if isinstance(value, dict):
            value = dict(value)
            for name in ("reasoning", "reasoning_content"):
                if name in value and "thinking" not in value:
                    value["thinking"] = value.pop(name)
        return value

    def message(self) -> Message:
        return Message.model_validate(self.model_dump())


class InputRow(BaseModel):
    """`lane, domain, prompt | messages, reference`, and what may come with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lane: Lane
    domain: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,63}$")
    prompt: str | None = Field(None, min_length=1)
    messages: list[InputMessage] | None = Field(None, min_length=1)
    reference: dict[str, JsonValue] | None = None
    source: str = UNNAMED
    source_id: str | None = None
    source_revision: str | None = None
    license: str | None = None
    language: str | None = None
    skills: list[str] = Field(default_factory=list)
    system: str | None = None
    tools: list[dict[str, JsonValue]] | None = None
    extra: str | None = None
    parent_id: str | None = None
    perturbation: Perturbation | None = None
    template_id: str | None = None
    safety: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _json_text(cls, value: Any) -> Any:
        """`reference` and `tools` may be JSON text, as in a Parquet file; `extra` may be an object."""
        if isinstance(value, dict):
            value = dict(value)
            for name in ("reference", "tools", "extra"):
                if isinstance(value.get(name), str):
                    value[name] = _loaded(name, value[name])
            if value.get("extra") is not None:
                value["extra"] = canonical(value["extra"])
        return value

    @model_validator(mode="after")
    def _whole(self) -> "InputRow":
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("exactly one of prompt and messages must be given")
        if self.messages is not None and self.messages[-1].role not in ("user", "tool"):
            raise ValueError("the last message must be the user's or a tool's")
        if self.prompt is not None and not self.prompt.strip():
            raise ValueError("prompt is blank")
        if self.reference is None and self.lane == "verifiable":
            raise ValueError("reference: missing, and the verifiable lane needs one")
        if self.reference is not None and self.lane == "non_verifiable":
            raise ValueError("reference: belongs to the verifiable lane alone")
        return self

    def conversation(self) -> tuple[list[Message], str | None]:
        """(messages, system): a leading system message is the system prompt."""
        if self.messages is None:
            return [Message(role="user", content=self.prompt or "")], self.system
        messages = [m.message() for m in self.messages]
        if self.system is None and messages[0].role == "system" and len(messages) > 1:
            return messages[1:], messages[0].content
        return messages, self.system


def to_question(row: RawRow, config: RunConfig) -> Question:
    """The question of a raw row. Raises ValueError with the reason, for quarantine."""
    if row.value is None:
        raise ValueError(row.reason)
    writable(row.value)
    try:
        given = InputRow.model_validate(row.value)
    except ValidationError as error:
        raise ValueError(explain(error)) from None
    try:
        reference = None if given.reference is None else parse_reference(given.reference)
    except ValidationError as error:
        raise ValueError(explain(error, "reference")) from None
    text = None if reference is None else dump_reference(reference)
    messages, system = given.conversation()
    tools = None if given.tools is None else canonical(given.tools)
    identity = question_id([m.model_dump(exclude_defaults=True) for m in messages], system, tools)
    fits = fitting(given.lane, reference.type if reference else None, len(messages) > 1 or tools is not None)
    weights = {"plain": 1.0} if config.input.recorded else config.diversify.formats
    kept = given.model_dump(exclude={"prompt", "messages", "reference", "system", "tools"})
    return Question(
        **kept,
        question_id=identity,
        messages=messages,
        system=system,
        tools=tools,
        reference=text,
        reference_id=reference_id(text),
        format=draw_format(config.seed, identity, fits, weights),
        file=row.file,
        line=row.line,
    )


def explain(error: ValidationError, whole: str = "row") -> str:
    """A validation error in one line: which field, else `whole`, and what is wrong with it."""
    found = []
    for each in error.errors():
        place = ".".join(str(step) for step in each["loc"]) or whole
        place = place if len(place) <= 80 else f"{place[:79]}…"
        found.append(f"{place}: {each['msg'].removeprefix('Value error, ')}")
    return "; ".join(found[:5])


def _loaded(name: str, text: str) -> Any:
    """The value of a key that holds JSON text."""
    try:
        return writable(json.loads(text))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
