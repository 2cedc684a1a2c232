"""RunConfig: every knob once, with its default and the reason for it."""

import difflib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from schemas.base import LANES, Lane, Suspicion
from schemas.ids import content_id

_NAME = r"^[A-Za-z][A-Za-z0-9._-]{0,63}$"


class Section(BaseModel):
    """A table of the configuration file; a key it does not know is an error."""

    # A value may be a password in the wrong place, so errors do not repeat it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Input(Section):
    """What is read."""

    questions: list[str] = Field(min_length=1)
    """Files, globs or folders of JSONL (plain, .gz, .zst) or Parquet; relative to the configuration file."""
    sources: str | None = None
    """A sources.toml: licence, redistribution and allowed uses per source."""
    recorded: list[str] = Field(default_factory=list)
    """Answers made elsewhere; they take the place of generation."""
    max_line_mb: int = Field(64, ge=1)
    """A longer line is quarantined unread, so that one bad file cannot take the memory."""


class Sampling(Section):
    """What is sent with every request. Part of the policy; max_tokens is not."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)
    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    top_k: int = 40
    """The three are MiniMax-M2's own recommendation."""

    @model_validator(mode="after")
    def _no_near_miss(self) -> Self:
        """Servers take keys that nobody here has heard of; one that is nearly a known key is a slip."""
        known = [*type(self).model_fields, *_SAMPLING_KEYS]
        for name in self.model_extra or {}:
            near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.85)
            if near and near != [name]:
                raise ValueError(f"{name!r} is no key of sampling; did you mean {near[0]!r}?")
        return self


# fmt: off
_SAMPLING_KEYS = (
    "min_p", "repetition_penalty", "length_penalty", "presence_penalty", "frequency_penalty", "stop",
    "stop_token_ids", "bad_words", "min_tokens", "ignore_eos", "include_stop_str_in_output",
    "skip_special_tokens", "spaces_between_special_tokens", "logit_bias", "logprobs", "top_logprobs",
    "response_format", "structured_outputs", "chat_template_kwargs", "reasoning_effort",
    "truncate_prompt_tokens",
)
# fmt: on
"""What vLLM takes besides, so that a slip in one of them is seen."""


class Model(Section):
    """One role's model and the servers it is asked on."""

    backend: Literal["openai", "fake"] = "openai"
    servers: list[str] = Field(default_factory=list)
    """Base URLs that end in /v1."""
    model: str = "MiniMaxAI/MiniMax-M2"
    revision: str | None = None
    chat_template: str | None = None
    """Set where the server is given a template of its own: it is part of the policy."""
    sampling: Sampling = Field(default_factory=Sampling)
    max_tokens: int = Field(32_768, ge=1)
    thinking_opened: bool = False
    """The chat template ends in an opening tag, so content without any tag is thinking never closed."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; the key itself is never stored."""
    concurrency: int = Field(64, ge=1)
    """Requests in flight over all servers and shards."""
    attempts: int = Field(6, ge=1)
    """Tries of one request before it is left owed."""
    connect_s: float = Field(10.0, gt=0)
    timeout_s: float = Field(120.0, gt=0)
    tokens_per_second: float = Field(5.0, gt=0)
    """The slowest decoding that is not a fault: a request may take timeout_s + max_tokens / this."""
    backoff_s: float = Field(0.5, ge=0)
    backoff_max_s: float = Field(30.0, ge=0)

    @field_validator("servers")
    @classmethod
    def _no_credentials(cls, servers: list[str]) -> list[str]:
        """Before anything is saved; the text of the error holds nothing of the URL."""
        for number, server in enumerate(servers, 1):
            if any(mark in server for mark in "@?#"):
                raise ValueError(
                    f"URL {number} holds a user, a password or a query, which would be saved with the run: "
                    f"name the variable that holds the key in api_key_env"
                )
        return servers


class Generate(Model):
    n: int = Field(8, ge=1)
    """Answers per question."""
    give_up_after: int = Field(3, ge=1)
    """Runs that may fail at one request, each after `attempts` tries, before it is a Failure."""


class Judge(Model):
    max_tokens: int = Field(4_096, ge=1)


class Screen(Section):
    """Which checks look at the answers."""

    folders: list[str] = Field(default_factory=list)
    """Folders of your own checks."""
    rules: list[str] | None = None
    """Names; every rule there is where not set."""
    rubrics: list[str] | None = None
    """Names; every rubric of the lane where not set."""
    deciding: list[str] | None = None
    """The rubrics whose verdicts make the pass rate of the non-verifiable lane; all where not set."""
    give_up_after: int = Field(3, ge=1)
    """Runs that may lose a verdict to an outage before it is a Failure."""


class Tiers(Section):
    """Upper edges of the difficulty tiers, in pass rate; unsolved is exactly 0, trivial what is left."""

    hard: float = 0.25
    medium: float = 0.625
    easy: float = 0.9

    @model_validator(mode="after")
    def _rising(self) -> "Tiers":
        if not 0 < self.hard < self.medium < self.easy < 1:
            raise ValueError(f"edges must rise inside (0, 1): {self.hard}, {self.medium}, {self.easy}")
        return self


class Rate(Section):
    tiers: Tiers = Field(default_factory=Tiers)
    unsolved_prior: float = Field(0.1, ge=0, lt=1)
    """Prior mass at exactly 0; the rest is Jeffreys' Beta(1/2, 1/2)."""
    coverage: float = Field(0.75, ge=0, le=1)
    """Below this share of scored answers the tier is undetermined."""
    steer: str | None = None
    """The model whose pass rate steers selection; needed only where answers of several are stored."""
    suspicion: float = Field(0.9, gt=0.5, lt=1)
    """P(another answer is likelier than the reference) from which a reference is suspect; the other way round
    that from which a family speaks for it."""
    agree: float = Field(0.75, gt=0.5, lt=1)
    """The same probability from which another model family agrees: it looks for what is already suspect."""
    families: dict[str, str] = Field(default_factory=dict)
    """Family by model name, where the name does not tell: only another family is a second opinion."""
    false_pass: float = Field(0.01, ge=0, lt=1)
    """Share of wrong answers that a verifier passes, as is believed before its self-test, which weighs more
    from a hundred near misses on."""
    solved: float = Field(0.95, gt=0, lt=1)
    """P(pass rate > guess floor + false_pass) from which a question counts as solved."""


class Keep(Section):
    """Which questions and how many of their answers become data."""

    low: float = Field(0.0, ge=0, le=1)
    high: float = Field(0.9, ge=0, le=1)
    """The band (low, high] of pass rates wanted."""
    mass: float = Field(0.5, ge=0, le=1)
    """Posterior mass inside the band from which a question is taken."""
    answers: int = Field(4, ge=1)
    """Right answers kept per question."""
    hold: list[Suspicion] = ["gold_wrong_likely", "verifier_dispute"]
    """Suspicions of its reference that hold all right answers of a question back as pending."""
    solved: bool = False
    """Take only questions that count as solved; with few answers a question none does."""


class Diversify(Section):
    """Answer formats: asked before generation, and rewritten afterwards."""

    formats: dict[str, float] | None = None
    """Weights by format name for the format asked; every fitting format alike where not set."""
    rewrites: float = Field(0.5, ge=0, le=1)
    """Share of the kept answers that are also written in another format."""


class Publish(Section):
    require_registered: bool = False
    """Refuse to publish rows whose source is not in sources.toml."""
    require_redistribution: bool = False
    """Leave out sources whose licence does not let data be passed on."""
    rows_per_file: int = Field(50_000, ge=1)
    """Fewer where rows are long: a file holds at most half a gibibyte of text."""
    to: str | None = None
    """Where versions are copied to as well: `s3://bucket/prefix`, or any URI that pyarrow.fs opens.
    Credentials come from the environment, as that store's own clients read them."""

    @field_validator("to")
    @classmethod
    def _no_credentials(cls, to: str | None) -> str | None:
        if to is not None and "@" in to:
            raise ValueError(
                "holds credentials, which would be saved with the run: set them in the environment"
            )
        return to


class SelfTest(Section):
    """What verifiers must show on the run's own questions before the first of them is asked."""

    sample: int = Field(256, ge=0)
    """References a type on which right and wrong answers are tried; every gold is tried anyway."""
    attacked: int = Field(16, ge=0)
    """References a type on which the attacks of `datapipe attack` are tried."""
    false_passes: float = Field(0.01, ge=0, le=1)
    """Where a verifier passes a larger share of wrong answers, beyond chance, the run stops: its data would
    be wrong."""


class Workers(Section):
    """The verifier processes."""

    size: int = Field(2, ge=1)
    memory_mb: int = Field(1024, ge=256)
    soft_s: float = Field(5.0, gt=0)
    cpu_s: float = Field(15.0, gt=0)
    wall_s: float = Field(120.0, gt=0)


class RunConfig(Section):
    """One run: the TOML file, the flow's parameter and the record in the run's folder."""

    name: str = Field(pattern=_NAME)
    """The run is its name: the same name goes on with the same run."""
    store: str
    """Absolute folder on a POSIX file system."""
    seed: int = Field(0, ge=0)
    lanes: list[Lane] = Field(default_factory=lambda: list(LANES), min_length=1)
    shard_size: int = Field(256, ge=1)
    """Questions per shard."""
    window: int = Field(4, ge=1)
    """Shards in flight, so that the slow tail of one leaves no server idle."""
    input: Input
    generate: Generate = Field(default_factory=Generate)
    judge: Judge = Field(default_factory=Judge)
    screen: Screen = Field(default_factory=Screen)
    checks: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """Parameters by check name: `[checks.no_loop] most = 8`."""
    rate: Rate = Field(default_factory=Rate)
    keep: Keep = Field(default_factory=Keep)
    diversify: Diversify = Field(default_factory=Diversify)
    publish: Publish = Field(default_factory=Publish)
    workers: Workers = Field(default_factory=Workers)
    selftest: SelfTest = Field(default_factory=SelfTest)
    faults: dict[str, float] = Field(default_factory=dict)
    """Faults the fake backend plants, as rates by kind; see `datapipe/backends/fake.py`."""

    @field_validator("store")
    @classmethod
    def _absolute(cls, store: str) -> str:
        if not Path(store).is_absolute():
            raise ValueError(
                f"{store!r} is not absolute: a worker may run the flow in a folder that it deletes"
            )
        return store

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.store) / f"run={self.name}"

    def digest(self, *keys: str) -> str:
        """A hash of the named sections: what a stage's result depends on."""
        dumped: dict[str, Any] = self.model_dump(mode="json", include=set(keys))
        return content_id("config", dumped)
