"""Which GPUs this machine has, and who gets which."""

import os
import shutil
import subprocess
from collections.abc import Sequence

_ASK = ("--query-gpu=index", "--format=csv,noheader")
_ASK_S = 60.0
"""A driver that has not been used since the machine started takes its time."""


def machine_gpus() -> list[str]:
    """The devices this process may use: $CUDA_VISIBLE_DEVICES where set, else those nvidia-smi counts."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [each.strip() for each in visible.split(",") if each.strip() not in ("", "-1")]
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    try:
        told = subprocess.run([command, *_ASK], capture_output=True, text=True, timeout=_ASK_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in told.stdout.splitlines() if line.strip()]


def split(devices: Sequence[str], each: int) -> list[tuple[str, ...]]:
    """Devices in groups of `each`, in their order, so that neighbours serve together; a rest is left out."""
    return [tuple(devices[at : at + each]) for at in range(0, len(devices) - each + 1, each)]
