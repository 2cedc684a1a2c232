"""Where the locked vLLM environment is, and whether it is finished; standard library only."""

import hashlib
import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
"""The top of the repository, where this is a checkout."""
HERE = TOP / "infra" / "vllm"
LOCK = HERE / "requirements.lock"
SHIM = HERE / "shim"
STAMP = "datapipe-vllm.stamp"
UNFINISHED = "unfinished"


def environment() -> Path:
    """The environment's folder: `$DATAPIPE_VLLM_ENV`, else `.venv-vllm` at the top of the repository."""
    return Path(os.environ.get("DATAPIPE_VLLM_ENV") or TOP / ".venv-vllm").absolute()


def wanted() -> str:
    """What a finished environment's stamp says: a hash of the locked packages and of the shim's sources."""
    digest = hashlib.sha256()
    for file in [LOCK, SHIM / "pyproject.toml", *sorted((SHIM / "datapipe_vllm").glob("*.py"))]:
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_ready(folder: Path) -> bool:
    """Whether the environment is finished and, in a checkout, made from its lock and its shim."""
    stamp = folder / STAMP
    if not (folder / "bin/python").exists() or not stamp.is_file():
        return False
    return stamp.read_text() == wanted() if LOCK.exists() else stamp.read_text() != UNFINISHED
