"""Reads a TOML file into a table of known keys, with errors that name file, key and nearest key."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from datapipe.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigError where there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(data: dict[str, Any], model: type[M], path: Path) -> M:
    """`data` as a `model`. Raises ConfigError that names every wrong key of the file `path`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        said = "; ".join(_explain(each, model) for each in error.errors())
        raise ConfigError(f"{path}: {said}") from None


def _explain(error: Any, model: type[BaseModel]) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
    place = place.lstrip(".") or "the file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    known = sorted(_keys(model))
    near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
    return (
        f"{place}: unknown key; {f'did you mean {near[0]!r}?' if near else 'known are ' + ', '.join(known)}"
    )


def _keys(model: type[BaseModel]) -> set[str]:
    """The keys of a table and of the tables in it."""
    inner = [
        kind
        for field in model.model_fields.values()
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ()))
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    return set(model.model_fields).union(*map(_keys, inner))
