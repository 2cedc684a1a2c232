"""Which servers a run takes: each is probed before its first request, and what was found is kept."""

import asyncio
import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from datapipe.backends.base import TRIAL, Backend, Barred, Completion, Request
from datapipe.config import RunConfig
from datapipe.config_models import Model
from datapipe.probe_asks import Ask, ask_all
from datapipe.probe_read import read
from datapipe.probe_rules import Judged, judge
from datapipe.server_state import Besides
from datapipe.shards import write_text

_log = logging.getLogger(__name__)
_OF_ONE = {"server", "at", "thinking", "draws", "distinct", "cut_tokens", "metrics"}
"""What is no property of a kind of server, but of one, or of the moment."""


class Admission:
    """Probes the servers of one role. Used on one loop."""

    def __init__(self, path: Path, ask: Ask) -> None:
        """`path` is the file of what was found, by server."""
        self.path, self.ask = path, ask
        self.spent = Besides()
        """What the probes cost."""
        self._found = read_found(path)
        self._writing = asyncio.Lock()

    async def refusal(self, server: str) -> str | None:
        """Why a server may not be asked, and the way out, or None. Raises Transient where it is down."""
        judged = await self._judged(server)
        if judged.refusal is not None:
            # A torn reply or two are nothing to refuse a server for: what is wrong with it, it does again.
            judged = await self._judged(server)
        self._found[server] = judged
        try:
            async with self._writing:
                await asyncio.to_thread(self._write)
        except OSError as error:
            _log.warning("what was found on %s cannot be kept: %s", server, error)
        return judged.refusal

    async def _judged(self, server: str) -> Judged:
        heard = await ask_all(server, self.ask, self.spent)
        return judge(await asyncio.to_thread(read, heard, self.ask), self.ask)

    def _write(self) -> None:
        rows = {server: each.model_dump(mode="json") for server, each in sorted(self._found.items())}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.path, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


class Admitted:
    """A Backend over one server that is probed before its first request, and again by the request that tries
    whether it is back: there may be another model behind its port by then. What is asked meanwhile waits, and
    is on nobody's clock."""

    def __init__(self, server: str, backend: Backend, admission: Admission) -> None:
        self.server, self.backend = server, backend
        self._admission = admission
        self._admitted = False
        self._probe: asyncio.Task[str | None] | None = None

    async def complete(self, request: Request) -> Completion:
        """As the backend. Raises Barred for a server that would spoil data, Transient where it is down."""
        if not self._admitted or request.id == TRIAL:
            await self._admit()
        return await self.backend.complete(request)

    async def close(self) -> None:
        """End the probe, and give connections back."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self.backend.close()

    async def _admit(self) -> None:
        self._admitted = False
        if self._probe is None:
            self._probe = asyncio.create_task(self._admission.refusal(self.server))
        probe = self._probe
        try:
            # Who waits for it may be taken back; what it finds is for the next then.
            why = await asyncio.shield(probe)
        finally:
            if probe.done() and self._probe is probe:
                self._probe = None
        if why is not None:
            raise Barred(f"{self.server} would spoil data: {why}")
        self._admitted = True


def probes_file(run: Path, role: str) -> Path:
    """Where the probes of a role's servers are kept: the newest of each."""
    return run / "probes" / f"{role}.json"


def admission(config: RunConfig, role: str) -> Admission | None:
    """The admission of `generate` or `judge`; None where its servers are not to be probed."""
    model: Model = config.judge if role == "judge" else config.generate
    if model.backend != "openai" or not model.probe:
        return None
    return Admission(probes_file(config.folder, role), ask_of(model, role))


def ask_of(model: Model, role: str) -> Ask:
    """What a role's requests will be like. How long a judge may write is said by each rubric."""
    return Ask(
        model=model.model,
        served_as=tuple(model.served_as),
        sampling=model.sampling.model_dump(),
        max_tokens=None if role == "judge" else model.max_tokens,
        thinks=model.thinks,
        opened=model.thinking_opened,
        api_key_env=model.api_key_env,
        connect_s=model.connect_s,
        within_s=model.probe_s,
        tokens_per_second=model.tokens_per_second,
    )


def read_found(path: Path) -> dict[str, Judged]:
    """What was found by server; nothing where no file can be read: it is made anew."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {server: Judged.model_validate(row) for server, row in rows.items()}
    except (OSError, ValueError, AttributeError, ValidationError):
        return {}


def server_rows(run: Path) -> list[dict[str, Any]]:
    """The kinds of servers that a run met, for a manifest: how many of each, and no address."""
    kinds: Counter[str] = Counter()
    for role in ("generate", "judge"):
        for judged in read_found(probes_file(run, role)).values():
            probe = judged.probe.model_dump(mode="json", exclude=_OF_ONE)
            told = {"layout": judged.probe.thinking.layout, "field": judged.probe.thinking.field}
            row = {
                "role": role,
                **probe,
                "thinking": told,
                "refusal": judged.refusal,
                "warnings": judged.warnings,
            }
            kinds[json.dumps(row)] += 1
    return [{"servers": count, **json.loads(row)} for row, count in sorted(kinds.items())]
