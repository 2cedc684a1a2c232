"""Endpoints over OpenAI-compatible servers, from their settings."""

import resource
from pathlib import Path

from datapipe.admission import Admission, Admitted
from datapipe.backends.base import Backend
from datapipe.backends.openai import OpenAI, key_from
from datapipe.endpoints import Endpoints
from datapipe.errors import ConfigError
from datapipe.server_list import ServersFile
from datapipe.server_poll import Poll
from datapipe.server_settings import EndpointSettings

SPARE_FILES = 1_024
"""Open files besides the connections: of stores, workers and looks at servers."""
_wanted: dict[str, int] = {}
"""Connections that each role of this process may have."""


def connect(settings: EndpointSettings, admission: Admission | None = None) -> Endpoints:
    """Servers of the settings and of their file, which may be missing so far; connects to none.

    Each is probed before its first request where there is an admission. Raises ConfigError for a bad URL, a
    key that is not set, or a file that is no list of servers.
    """

    key_from(settings.api_key_env, f"the {settings.role} servers")

    def make(server: str) -> Backend:
        backend = OpenAI(
            server,
            api_key_env=settings.api_key_env,
            connect_s=settings.connect_s,
            base_timeout_s=settings.base_timeout_s,
            tokens_per_second=settings.tokens_per_second,
        )
        return backend if admission is None else Admitted(server, backend, admission)

    file = None
    if settings.servers_file is not None:
        file = ServersFile(Path(settings.servers_file), settings.role)
        file.read()
        if file.fault is not None and file.path.exists():
            raise ConfigError(file.fault)
    _wanted[settings.role] = settings.concurrency
    _allow_files(sum(_wanted.values()) + SPARE_FILES)
    backends = {server: make(server) for server in settings.servers}
    pool = Endpoints(backends, settings, looker=Poll(settings.connect_s), file=file, make=make)
    if admission is not None:
        admission.spent = pool.counts.besides
    return pool


def _allow_files(count: int) -> None:
    """Raise this process's limit on open files, among which every connection counts, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return
    if hard != resource.RLIM_INFINITY and hard < count:
        raise ConfigError(
            f"concurrency needs {count} open files and the limit is {hard}: raise it with `ulimit -Hn`, or "
            f"ask for less at once"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
