"""Reads a launch recipe: which model vLLM serves, with which arguments, and what is asked of it first."""

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]


class RecipeError(Exception):
    """A recipe cannot be used; the message names the file and the key."""


@dataclasses.dataclass(frozen=True)
class Warmup:
    """Asked before a server counts as ready: the first request is slow, or shows that it is broken."""

    prompt: str
    max_tokens: int
    requests: int = 2


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How one model is served."""

    model: str
    """A name on a model hub, or a folder: `./…`, seen from the top of the repository, or `/…`."""
    served_name: str
    runtime: str
    """`locked`: the environment that setup_env.py makes; `path`: the `vllm` command on the path."""
    startup_timeout: float
    """Seconds from the start to the last warm-up answer."""
    warmup: Warmup
    args: tuple[str, ...] = ()
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    host: str = "127.0.0.1"

    @property
    def folder(self) -> Path | None:
        """Where the model lies, or None where it is a name on a hub."""
        return TOP / self.model if self.model.startswith(("./", "/")) else None


def load(path: Path) -> Recipe:
    """The recipe in the TOML file `path`. Raises `RecipeError` where it is missing or malformed."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: {error}") from error
    try:
        warmup = Warmup(**_known(raw.pop("warmup", None), Warmup, "warmup."))
        recipe = Recipe(warmup=warmup, **_known(raw, Recipe, ""))
        _check(recipe)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{path}: {error}") from error
    return dataclasses.replace(recipe, args=tuple(recipe.args))


def _known(table: Any, kind: type, prefix: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise ValueError(f"{prefix.rstrip('.')} is not a table")
    fields = dataclasses.fields(kind)
    if unknown := sorted(table.keys() - {field.name for field in fields}):
        raise ValueError(f"unknown key {prefix}{unknown[0]}")
    needed = {f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING} - {"warmup"}
    if missing := sorted(needed - table.keys()):
        raise ValueError(f"missing key {prefix}{missing[0]}")
    return table


def _check(recipe: Recipe) -> None:
    wrong = {
        "model": not _strings([recipe.model]),
        "served_name": not _strings([recipe.served_name]),
        "runtime": recipe.runtime not in ("locked", "path"),
        "startup_timeout": not isinstance(recipe.startup_timeout, int | float) or recipe.startup_timeout <= 0,
        "args": not isinstance(recipe.args, list | tuple) or not _strings(recipe.args),
        "env": not isinstance(recipe.env, dict) or not _strings(recipe.env.values()),
        "host": not _strings([recipe.host]),
        "warmup.prompt": not _strings([recipe.warmup.prompt]),
        "warmup.max_tokens": not _positive(recipe.warmup.max_tokens),
        "warmup.requests": not _positive(recipe.warmup.requests),
    }
    if bad := [key for key, is_wrong in wrong.items() if is_wrong]:
        raise ValueError(f"{bad[0]} has an impossible value")


def _strings(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0
