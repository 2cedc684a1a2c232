"""One LLM judge is a Markdown file: `+++`, TOML, `+++`, prompt; rendering and reading are pure."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from judges.base import Attempt, Finding, Ruling, did_you_mean, explain
from judges.values.verdicts import last_verdict, last_words, neutral
from judges.versions import values_version
from schemas.ids import content_id
from schemas.rows import Lane

_FILE = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n(.*)\Z", re.DOTALL)
_SLOT = re.compile(r"\{(question|answer)\}")
SETTABLE = ("pass_from", "votes", "max_tokens")
"""What `[checks.NAME]` may change."""


class RubricExample(BaseModel):
    """A labelled example with a recorded judge reply: reading is tested with no model."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    question: str
    answer: str
    want: Literal["pass", "fail"]
    reply: str


class Rubric(BaseModel):
    """One named fault, the question asked of a judge model, and how its reply is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    lane: Lane | Literal["both"]
    fault: str = Field(min_length=1)
    """The phrase that is the reason of a fail."""
    scale: tuple[str, ...] = Field(min_length=2)
    """Labels, worst first."""
    pass_from: str
    """The worst label that passes."""
    max_tokens: int = Field(ge=1)
    votes: int = Field(1, ge=1)
    examples: tuple[RubricExample, ...] = Field(min_length=2)
    prompt: str
    kind: Literal["rubric"] = "rubric"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sorted(_SLOT.findall(self.prompt)) != ["answer", "question"]:
            raise ValueError("the prompt must hold {question} and {answer} exactly once each")
        if len({label.casefold() for label in self.scale}) != len(self.scale):
            raise ValueError(f"scale {list(self.scale)} repeats a label")
        if self.pass_from not in self.scale[1:]:
            raise ValueError(f"pass_from {self.pass_from!r} must be one of {list(self.scale[1:])}")
        if {example.want for example in self.examples} != {"pass", "fail"}:
            raise ValueError("the examples must hold one to pass and one to fail")
        return self

    @property
    def doc(self) -> str:
        """Its help text."""
        return f"Ask a judge whether {self.fault}."

    @property
    def prompt_version(self) -> str:
        """Changes where the judge is asked something else; replies of other versions do not count."""
        return content_id("prompt", self.prompt)[:12]

    @property
    def version(self) -> str:
        """Changes where the same replies could mean another verdict, or other replies are needed."""
        read = [self.prompt, self.fault, self.scale, self.pass_from, self.votes, values_version("verdicts")]
        return content_id("rubric", *read)[:12]

    @classmethod
    def load(cls, path: Path) -> Self:
        """The rubric of a file; its name is the file's. Raises ValueError that says what is wrong."""
        match = _FILE.match(path.read_text("utf-8"))
        if match is None:
            raise ValueError("expected '+++', TOML, '+++', prompt")
        return cls.model_validate({**tomllib.loads(match[1]), "name": path.stem, "prompt": match[2].strip()})

    def bind(self, params: Mapping[str, Any]) -> Self:
        """The same rubric with other settings. Raises ValueError that names the one it does not take."""
        for name in params:
            if name not in SETTABLE:
                raise ValueError(
                    f"rubric {self.name!r} has no setting {name!r}{did_you_mean(name, SETTABLE)}"
                )
        try:
            return type(self).model_validate(self.model_dump() | dict(params))
        except ValidationError as error:
            raise ValueError(f"rubric {self.name!r}: {explain(error)}") from error

    def render(self, attempt: Attempt) -> str:
        """The judge's prompt: slots filled in one pass, verdict tokens of the candidate neutralised."""
        values = {"question": neutral(attempt.question), "answer": neutral(attempt.response)}
        return _SLOT.sub(lambda slot: values[slot[1]], self.prompt)

    def read(self, reply: str, finish_reason: str = "stop") -> Ruling:
        """The last verdict line decides, on the offered scale only; anything else is infra: ask again.

        `reply` is the judge's response without its thinking. The score is in [0, 1].
        """
        if finish_reason == "length":
            return Ruling.undecided("the judge's reply was cut at max_tokens", "infra")
        said = last_verdict(reply)
        if said is None:
            return Ruling.undecided("no verdict in the reply", "infra")
        labels = [label.casefold() for label in self.scale]
        if said.casefold() not in labels:
            return Ruling.undecided(f"the verdict {said!r} is not on the scale", "infra")
        rank = labels.index(said.casefold())
        passed = rank >= self.scale.index(self.pass_from)
        score = rank / (len(labels) - 1)
        found = Finding(None if passed else self.fault, last_words(reply), score, self.scale[rank])
        return Ruling.of(found)

    def broken_examples(self) -> list[str]:
        """Recorded replies that read otherwise than their label says; empty is right."""
        told = [(example, self.read(example.reply)) for example in self.examples]
        return [
            f"{example.reply[:200]!r}: wanted {example.want}, got {said.outcome} {said.reason!r}"
            for example, said in told
            if said.outcome != example.want
        ]
