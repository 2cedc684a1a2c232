"""A launch recipe: which model vLLM serves, with which arguments and GPUs, and what it is asked first."""

import os
import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field

from datapipe.config_models import Section
from datapipe.errors import ConfigError
from datapipe.serving import environment
from datapipe.serving.tables import parse, read_toml


class Warmup(Section):
    """Asked before a server counts as ready: the first request is slow, or shows that it is broken."""

    prompt: str
    max_tokens: int = Field(ge=1)
    requests: int = Field(2, ge=1)


class Recipe(Section):
    """How one model is served."""

    model: str
    """A name on a model hub, or a folder: `./…` or `../…`, seen from the recipe's own folder, or `/…`."""
    served_name: str
    runtime: Literal["locked", "path"]
    """`locked`: the environment that `make setup-vllm` makes; `path`: the `vllm` command on the path."""
    startup_timeout: float = Field(gt=0)
    """Seconds from the start to the last warm-up answer."""
    warmup: Warmup
    gpus: int = Field(0, ge=0)
    """How many one server takes, as its arguments say; 0 on a CPU."""
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    host: str = "127.0.0.1"
    """Where the server listens; others reach it only where this is an address of the machine's own."""


def load_recipe(path: Path, model: str | None = None) -> Recipe:
    """The recipe in `path`, of `model` where one is named; a folder of a model becomes absolute.

    Raises ConfigError where the file or a key is wrong, or the folder holds no model.
    """
    recipe = parse(read_toml(path), Recipe, path)
    named, key = (recipe.model, f"{path}: model") if model is None else (model, "model")
    named = model_word(named, path.absolute().parent)
    if named.startswith("/") and not Path(named, "config.json").is_file():
        raise ConfigError(f"{key}: {named} holds no model: it has no config.json")
    return recipe.model_copy(update={"model": named})


def model_word(model: str, folder: Path) -> str:
    """A model as vLLM is told it: a folder, seen from `folder`, as an absolute path; a name as it is."""
    return os.path.normpath(folder / model) if model.startswith(("./", "../", "/")) else model


def runtime(recipe: Recipe, path: Path) -> list[str]:
    """The start of the command line: vLLM itself. Raises ConfigError where it is not there."""
    if recipe.runtime == "path":
        if found := shutil.which("vllm"):
            return [found]
        raise ConfigError(
            f"{path}: runtime: there is no command `vllm` on the path; install vLLM for this machine's GPUs"
        )
    folder = environment.environment()
    if not environment.is_ready(folder):
        raise ConfigError(
            f"{path}: runtime: there is no finished vLLM environment in {folder}; run `make setup-vllm`, or "
            f"name one in $DATAPIPE_VLLM_ENV"
        )
    return [str(folder / "bin/python"), "-m", "datapipe_vllm"]
