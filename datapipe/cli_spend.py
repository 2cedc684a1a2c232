"""The commands about what a run costs."""

import typer

from datapipe.cli_words import AsJson, RunWord


def add_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(cost)


def cost(run: RunWord, as_json: AsJson = False) -> None:
    """What a run's tokens went into: kept, dropped and why, by domain and tier, per kept answer, in money."""
    from datapipe.cost_page import cost
    from datapipe.runs import find_run

    cost(find_run(run), as_json)
