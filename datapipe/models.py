"""The backend that a role of the configuration stands for."""

from datapipe.admission import admission
from datapipe.backends.base import Backend
from datapipe.backends.fake import Fake, Faults
from datapipe.config import RunConfig
from datapipe.config_models import Model
from datapipe.endpoints import Endpoints
from datapipe.errors import ConfigError
from datapipe.server_connect import connect
from datapipe.server_settings import EndpointSettings

ROLES = {"generate": "generator", "judge": "judge"}
"""What a section of the configuration is called in requests and in files of servers."""


def backend_of(config: RunConfig, role: str) -> Backend:
    """The backend of `generate` or `judge`. Raises ConfigError where it has no server."""
    model: Model = config.judge if role == "judge" else config.generate
    if model.backend == "openai" and not model.servers and model.servers_file is None:
        raise ConfigError(
            f"[{role}] servers: name at least one base URL that ends in /v1, or a servers_file, or use --fake"
        )
    settings = _settings(model, ROLES[role])
    if model.backend == "fake":
        return Endpoints(
            {"fake": Fake(faults=Faults.named(config.faults) if config.faults else None)}, settings
        )
    return connect(settings, admission(config, role))


def _settings(model: Model, role: str) -> EndpointSettings:
    asked = model.backend == "openai"
    return EndpointSettings(
        servers=tuple(server.rstrip("/") for server in model.servers) if asked else ("fake",),
        servers_file=model.servers_file if asked else None,
        role=role,
        api_key_env=model.api_key_env,
        concurrency=model.concurrency,
        attempts=model.attempts,
        connect_s=model.connect_s,
        base_timeout_s=model.timeout_s,
        tokens_per_second=model.tokens_per_second,
        backoff_s=model.backoff_s,
        backoff_max_s=model.backoff_max_s,
        poll_s=model.poll_s,
        stall_s=model.stall_s,
        outage_s=model.outage_s,
        startup_s=model.startup_s,
    )
