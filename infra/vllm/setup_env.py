"""Makes the environment that vLLM is served from, once, and leaves a finished one alone."""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from datapipe.serving.environment import LOCK, SHIM, STAMP, UNFINISHED, environment, is_ready, wanted

PROBE = """
import datapipe_vllm, torch, vllm
from transformers import MiniMaxM2ForCausalLM
assert torch.version.cuda is None, "this is the CUDA build of torch"
"""


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def python311() -> str:
    """A Python 3.11: this one, else the first on the path. Raises `SetupError` where there is none."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupError("the locked CPU build of vLLM is for Linux on x86-64")
    for name in (sys.executable, shutil.which("python3.11")):
        if name and _version(name) == "3.11":
            return name
    raise SetupError("the locked CPU build of torch is for Python 3.11, which is not on the path")


def _version(python: str) -> str:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", script], capture_output=True, text=True).stdout.strip()


def clear(folder: Path) -> None:
    """Remove what is left of an older or half-made environment; refuse a folder that is not one of ours."""
    if folder.exists() and any(folder.iterdir()) and not (folder / STAMP).exists():
        raise SetupError(f"{folder} is in use for something else; remove it or set DATAPIPE_VLLM_ENV")
    shutil.rmtree(folder, ignore_errors=True)


def make(folder: Path) -> None:
    """Install the lock and the shim into a new `folder`. Raises `CalledProcessError` where a step fails."""
    base = python311()
    clear(folder)
    folder.mkdir(parents=True)
    (folder / STAMP).write_text(UNFINISHED)
    python = str(folder / "bin/python")
    install = [python, "-m", "pip", "install", "-qq", "--no-deps", "--no-compile"]
    _step("creating", base, "-m", "venv", str(folder))
    # The lock is complete, and names fewer packages than the metadata of its packages ask for.
    _step("installing", *install, "--require-hashes", "--requirement", str(LOCK))
    _step("installing the shim", *install, "--no-index", "--no-build-isolation", str(SHIM))
    # Without this the first start takes a minute longer. The file left out is written for Python 3.12.
    compileall = [python, "-m", "compileall", "-qq", "-j", "0", "-x", "/py312_intrinsics"]
    _step("byte-compiling", *compileall, str(folder / "lib"))
    _step("checking", python, "-c", PROBE)
    _finish(folder)


def _step(what: str, *command: str) -> None:
    start = time.monotonic()
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
    subprocess.run(command, check=True, stdout=sys.stderr, env=environ, close_fds=False)
    print(f"vllm environment: {what}, {time.monotonic() - start:.0f} s", file=sys.stderr)


def _finish(folder: Path) -> None:
    written = folder / f"{STAMP}.new"
    written.write_text(wanted())
    written.replace(folder / STAMP)


def main() -> int:
    """Make the environment if it is not ready and print its Python; exit status 1 and the reason if not."""
    folder = environment()
    try:
        with LOCK.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two at once: the second finds it ready
            # A step outlives a killed setup and keeps the lock: the next one does not start beside it.
            os.set_inheritable(lock.fileno(), True)
            if not is_ready(folder):
                make(folder)
    except (SetupError, subprocess.CalledProcessError) as error:
        print(f"vllm environment: {error}", file=sys.stderr)
        return 1
    print(folder / "bin/python")
    return 0


if __name__ == "__main__":
    sys.exit(main())
