"""The commands about what a run costs."""

from typing import Annotated

import typer

from datapipe.cli_words import AsJson, ConfigFile, Fake, RunWord, Settings


def add_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(cost)
    app.command()(plan)


def cost(run: RunWord, as_json: AsJson = False) -> None:
    """What a run's tokens went into: kept, dropped and why, by domain and tier, per kept answer, in money."""
    from datapipe.cost_page import cost
    from datapipe.runs import find_run

    cost(find_run(run), as_json)


def plan(
    config: ConfigFile,
    change: Settings = None,
    fake: Fake = False,
    pilot: Annotated[
        bool, typer.Option("--pilot", help="Ask the pilot's questions, as part of the run.")
    ] = False,
    share: Annotated[
        float, typer.Option(min=0, max=1, help="The share of the questions in the pilot.")
    ] = 0.01,
    bill: Annotated[bool, typer.Option("--bill", help="What came, beside what was forecast.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a run will keep and cost, forecast from a pilot that is part of it; afterwards the bill."""
    from datapipe.plan_page import run_pilot, show_bill, show_plan
    from datapipe.settings import load_config

    settings = load_config(config, change or (), fake=fake)
    if bill:
        show_bill(settings, as_json)
        return
    if pilot:
        run_pilot(settings, share)
    show_plan(settings, share, as_json)
