"""Words that several commands of the command line take."""

from pathlib import Path
from typing import Annotated

import typer

RUN_HELP = "A run: its folder, store/name, or a name in $DATAPIPE_STORE (default ./data/runs)."
RunWord = Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)]
RunOption = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help=f"{RUN_HELP} The newest if none.")
]
ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The configuration of the run.")]
Folders = Annotated[list[Path] | None, typer.Option("--folder", help="A folder of your own checks.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key.")]
Fake = Annotated[bool, typer.Option("--fake", help="Ask the built-in fake model, no server.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
