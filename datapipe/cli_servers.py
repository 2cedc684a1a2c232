"""The commands about model servers: what one does, and serving them on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from datapipe.cli_words import AsJson


def serve(
    fleet: Annotated[Path, typer.Argument(metavar="FLEET.toml", help="Which servers; or one recipe.")],
    show: Annotated[bool, typer.Option("--status", help="Say how they stand, and start nothing.")] = False,
    as_json: AsJson = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where logs, caches and servers files go, not what the file says.")
    ] = None,
) -> None:
    """Serve models with vLLM on this machine until told to stop; `--status` says how they stand."""
    from datapipe.errors import ConfigError
    from datapipe.serving.fleet import make_plan, read_fleet

    if as_json and not show:
        raise ConfigError("--json goes with --status")
    if show:
        from datapipe.serving.page import status

        status(read_fleet(fleet, folder)[1], as_json)
        return
    import logging

    from datapipe.serving.supervisor import supervise

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    supervise(make_plan(fleet, folder))


def add_commands(app: typer.Typer) -> None:
    """Put them on the command line."""
    app.command()(serve)
