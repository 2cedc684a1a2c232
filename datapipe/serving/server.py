"""One life of one server: its process group under guard.py, from the command to the last of its processes."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, NoReturn

import aiohttp

from datapipe.server_metrics import Load, load_of
from datapipe.server_poll import METRICS_BYTES, begin
from datapipe.serving import leftovers
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

    def __init__(self, worker: Worker, port: int, log: Log, folder: Path) -> None:
        self.worker, self.log = worker, log
        self.port, self.root = port, f"http://{worker.recipe.host}:{port}"
        self.url = f"{self.root}/v1"
        self.pid = 0
        self.guard: asyncio.subprocess.Process  # from _begin
        self._folder, self._scratch, self._begun = folder, "", False

    @classmethod
    async def start(cls, worker: Worker, port: int, log: Log, folder: Path) -> "Server":
        """Start the command. Raises Died where the system does not even run it."""
        server = cls(worker, port, log, folder)
        try:
            await whole(server._begin())
            first = await server.guard.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
            if not first.strip().isdigit():
                raise Died(f"it could not be started{log.tail()}")
        except BaseException as error:
            await server.stop()
            if isinstance(error, OSError):
                raise Died(f"it could not be started: {error}") from error
            raise
        server.pid = int(first)
        return server

    async def _begin(self) -> None:
        recipe = self.worker.recipe
        address = ["--host", recipe.host, "--port", str(self.port), "--served-model-name", recipe.served_name]
        self._scratch = leftovers.make_scratch(self._folder)
        with self.log.open() as output:
            self.guard = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "datapipe.serving.guard", self._scratch, str(self._folder), self.url),
                *(*self.worker.command, *address),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env=environ(self.worker, self._folder),
                start_new_session=True,  # a Ctrl-C at the terminal is for this process alone
            )
        self._begun = True

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
        """Take it off the servers files, end all of its processes and wait until they are gone; a
        cancellation waits for this too."""
        await whole(self._end())

    async def _end(self) -> None:
        with contextlib.suppress(OSError):  # its guard tries as well
            unlist(self._folder, self.url)
        if self._begun:
            self.guard.stdin.close()  # type: ignore[union-attr]  # it is a pipe
            if await self.guard.wait() < 0:
                # Somebody killed the first guard: the second ends the server, where it was not killed too.
                await asyncio.to_thread(leftovers.end, self._folder, self.worker.name)
        if self._scratch:
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
    return kept | worker.recipe.env | leftovers.mark(folder, worker.name)


async def whole(work: Coroutine[Any, Any, None]) -> None:
    """Wait for its end also where the waiting is cancelled, which then is told after."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((task,))
        raise


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)
