"""The pipeline's data on one page: every row that is stored, one frozen model each."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import LANES, TIERS, Lane, Layout, Message, Outcome, Perturbation

from schemas.base import Role, Row, Tier, ToolCall, Turn, UnscoredClass  # isort: skip
from schemas.statistics import Cluster, Rating, Suspect  # isort: skip

SCHEMA_VERSION = "1.2"
"""Major.minor; within a major version only nullable columns are added."""


class Question(Row):
    """One question, checked, with the format it will be asked in."""

    question_id: str
    lane: Lane
    domain: str
    skills: list[str] = Field(default_factory=list)
    language: str | None = None
    messages: list[Message]
    system: str | None = None
    tools: str | None = None
    """JSON schemas of the tools, canonical JSON text."""
    reference: str | None = None
    """Canonical JSON text of a `schemas.references` type; None in the non-verifiable lane."""
    reference_id: str | None = None
    format: str
    """Drawn by hash of run seed and question; the name of a file in `datapipe/formats/`."""
    source: str
    source_id: str | None = None
    source_revision: str | None = None
    license: str | None = None
    parent_id: str | None = None
    perturbation: Perturbation | None = None
    template_id: str | None = None
    safety: str | None = None
    extra: str | None = None
    """Whatever else the input row carried, canonical JSON text; the engine never reads it."""
    file: str
    line: int
    """Where the row was read: 1-based line of a JSONL file, 1-based row of a Parquet file."""


class Quarantined(Row):
    """An input row that could not be taken, and why."""

    lane: Lane  # `verifiable` where the row does not say
    file: str
    line: int
    reason: str
    raw: str
    """The first 2,000 bytes, undecodable ones escaped."""
    bytes: int
    sha256: str


class Duplicate(Row):
    """A question that is not asked, because another stands for it or because references conflict."""

    lane: Lane
    question_id: str
    relation: Literal["exact", "gold_conflict"]
    representative: str
    """The question_id asked instead; for `gold_conflict` the first of those in conflict."""
    source: str
    source_id: str | None = None
    file: str
    line: int
    reference: str | None = None


class Policy(Row):
    """Who answers. A pass rate belongs to a policy; ratings of two are never pooled."""

    policy_id: str
    lane: Lane
    model: str
    revision: str | None = None
    chat_template: str | None = None
    sampling: str
    """Canonical JSON of everything sampled with, but for max_tokens and the seed."""
    tools: str | None = None


class Answer(Row):
    """One finished answer: its turns, and everything that says how it came about."""

    volatile: ClassVar[frozenset[str]] = frozenset({"server", "latency_s", "finished_at"})
    answer_id: str
    request_id: str
    question_id: str
    policy_id: str
    lane: Lane
    format: str
    index: int
    round: int
    purpose: Literal["rate", "harvest", "rewrite"] = "rate"
    seed: int | None = None
    continues: str | None = None
    """The answer_id this one goes on from; text, tokens and latency are those of both."""
    parent: str | None = None
    """The answer_id this one rewrites."""
    messages_id: str
    """Hash of the exact messages sent."""
    turns: list[Turn]
    raw: str
    """The content as the server sent it, before our splitting."""
    raw_thinking: str | None = None
    """The server's own thinking field, where it sent one."""
    layout: Layout
    finish_reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    max_tokens: int | None = None
    server: str | None = None
    latency_s: float | None = None
    finished_at: float | None = None
    """Seconds since the epoch."""
    thinking_id: str | None = None
    """Hash of a long thinking: two alike for one question are one draw."""
    reasoning_tokens: int | None = None
    """Tokens of the thinking, where the server counts them."""


class Reply(Row):
    """What a judge said about an answer. Verdicts are read from replies, so a new reader asks no model."""

    volatile: ClassVar[frozenset[str]] = frozenset({"server", "latency_s"})
    reply_id: str
    """Hash of prompt, judge policy, vote: what is owed."""
    lane: Lane
    answer_id: str
    rubric: str
    judge: str
    """The judge's policy_id."""
    vote: int
    ask: int
    """0, and one more each time an unreadable reply made the vote be asked again."""
    prompt_id: str
    text: str
    thinking: str | None = None
    finish_reason: str
    completion_tokens: int | None = None
    server: str | None = None
    latency_s: float | None = None
    prompt_tokens: int | None = None


class Verdict(Row):
    """One check's word on one answer. A new check adds rows, never a column."""

    lane: Lane
    answer_id: str
    check: str
    version: str
    reference_id: str | None = None
    outcome: Outcome
    unscored: UnscoredClass | None = None
    """Set where the outcome is `unscored`: infra is transient and owed, informative is permanent."""
    score: float | None = None
    reason: str | None = None
    evidence: str | None = None
    extracted: str | None = None


class Decision(Row):
    """What became of an answer, or of a request for more answers, and why."""

    lane: Lane
    question_id: str
    answer_id: str
    policy_id: str
    action: Literal["keep", "drop", "pending"]
    check: str | None = None
    """The check that decided; None where a policy of selection did."""
    reason: str
    evidence: str | None = None
    rank: int | None = None
    """Place among the answers kept for the question, from 0."""


class Round(Row):
    """A decision taken between rounds: whether a question is asked again. Replayed on resume."""

    lane: Lane
    question_id: str
    policy_id: str
    round: int
    draws: int
    """Draws finished or failed by the end of this round."""
    action: Literal["ask", "stop"]
    reason: str
    purpose: Literal["rate", "harvest"] | None = None
    """What the further draws are for, where there are any; None is `rate`."""
    more: int | None = None
    """Draws asked for in the next round."""
    passes: int | None = None
    scored: int | None = None
    """Counts that the decision was taken on."""
    tier: Tier | None = None
    """The tier that holds the most posterior mass, and how much it holds."""
    mass: float | None = None
    asks: list[int] | None = None
    """Passes among `scored` at which more is asked: the unbiased estimate is made of them."""
    prior: list[float] | None = None
    """What pass rates were taken to be like: both shapes of a Beta, and the mass at exactly 0 and 1."""
    full: list[Tier] | None = None
    """Tiers that had all samples wanted of them."""


class Failure(Row):
    """Work that was tried as often as the configuration allows and did not come about."""

    volatile: ClassVar[frozenset[str]] = frozenset({"detail", "attempts"})
    lane: Lane
    stage: str
    unit: Literal["request", "verdict", "reply"]
    unit_id: str
    question_id: str
    policy_id: str | None = None
    answer_id: str | None = None
    check: str | None = None
    reason: str
    detail: str | None = None
    attempts: int


class Label(Row):
    """What somebody else holds of an answer; compared with verdicts, never one itself."""

    lane: Lane
    answer_id: str
    name: str
    value: bool
    by: str


class Sample(Row):
    """One row of training data, as published."""

    sample_id: str
    """The answer_id of what is published."""
    question_id: str
    lane: Lane
    domain: str
    language: str | None = None
    skills: list[str] = Field(default_factory=list)
    system: str | None = None
    tools: str | None = None
    messages: list[Turn]
    """The whole conversation; `train` marks the turns to learn from."""
    format: str
    reference: str | None = None
    reference_id: str | None = None
    parent: str | None = None
    """The sample_id this one rewrites."""
    policy_id: str
    model: str
    tier: Tier
    rate: float | None = None
    rate_n: int
    rate_low: float
    rate_high: float
    """The rating of the question by the steering policy: its 95 % interval."""
    tokens: int | None = None
    source: str
    source_id: str | None = None
    license: str | None = None
