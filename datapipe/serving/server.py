"""One life of one server: its process group under guard.py, from the command to the last of its processes."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import aiohttp

from datapipe.server_metrics import Load, load_of
from datapipe.server_poll import METRICS_BYTES, begin
from datapipe.serving.fleet import Worker
from datapipe.serving.listing import unlist
from datapipe.serving.logs import Log

POLL = 0.25
"""Seconds between two looks at /health of a server that starts."""
HEALTH_S = 10.0
"""A busy server may take seconds for /health or /metrics."""


class Died(Exception):
    """The server is no more, or never was; the message says why and ends with the end of its log."""


class Server:
    """Made by `start`; ended by `stop`, whatever state it is in."""

    def __init__(self, worker: Worker, port: int, log: Log, guard: asyncio.subprocess.Process) -> None:
        self.worker, self.log, self.guard = worker, log, guard
        self.root = f"http://{worker.recipe.host}:{port}"
        self.url = f"{self.root}/v1"
        self.pid = 0
        self._scratch = ""
        self._folder = Path()

    @classmethod
    async def start(cls, worker: Worker, port: int, log: Log, folder: Path) -> "Server":
        """Start the command. Raises Died where the system does not even run it."""
        # Not under $TMPDIR: the name of a Unix socket has at most 107 bytes.
        try:
            scratch = tempfile.mkdtemp(prefix="datapipe-vllm-", dir="/tmp")
            guard = await cls._guard(worker, port, log, folder, scratch)
        except OSError as error:
            raise Died(f"it could not be started: {error}") from error
        server = cls(worker, port, log, guard)
        server._scratch, server._folder = scratch, folder
        try:
            first = await guard.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
            if not first.strip().isdigit():
                raise Died(f"it could not be started{log.tail()}")
        except BaseException:
            await server.stop()
            raise
        server.pid = int(first)
        return server

    @staticmethod
    async def _guard(
        worker: Worker, port: int, log: Log, folder: Path, scratch: str
    ) -> asyncio.subprocess.Process:
        host = worker.recipe.host
        address = ["--host", host, "--port", str(port), "--served-model-name", worker.recipe.served_name]
        url = f"http://{host}:{port}/v1"
        with log.open() as output:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "datapipe.serving.guard", scratch, str(folder), url),
                *(*worker.command, *address),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env=environ(worker, folder),
                start_new_session=True,  # a Ctrl-C at the terminal is for this process alone
            )

    async def until_ready(self, session: aiohttp.ClientSession) -> None:
        """Return once /health and the warm-up are answered. Raises Died where that does not happen."""
        recipe = self.worker.recipe
        deadline = time.monotonic() + recipe.startup_timeout
        while await self.health(session, 1.0) != 200:
            await self._check(POLL, deadline)
        warmup = recipe.warmup
        body = {
            "model": recipe.served_name,
            "messages": [{"role": "user", "content": warmup.prompt}],
            "max_tokens": warmup.max_tokens,
        }
        for seed in range(warmup.requests):
            # A first answer may take all the time there is.
            patience = max(1.0, deadline - time.monotonic())
            asked = asyncio.create_task(self._ask(session, body | {"seed": seed}, patience))
            died = asyncio.create_task(self.guard.wait())
            try:
                await asyncio.wait((asked, died), return_when=asyncio.FIRST_COMPLETED)
                status = asked.result() if asked.done() else None
            finally:
                asked.cancel()
                died.cancel()
            await self._check(0.0, deadline)
            if status != 200:
                raise Died(f"the warm-up request was answered {status or 'not at all'}{self.log.tail()}")

    async def ended(self) -> NoReturn:
        """Wait for its end. Raises Died."""
        status = await self.guard.wait()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        raise Died(f"vLLM {how}{self.log.tail()}")

    async def health(self, session: aiohttp.ClientSession, patience: float = HEALTH_S) -> int | None:
        """The status of /health; None where no answer comes."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with session.get(f"{self.root}/health", timeout=_within(patience)) as response:
                return response.status
        return None

    async def load(self, session: aiohttp.ClientSession) -> Load | None:
        """What /metrics tells; None where no answer comes."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with session.get(f"{self.root}/metrics", timeout=_within(HEALTH_S)) as response:
                if response.status == 200:
                    return load_of(await begin(response, METRICS_BYTES))
        return None

    async def stop(self) -> None:
        """Take it off the servers files, end all of its processes and wait until they are gone."""
        with contextlib.suppress(OSError):  # its guard tries as well
            unlist(self._folder, self.url)
        self.guard.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        await self.guard.wait()
        if self.guard.returncode is not None and self.guard.returncode < 0 and self.pid:
            # Somebody killed the guard: nobody else is left to do this.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        shutil.rmtree(self._scratch, ignore_errors=True)

    async def _check(self, seconds: float, deadline: float) -> None:
        """Wait so long. Raises Died when the server dies meanwhile or the start takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended()
        if self.guard.returncode is not None:
            await self.ended()
        if time.monotonic() > deadline:
            raise Died(f"vLLM was not ready after {self.worker.recipe.startup_timeout:g} s{self.log.tail()}")

    async def _ask(
        self, session: aiohttp.ClientSession, body: Mapping[str, Any], patience: float
    ) -> int | None:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get("VLLM_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            url, data = f"{self.url}/chat/completions", json.dumps(body)
            async with session.post(url, data=data, headers=headers, timeout=_within(patience)) as response:
                return response.status
        return None


def environ(worker: Worker, folder: Path) -> dict[str, str]:
    """The server's environment: this process's less its Python's, then caches, GPUs and the recipe's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") and k != "VIRTUAL_ENV"}
    cache = folder / "cache" / worker.name
    for name in ("VLLM_CACHE_ROOT", "VLLM_CONFIG_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"):
        kept[name] = str(cache / name.lower().removesuffix("_dir").removesuffix("_root"))
    if worker.gpus:
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(worker.gpus)
    return kept | worker.recipe.env


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)
