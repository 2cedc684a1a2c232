"""Where questions come from: licence, redistribution and allowed uses, from a sources.toml."""

import difflib
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from datapipe.errors import ConfigError
from datapipe.questions import explain


class Source(BaseModel):
    """One registered source: `[sources.NAME]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    license: str
    redistribution: bool
    """Whether its rows may be passed on."""
    uses: list[str]
    """What it may be used for: train, eval, demo, …"""
    url: str | None = None
    description: str | None = None


def load_sources(path: str | None) -> dict[str, Source]:
    """Registered sources by name; none where no file is named. Raises ConfigError."""
    if path is None:
        return {}
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        tables = data.get("sources", {})
        return {name: Source.model_validate(table) for name, table in tables.items()}
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def unregistered(name: str, sources: dict[str, Source]) -> str:
    """What to say of a source that nobody registered."""
    near = difflib.get_close_matches(name, sources, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"source {name!r} is not registered in sources.toml{hint}"
