"""Serves a model with vLLM as a recipe says, until told to stop: `serve.py RECIPE.toml --ready-file PATH`.

Prints one line of JSON (url, model, pid, pgid, launcher) once the server has answered a chat completion, then
stays in the foreground. SIGTERM and SIGINT end the server and all its processes: exit status 0. Whatever else
ends it is a failure: exit status 1, the reason and the end of the log on standard error. If this process is
killed outright, guard.py ends the server.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn

import guard as guard_py
import recipe as recipes
import setup_env

TAIL_LINES, TAIL_BYTES = 30, 8192
POLL = 0.25
"""Seconds between two looks at /health."""


class ServeError(Exception):
    """The model is not served; the message says why."""


class Stopped(BaseException):
    """SIGTERM or SIGINT came."""


class Server:
    """A vLLM process group under guard.py, its log and its address."""

    def __init__(
        self, recipe: recipes.Recipe, command: list[str], port: int, ready_file: str, log: BinaryIO
    ) -> None:
        self.recipe, self.port, self.log = recipe, port, log
        self.deadline = time.monotonic() + recipe.startup_timeout
        self.ready_file = ready_file
        # Not under $TMPDIR: the name of a Unix socket has at most 107 bytes.
        self.scratch = tempfile.mkdtemp(prefix="datapipe-vllm-", dir="/tmp")
        guard = [sys.executable, guard_py.__file__, self.scratch, ready_file, *command]
        self.guard = subprocess.Popen(
            guard,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environ(recipe),
            start_new_session=True,  # a Ctrl-C at the terminal is for this process; the guard ends the rest
        )
        first = self.guard.stdout.readline()  # type: ignore[union-attr]
        if not first.strip().isdigit():
            raise ServeError(f"vLLM could not be started{self.tail()}")
        self.pid = int(first)

    def wait_until_ready(self) -> None:
        """Return once /health and the warm-up are answered. Raises `ServeError` when that does not happen."""
        while self.get("/health") != 200:
            self.check(POLL)
        body = {
            "model": self.recipe.served_name,
            "messages": [{"role": "user", "content": self.recipe.warmup.prompt}],
            "max_tokens": self.recipe.warmup.max_tokens,
        }
        for seed in range(self.recipe.warmup.requests):
            status = self.get("/v1/chat/completions", body | {"seed": seed})
            self.check(0.0)
            if status != 200:
                raise ServeError(f"the warm-up request was answered {status or 'not at all'}{self.tail()}")

    def check(self, seconds: float) -> None:
        """Wait `seconds`. Raises `ServeError` when the server dies meanwhile or the start takes too long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.fail_dead(self.guard.wait(seconds))
        if time.monotonic() > self.deadline:
            raise ServeError(f"vLLM was not ready after {self.recipe.startup_timeout:g} s{self.tail()}")

    def fail_dead(self, status: int) -> NoReturn:
        """Raises `ServeError` with the exit status and the end of the log."""
        raise ServeError(f"vLLM ended with exit status {status}{self.tail()}")

    def get(self, path: str, body: dict[str, Any] | None = None) -> int | None:
        """The HTTP status of a GET, or of a POST of `body`; None where no answer came before the deadline."""
        # /health is asked again and again and may take a second; a warm-up may take all the time there is.
        patience = max(1.0, self.deadline - time.monotonic()) if body else 1.0
        connection = http.client.HTTPConnection(self.recipe.host, self.port, timeout=patience)
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get("VLLM_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        return None

    def describe(self) -> str:
        """The line of JSON that tells others about this server."""
        return json.dumps(
            {
                "url": f"http://{self.recipe.host}:{self.port}/v1",
                "model": self.recipe.served_name,
                "pid": self.pid,
                "pgid": self.pid,
                "launcher": os.getpid(),
            }
        )

    def tail(self) -> str:
        """The last lines of the log, control characters escaped, as the end of a message."""
        self.log.seek(max(0, self.log.seek(0, os.SEEK_END) - TAIL_BYTES))
        lines = self.log.read().decode(errors="replace").split("\n")[-TAIL_LINES - 1 :]
        shown = ["".join(c if c.isprintable() else repr(c)[1:-1] for c in line) for line in lines if line]
        return "\n".join(["; the end of its log:", *shown]) if shown else "; its log is empty"

    def stop(self) -> None:
        """End the whole process group and wait until it is gone."""
        self.guard.stdin.close()  # type: ignore[union-attr]
        self.guard.wait()
        if self.guard.returncode < 0:  # somebody killed the guard: nobody else is left to do this
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            guard_py.remove_ready(self.ready_file, self.pid)
            shutil.rmtree(self.scratch, ignore_errors=True)


def environ(recipe: recipes.Recipe) -> dict[str, str]:
    """The server's environment: this process's, less what belongs to its Python, and the recipe's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") and k != "VIRTUAL_ENV"}
    if recipe.runtime == "locked":
        cache = setup_env.environment() / "cache"
        kept |= {"VLLM_CACHE_ROOT": str(cache), "VLLM_CONFIG_ROOT": str(cache)}
    return kept | recipe.env


def command(recipe: recipes.Recipe, model: Path | None, port: int) -> list[str]:
    """The command that serves `recipe`. Raises `ServeError` where the environment or the model is missing."""
    folder = model.absolute() if model else recipe.folder
    if folder and not (folder / "config.json").is_file():
        raise ServeError(f"{folder} holds no model: it has no config.json")
    address = ["--host", recipe.host, "--port", str(port), "--served-model-name", recipe.served_name]
    return [*runtime(recipe), "serve", str(folder or recipe.model), *address, *recipe.args]


def runtime(recipe: recipes.Recipe) -> list[str]:
    """The start of the command line: vLLM itself."""
    if recipe.runtime == "path":
        if found := shutil.which("vllm"):
            return [found]
        raise ServeError("no command `vllm` on the path; install vLLM for this machine's GPUs")
    environment = setup_env.environment()
    if not setup_env.is_ready(environment):
        raise ServeError(f"no finished vLLM environment in {environment}; run `make setup-vllm`")
    return [str(environment / "bin/python"), "-m", "datapipe_vllm"]


@contextlib.contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Keep `port`, or a free one for 0, for the block. Raises `ServeError` where it is taken.

    vLLM binds its port many seconds after it is told; a bound socket that does not listen keeps others off it
    and lets vLLM on, since both allow reuse. The lock keeps off another launcher, which would do the same.
    """
    with socket.socket() as held, socket.socket(socket.AF_UNIX) as lock:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((host, port))
            port = held.getsockname()[1]
            lock.bind(f"\0datapipe-vllm:{port}")
        except (OSError, OverflowError) as error:
            raise ServeError(f"port {port} on {host} cannot be had: {error}") from error
        yield port


def write_ready(path: Path, line: str) -> None:
    """Write the ready file, whole or not at all."""
    written = path.with_name(f".{path.name}.{os.getpid()}")
    written.write_text(line + "\n")
    written.replace(path)


def serve(options: argparse.Namespace, log: BinaryIO) -> NoReturn:
    """Serve until `Stopped`. Raises `ServeError` on any other end."""
    recipe = recipes.load(options.recipe)
    ready_file = options.ready_file
    if ready_file:
        ready_file.unlink(missing_ok=True)  # what a killed launcher left would be taken for this server
    with reserved(recipe.host, options.port) as port:
        start = command(recipe, options.model, port)
        print(f"starting vLLM for {recipe.served_name} on port {port}", file=sys.stderr)
        server = Server(recipe, start, port, str(ready_file or ""), log)
        try:
            server.wait_until_ready()
            if ready_file:
                write_ready(ready_file, server.describe())
            print(server.describe(), flush=True)
            server.fail_dead(server.guard.wait())
        finally:
            server.stop()


def stop_once(*_: FrameType | int | None) -> NoReturn:
    """Raise `Stopped` for the first signal; further ones must not disturb the stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    raise Stopped


def arguments() -> argparse.Namespace:
    """The command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    parser.add_argument("--model", type=Path, help="a model folder in place of the recipe's")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--ready-file", type=Path, help="written when ready, removed at the end")
    parser.add_argument("--log", type=Path, help="vLLM's log; else it is gone with the server")
    return parser.parse_args()


def main() -> int:
    """Serve as the command line says; the exit status."""
    options = arguments()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_once)
    try:
        with options.log.open("wb+") if options.log else tempfile.TemporaryFile() as log:
            serve(options, log)
    except Stopped:
        return 0
    except (ServeError, recipes.RecipeError, OSError) as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
