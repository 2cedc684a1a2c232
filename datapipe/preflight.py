"""What can be known to be wrong with a configuration before anything is written or asked."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from datapipe.config import RunConfig
from datapipe.deciding import deciding_rubrics, rubrics_in_use, rules_in_use
from datapipe.errors import ConfigError, StoreError
from datapipe.format import known_formats
from datapipe.policies import models_by_policy
from datapipe.reading import find_files
from datapipe.run import RunFolder
from datapipe.sources import load_sources
from judges.base import did_you_mean
from judges.catalog import AnyCheck
from schemas.rows import Lane


def preflight(config: RunConfig, lanes: Sequence[Lane], checks: Mapping[str, AnyCheck]) -> list[str]:
    """The roles that will be asked. Tokens cost money: what is misspelt is found before the first of them.

    Raises ConfigError that suggests the near name, and InputError for files that are not there.
    """
    find_files(config.input.questions)
    find_files(config.input.recorded)
    load_sources(config.input.sources)
    _formats(config)
    rules_in_use(config, checks)
    judging = {lane: [each.name for each in rubrics_in_use(config, checks, lane)] for lane in lanes}
    if "non_verifiable" in lanes:
        deciding_rubrics(config, checks)
    _steer(config, lanes)
    roles = [] if config.input.recorded else ["generate"]
    for lane, names in judging.items():
        asked = config.judge.servers or config.judge.servers_file
        if names and config.judge.backend == "openai" and not asked:
            raise ConfigError(
                f"[judge] servers: rubrics of the {lane} lane ({', '.join(names)}) ask a judge: name at "
                f"least one base URL that ends in /v1, or leave the lane out with lanes = […]"
            )
    return [*roles, "judge"] if any(judging.values()) else roles


def _formats(config: RunConfig) -> None:
    for name in config.diversify.formats or {}:
        if name not in known_formats():
            near = did_you_mean(name, known_formats()) or f"; known are {', '.join(known_formats())}"
            raise ConfigError(f"diversify.formats: there is no format {name!r}{near}")


def _steer(config: RunConfig, lanes: Sequence[Lane]) -> None:
    """Only a model that answers can steer. Who made recorded answers is known once they are read."""
    steer = config.rate.steer
    if steer in (None, config.generate.model) or config.input.recorded:
        return
    known = {config.generate.model}
    with suppress(StoreError):  # a damaged part is told by the stage that needs it
        known.update(
            name for lane in lanes for name in models_by_policy(RunFolder(config.folder), lane).values()
        )
    if steer not in known:
        near = did_you_mean(str(steer), known) or f"; models that answered are {', '.join(sorted(known))}"
        raise ConfigError(f"rate.steer: no model {steer!r} answers in this run{near}")
