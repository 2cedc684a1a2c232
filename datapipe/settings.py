"""Read a RunConfig from a TOML file and `section.key=value` words, with errors that say the near name."""

import difflib
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from datapipe.config import RunConfig
from datapipe.errors import ConfigError


def load_config(path: Path, overrides: Iterable[str] = (), *, fake: bool = False) -> RunConfig:
    """The configuration of a run. Input paths become absolute, from the file's own folder.

    Raises ConfigError that names the file, the key and the nearest known key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    for word in overrides:
        _override(data, word)
    if fake:
        for role in ("generate", "judge"):
            data.setdefault(role, {})["backend"] = "fake"
    return parse_config(data, str(path), path.resolve().parent)


def parse_config(data: Any, where: str, base: Path | None = None) -> RunConfig:
    """A RunConfig from its JSON form; `base` is what relative input paths are relative to."""
    try:
        config = RunConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{where}: {'; '.join(_explain(e, data) for e in error.errors())}") from None
    return _absolute(config, base, where)


def _override(data: dict[str, Any], word: str) -> None:
    key, equals, text = word.partition("=")
    if not equals or not all(key.split(".")):
        raise ConfigError(f"--set {word!r}: expected section.key=value")
    *sections, last = key.split(".")
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise ConfigError(f"--set {key}: {section!r} is not a section")
    data[last] = read_value(text)


def read_value(text: str) -> Any:
    """A TOML value where it is one (`4`, `true`, `["a"]`), else the text itself."""
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


def _explain(error: Any, data: Any) -> str:
    place = ".".join(str(step) for step in error["loc"]) or "the file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    known = _known(error["loc"][:-1])
    near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    return f"{place}: unknown key; {hint}"


def _known(steps: tuple[Any, ...]) -> list[str]:
    model: Any = RunConfig
    for step in steps:
        field = model.model_fields.get(step) if _is_section(model) else None
        model = field.annotation if field else None
    return list(model.model_fields) if _is_section(model) else []


def _is_section(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)


def _absolute(config: RunConfig, base: Path | None, where: str) -> RunConfig:
    def path(text: str) -> str:
        expanded = os.path.expanduser(text)
        if os.path.isabs(expanded):
            return expanded
        if base is None:
            raise ConfigError(f"{where}: {text!r} is relative, and there is no file it could be relative to")
        return os.path.normpath(base / expanded)

    read = config.input
    fixed = read.model_copy(
        update={
            "questions": [path(p) for p in read.questions],
            "recorded": [path(p) for p in read.recorded],
            "sources": path(read.sources) if read.sources else None,
        }
    )
    folders = [path(p) for p in config.screen.folders]
    lists = {
        role: model.model_copy(update={"servers_file": path(model.servers_file)})
        for role, model in (("generate", config.generate), ("judge", config.judge))
        if model.servers_file is not None
    }
    return config.model_copy(
        update={"input": fixed, "screen": config.screen.model_copy(update={"folders": folders}), **lists}
    )
