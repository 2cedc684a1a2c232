"""Makes environments for the peers, one each, outside of the repository: `setup.py [FOLDER]`."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PINS: Mapping[str, tuple[str, ...]] = {
    "curator": ("bespokelabs-curator==0.1.31", "litellm==1.83.7", "openai==2.30.0"),
    # requests and beautifulsoup4 it imports without asking for them
    "distilabel": ("distilabel[openai]==1.5.3", "openai==3.54.0", "requests", "beautifulsoup4"),
}
"""What is installed for each peer; the rest is what pip makes of it."""


class Missing(Exception):
    """A peer that could not be installed; the message is the end of what pip said."""


def folder() -> Path:
    """Where environments are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DATAPIPE_PEERS") or Path(cache) / "datapipe-peers")


def python_of(peer: str, below: Path | None = None) -> Path:
    """The interpreter of a peer, installed where it is not there yet. Raises Missing."""
    digest = hashlib.sha256("\n".join((sys.version, *PINS[peer])).encode()).hexdigest()[:12]
    place = (below or folder()) / f"{peer}-{digest}"
    python, done = place / "bin" / "python", place / "installed"
    if not done.exists():
        _run(sys.executable, "-m", "venv", "--clear", str(place))
        _run(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PINS[peer])
        done.touch()
    return python


def versions_of(peer: str, python: Path) -> str:
    """The versions of what it was installed from."""
    names = [pin.partition("=")[0].partition("[")[0] for pin in PINS[peer]]
    code = (
        f"from importlib.metadata import version as v; print(*(f'{{n}} {{v(n)}}' for n in {names}), sep=', ')"
    )
    return _run(str(python), "-c", code).strip()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout


if __name__ == "__main__":
    for name in PINS:
        made = python_of(name, Path(sys.argv[1]) if sys.argv[1:] else None)
        print(f"{made}: {versions_of(name, made)}")
