"""What a verifier compares an answer with: nine types, told apart by `type`."""

from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from schemas.ids import canonical
from schemas.instructions import read_arguments
from schemas.json_schema import STORED, meant_as_schema
from schemas.python_source import defines, may_begin
from schemas.writable import writable


class Comparison(BaseModel):
    """How strict the comparison is, where the default of a type is not what the question means."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    percent: bool = False
    """`50%` and `0.5` are the same answer."""
    ordered: bool = True
    """The order of a bare list counts. Tuples are always ordered and `{…}` never is."""
    decimals: int | None = Field(None, ge=0, le=15)
    """Equal after rounding both to this many decimals."""
    ignore_units: bool = True
    """A unit beside a number that the other side writes bare is no difference."""


class _Reference(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    comparison: Comparison | None = None


class MathReference(_Reference):
    """`{"type": "math", "answer": "\\\\frac{1}{2}"}`"""

    type: Literal["math"]
    answer: str = Field(min_length=1)


class ChoiceReference(_Reference):
    """`{"type": "choice", "answer": "B", "options": ["a cat", "a dog"]}`"""

    type: Literal["choice"]
    answer: str = Field(pattern=r"^[A-Z]$")
    options: list[str] | None = Field(None, min_length=2, max_length=26)

    @model_validator(mode="after")
    def _answer_is_offered(self) -> "ChoiceReference":
        if self.options is not None and ord(self.answer) - ord("A") >= len(self.options):
            raise ValueError(f"answer {self.answer!r} is none of the {len(self.options)} options")
        return self


class Case(BaseModel):
    """One call of the entry point: positional arguments, expected result."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    input: list[JsonValue]
    output: JsonValue


class StdinCase(BaseModel):
    """One run of a program: what it reads, what it must print."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stdin: str
    stdout: str


class CodeReference(_Reference):
    """`{"type": "code", "entry_point": "add", "cases": [{"input": [1, 2], "output": 3}]}`"""

    type: Literal["code"]
    entry_point: str | None = None
    cases: list[Case] | None = None
    stdin_cases: list[StdinCase] | None = None
    tests: str | None = None
    """Source that defines `check(candidate)`."""
    setup: str | None = None
    """Source that the question shows: imports and helpers, and the stub that the answer may complete."""
    tolerance: float | None = Field(None, ge=0, lt=1)
    """Relative or absolute difference of floats that is none; by default 1e-9 in results, 0 in print."""

    @model_validator(mode="after")
    def _something_to_run(self) -> "CodeReference":
        if not (self.cases or self.stdin_cases or self.tests):
            raise ValueError("one of cases, stdin_cases and tests must be given")
        if (self.cases or self.tests) and not self.entry_point:
            raise ValueError("cases and tests need an entry_point")
        return self


class Constraint(BaseModel):
    """One verifiable instruction: its id and its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(min_length=1)
    """One of `schemas.instructions`, which an `en:` may precede."""
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    """By the names of the original; what is null is not given."""

    @model_validator(mode="after")
    def _is_known(self, info: ValidationInfo) -> "Constraint":
        if info.context is not STORED:
            read_arguments(self.id, self.kwargs)
        return self


class InstructionReference(_Reference):
    """`{"type": "instruction", "constraints": [{"id": "punctuation:no_comma", "kwargs": {}}]}`"""

    type: Literal["instruction"]
    constraints: list[Constraint] = Field(min_length=1)


class LogicReference(_Reference):
    """`{"type": "logic", "task": "knights_knaves", "entry": {"question": "…", "answer": "…"}}`"""

    type: Literal["logic"]
    task: str = Field(min_length=1)
    entry: dict[str, JsonValue]


class JsonReference(_Reference):
    """`{"type": "json", "schema": {"type": "object"}, "answer": {"a": 1}}`"""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    type: Literal["json"]
    json_schema: Annotated[dict[str, JsonValue], meant_as_schema] = Field(alias="schema")
    """Draft 2020-12; `format` is not checked, and a `$ref` stays inside the schema."""
    answer: JsonValue = None
    """Where it is given, the response must equal it; `null` that is written is a gold too."""

    @property
    def has_gold(self) -> bool:
        """An answer was given, though it may be null."""
        return "answer" in self.model_fields_set

    @model_serializer(mode="wrap")
    def _null_is_said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told: dict[str, Any] = plain(self)
        return told | {"answer": self.answer} if self.has_gold else told


class TextReference(_Reference):
    """`{"type": "text", "answer": "Paris", "aliases": ["City of Paris"]}`"""

    type: Literal["text"]
    answer: str = Field(min_length=1)
    aliases: list[str] | None = None


class QuantityReference(_Reference):
    """`{"type": "quantity", "answer": "9.81", "unit": "m/s^2", "rel_tol": 0.01}`"""

    type: Literal["quantity"]
    answer: str = Field(min_length=1)
    unit: str | None = None
    rel_tol: float | None = Field(None, ge=0, lt=1)


class NoGoldReference(_Reference):
    """`{"type": "no_gold"}`: nobody knows the answer, so what is said is clustered and has no rate."""

    type: Literal["no_gold"]


Reference = Annotated[
    MathReference
    | ChoiceReference
    | CodeReference
    | InstructionReference
    | LogicReference
    | JsonReference
    | TextReference
    | QuantityReference
    | NoGoldReference,
    Field(discriminator="type"),
]
_ADAPTER: TypeAdapter[Reference] = TypeAdapter(Reference)


def parse_reference(value: Any) -> Reference:
    """A reference as a user writes it, a JSON object. Raises pydantic's ValidationError, a ValueError."""
    return _WRITTEN.validate_python(value)


@lru_cache(maxsize=4_096)
def load_reference(text: str) -> Reference:
    """A reference from its canonical JSON text, which was judged when it was written."""
    return _ADAPTER.validate_json(text, context=STORED)


def dump_reference(reference: Reference) -> str:
    """The canonical JSON text of a reference, without what was left unsaid."""
    return canonical(
        reference.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"type": reference.type}
    )


def _usable(reference: Reference) -> Reference:
    """The same reference. Raises ValueError where no answer could be ruled on by it."""
    if isinstance(reference, ChoiceReference) and reference.options is not None:
        _look_at_options(reference.options, ord(reference.answer) - ord("A"))
    elif isinstance(reference, CodeReference):
        _look_at_code(reference)
    return reference


def _look_at_options(options: list[str], right: int) -> None:
    """Wrong options may be alike, or blank: real sets hold such. The right one may not."""
    text = options[right].strip()
    if not text:
        raise ValueError(f"options: the right one, number {right + 1}, is blank")
    if [each.strip() for each in options].count(text) > 1:
        raise ValueError(f"options: the right one, {text[:80]!r}, stands there twice")


def _look_at_code(reference: CodeReference) -> None:
    named = reference.entry_point
    if named is not None and not all(part.isidentifier() for part in named.split(".")):
        raise ValueError(f"entry_point: {named[:80]!r} is no name in Python")
    try:
        may_begin(reference.setup or "")
    except ValueError as error:
        raise ValueError(f"setup: {error}") from None
    try:
        found = reference.tests is None or defines(reference.tests, "check")
    except ValueError as error:
        raise ValueError(f"tests: {error}") from None
    if not found:
        raise ValueError("tests: define no `check(candidate)`")


_WRITTEN: TypeAdapter[Reference] = TypeAdapter(
    Annotated[Reference, BeforeValidator(writable), AfterValidator(_usable)]
)
