"""The models that are asked: where they are served, how they are sampled, and how long is waited for them."""

import difflib
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Section(BaseModel):
    """A table of the configuration file; a key it does not know is an error."""

    # A value may be a password in the wrong place, so errors do not repeat it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


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
    servers_file: str | None = None
    """More of them, a URL a line, as `datapipe serve` writes; read again when it changes. Relative to the
    configuration file."""
    model: str = "MiniMaxAI/MiniMax-M2"
    served_as: list[str] = Field(default_factory=list)
    """Other names under which its servers may say that they are the model; any further name is an error."""
    probe: bool = True
    """Ask a server some small requests before its first, and refuse one that would spoil data."""
    probe_s: float = Field(120.0, gt=0)
    """Seconds in which a probed server must make one token; longer answers may take as long as they may at
    `tokens_per_second` besides."""
    thinks: bool | None = None
    """Whether a server must show thinking; where not set it may spend no tokens that it does not show."""
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
    """Most requests in flight over all servers and shards. A server gets fewer where its metrics tell that it
    queues them, so that this may be far above what they can take."""
    attempts: int = Field(6, ge=1)
    """Tries of one request before it is left owed."""
    connect_s: float = Field(10.0, gt=0)
    timeout_s: float = Field(120.0, gt=0)
    tokens_per_second: float = Field(5.0, gt=0)
    """The slowest decoding that is not a fault: a request may take timeout_s + max_tokens / this."""
    backoff_s: float = Field(0.5, ge=0)
    backoff_max_s: float = Field(30.0, ge=0)
    poll_s: float = Field(2.0, gt=0)
    """Between two looks at a server's /health and /metrics, and at servers_file."""
    stall_s: float = Field(300.0, gt=0)
    """A server that has requests and makes no token for so long, as its metrics tell, is set aside, and its
    requests go to another; reading a long prompt must not take longer."""
    outage_s: float = Field(86_400.0, ge=0)
    """How long a run waits for a server while all are down."""
    startup_s: float = Field(300.0, ge=0)
    """The same before any of them has answered."""

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
    choices: int = Field(1, ge=1, le=64)
    """Answers asked for in one request, which comes back when its slowest does: only for short answers."""
    continue_truncated: bool = False
    """Go on from an answer that was cut short, where `max_tokens` has become larger than what it has."""
    give_up_after: int = Field(3, ge=1)
    """Runs that may fail at one request, each after `attempts` tries, before it is a Failure."""


class Judge(Model):
    max_tokens: int = Field(4_096, ge=1)
