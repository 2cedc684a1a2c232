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

    if as_json and not show:
        raise ConfigError("--json goes with --status")
    if show:
        from datapipe.serving.fleet import read_fleet
        from datapipe.serving.page import status

        status(read_fleet(fleet, folder)[1], as_json)
        return
    import logging

    from datapipe.serving.supervisor import supervise

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    supervise(fleet, folder)


def probe(
    server: Annotated[str, typer.Argument(metavar="URL", help="A base URL that ends in /v1.")],
    model: Annotated[str | None, typer.Option(help="The model asked for, not the first served.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="What a run will ask for.")] = None,
    thinks: Annotated[
        bool | None, typer.Option("--thinks/--no-thinks", help="Whether the model must be seen to think.")
    ] = None,
    key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The variable that holds its key.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a server does with thinking, seeds, n, JSON and ends; status 1 where a run would refuse it."""
    from datapipe.probe_asks import Ask
    from datapipe.probe_page import probe

    if not probe(server, Ask(model, max_tokens=max_tokens, thinks=thinks, api_key_env=key_env), as_json):
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Put them on the command line."""
    app.command()(probe)
    app.command()(serve)
