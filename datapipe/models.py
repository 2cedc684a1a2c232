"""The backend that a role of the configuration stands for."""

from datapipe.backends.base import Backend
from datapipe.backends.fake import Fake, Faults
from datapipe.config import RunConfig
from datapipe.config_models import Model
from datapipe.endpoints import Endpoints, EndpointSettings, connect
from datapipe.errors import ConfigError


def backend_of(config: RunConfig, role: str) -> Backend:
    """The backend of `generate` or `judge`. Raises ConfigError where it has no server."""
    model: Model = config.judge if role == "judge" else config.generate
    if model.backend == "openai" and not model.servers:
        raise ConfigError(f"[{role}] servers: name at least one base URL that ends in /v1, or use --fake")
    settings = _settings(model)
    if model.backend == "fake":
        return Endpoints(
            {"fake": Fake(faults=Faults.named(config.faults) if config.faults else None)}, settings
        )
    return connect(settings)


def _settings(model: Model) -> EndpointSettings:
    return EndpointSettings(
        servers=tuple(model.servers) if model.backend == "openai" else ("fake",),
        api_key_env=model.api_key_env,
        concurrency=model.concurrency,
        attempts=model.attempts,
        connect_s=model.connect_s,
        base_timeout_s=model.timeout_s,
        tokens_per_second=model.tokens_per_second,
        backoff_s=model.backoff_s,
        backoff_max_s=model.backoff_max_s,
    )
