"""FLEET.toml: which servers run on this machine. All of it is checked before the first of them starts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from datapipe.config_models import Section
from datapipe.errors import ConfigError
from datapipe.serving import gpus
from datapipe.serving.ports import refusal
from datapipe.serving.recipe import Recipe, load_recipe, model_word, runtime
from datapipe.serving.tables import parse, read_toml

Role = Literal["generate", "judge", "rewrite"]
ROLES: tuple[Role, ...] = ("generate", "judge", "rewrite")
"""A run's servers files, one a role."""


def _both() -> list[Role]:
    return ["generate", "judge"]


class Workers(Section):
    """Servers that are alike: one [[workers]] table."""

    recipe: str
    """A recipe's file, seen from this one's folder."""
    count: int | None = Field(None, ge=1)
    """How many; as many as `gpus` are enough for where those are named, else one."""
    gpus: list[int | str] | None = None
    """The devices these may use, by index or UUID; the next free ones of the machine where not set."""
    port: int = Field(0, ge=0, le=65_535)
    """Of the first; the others follow. 0 takes free ones, which each server keeps over its restarts."""
    roles: list[Role] = Field(default_factory=_both, min_length=1)
    """Which of the servers files name them."""
    model: str | None = None
    """Another folder, seen from this file's, or name than the recipe's, such as a copy on a local disk."""
    args: list[str] = Field(default_factory=list)
    """Added to the recipe's."""


class Restart(Section):
    """What follows a death. A server is never restarted while its process lives and anything moves."""

    backoff_s: float = Field(2.0, ge=0)
    """The wait after the first death; it doubles with each further one."""
    backoff_max_s: float = Field(300.0, ge=0)
    most: int = Field(8, ge=0)
    """Restarts in a row; the next death is the last, and the worker is given up."""
    steady_s: float = Field(600.0, gt=0)
    """A server that was ready for so long begins to count anew."""
    stuck_s: float = Field(1800.0, gt=0)
    """A living server is ended when for so long no token came and /health failed, whatever it has to do;"""
    sick_s: float = Field(300.0, gt=0)
    """or when for so long it had nothing to do and /health failed: one that is set aside is asked no more."""


class Fleet(Section):
    """One FLEET.toml."""

    workers: list[Workers] = Field(min_length=1)
    folder: str | None = None
    """Logs, caches, servers files and the state; beside the file, `NAME.serve`, where not set."""
    restart: Restart = Field(default_factory=Restart)
    poll_s: float = Field(5.0, gt=0)
    """Between two looks at a server."""
    log_mb: int = Field(64, ge=1)
    """A log is begun anew at this size; one older is kept beside it."""


@dataclass(frozen=True)
class Worker:
    """One server that is to run."""

    name: str
    recipe: Recipe
    command: tuple[str, ...]
    """Without its address."""
    port: int
    gpus: tuple[str, ...]
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Plan:
    """What is to run, checked."""

    path: Path
    folder: Path
    fleet: Fleet
    workers: tuple[Worker, ...]


def read_fleet(path: Path, folder: Path | None = None) -> tuple[Fleet, Path]:
    """A FLEET.toml, or a recipe as a fleet of one, and the folder of what it leaves behind.

    Raises ConfigError that names the file and the key.
    """
    data = read_toml(path)
    if "model" in data and "workers" not in data:
        data = {"workers": [{"recipe": path.name}]}
    fleet = parse(data, Fleet, path)
    beside = path.absolute().parent
    return fleet, folder.absolute() if folder else beside / (fleet.folder or f"{path.stem}.serve")


def make_plan(path: Path, folder: Path | None = None) -> Plan:
    """Each worker with its command, GPUs and port. Raises ConfigError for the first that cannot run."""
    fleet, folder = read_fleet(path, folder)
    beside, names = path.absolute().parent, Counter[str]()
    devices = _Devices(path, fleet)
    workers: list[Worker] = []
    for number, table in enumerate(fleet.workers):
        where = f"{path}: workers[{number}]"
        recipe_path = beside / table.recipe
        recipe, vllm = _recipe(recipe_path, table.model and model_word(table.model, beside), where)
        command = (*vllm, "serve", recipe.model, *recipe.args, *table.args)
        groups = devices.groups(where, table, recipe)
        for at, group in enumerate(groups):
            stem = recipe_path.stem
            name, names[stem] = f"{stem}-{names[stem]}", names[stem] + 1
            port = table.port + at if table.port else 0
            _check_port(f"{where}.port", recipe.host, port, workers)
            workers.append(Worker(name, recipe, command, port, group, tuple(table.roles)))
    return Plan(path, folder, fleet, tuple(workers))


def _recipe(path: Path, model: str | None, where: str) -> tuple[Recipe, list[str]]:
    """A table's recipe, and the command that is vLLM."""
    if not path.exists() and (others := sorted(each.name for each in path.parent.glob("*.toml"))):
        raise ConfigError(f"{where}.recipe: {path}: no such file; in its folder are {', '.join(others)}")
    try:
        recipe = load_recipe(path, model)
        return recipe, runtime(recipe, path)
    except ConfigError as error:
        key = "" if str(error).startswith("model:") else "recipe: "
        raise ConfigError(f"{where}.{key}{error}") from None


def _check_port(where: str, host: str, port: int, before: Iterable[Worker]) -> None:
    if taken := [each.name for each in before if port and each.port == port]:
        raise ConfigError(f"{where}: {port} is already that of {taken[0]}")
    if why := refusal(host, port):
        raise ConfigError(f"{where}: {why}; name another, or 0 for a free one")


class _Devices:
    """GPUs handed out once each: those that tables name first, then what is left."""

    def __init__(self, path: Path, fleet: Fleet) -> None:
        self._path = path
        self._all: list[str] | None = None
        self._taken: set[str] = set()
        self._named: Counter[str] = Counter(str(each) for table in fleet.workers for each in table.gpus or ())

    def groups(self, where: str, table: Workers, recipe: Recipe) -> list[tuple[str, ...]]:
        """A group of devices for every server of a table."""
        if recipe.gpus == 0:
            if table.gpus:
                raise ConfigError(f"{where}.gpus: the recipe {table.recipe} takes none (its key `gpus` is 0)")
            return [()] * (table.count or 1)
        devices = self._of(where, table)
        count = table.count or (len(devices) // recipe.gpus if table.gpus else 1)
        found = gpus.split(devices, recipe.gpus)[:count]
        if not count or len(found) < count:
            left = "named" if table.gpus else f"left of this machine's {len(self._every())}"
            raise ConfigError(
                f"{where}: {count or 1} × {table.recipe} at {recipe.gpus} GPUs each need "
                f"{(count or 1) * recipe.gpus}, and {len(devices)} are {left}"
            )
        self._taken.update(device for group in found for device in group)
        return found

    def _of(self, where: str, table: Workers) -> Sequence[str]:
        if table.gpus is None:
            return [each for each in self._every() if each not in self._taken and not self._named[each]]
        named = [str(each) for each in table.gpus]
        for each in named:
            if self._named[each] > 1:
                raise ConfigError(f"{where}.gpus: {each} is named twice in {self._path}")
            if each not in self._every() and each.isdigit():
                there = ", ".join(self._every()) or "none"
                raise ConfigError(f"{where}.gpus: this machine shows no GPU {each}; there are: {there}")
        return named

    def _every(self) -> list[str]:
        if self._all is None:
            self._all = gpus.machine_gpus()
        return self._all
