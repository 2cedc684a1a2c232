"""RunConfig: every knob once, with its default and the reason for it."""

from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, field_validator, model_validator

from datapipe.config_models import Generate, Judge, Section
from datapipe.config_spend import Spend
from schemas.base import LANES, Lane, Suspicion
from schemas.ids import content_id

_HOLD: tuple[Suspicion, ...] = ("gold_wrong_likely", "verifier_dispute")
_NAME = r"^[A-Za-z][A-Za-z0-9._-]{0,63}$"


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
    hold: list[Suspicion] = Field(default_factory=lambda: list(_HOLD))
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
    sync_s: float = Field(1.0, ge=0)
    """Seconds of answers that a machine losing its power may cost, with which they are asked again; 0 syncs
    the disk before an answer counts. A killed process costs none."""
    pause_s: float = Field(86_400.0, ge=0)
    """Seconds that a run waits for a store that takes no more (full, read-only, forbidden) before it ends."""
    input: Input
    generate: Generate = Field(default_factory=Generate)
    judge: Judge = Field(default_factory=Judge)
    screen: Screen = Field(default_factory=Screen)
    checks: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """Parameters by check name: `[checks.no_loop] most = 8`."""
    spend: Spend = Field(default_factory=Spend)
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
