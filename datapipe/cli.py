"""The command line: what may be typed. Each command imports its own module, so that `--help` is quick."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from datapipe import cli_servers, cli_spend, interrupts
from datapipe.cli_words import RUN_HELP, AsJson, ConfigFile, Fake, Folders, RunOption, RunWord, Settings
from datapipe.errors import ConfigError, DatapipeError
from datapipe.escape import printable
from datapipe.garbage import look_rarely

EXIT_CODES = {
    0: "done",
    1: "unexpected error, with its traceback; or `checks test`, `attack` or `probe` found what must not be",
    2: "the command line, the configuration or a check cannot be used",
    3: "an input file cannot be read",
    4: "the store is not what was promised, or another process owns the run",
    5: "no model server answered, or no verifier process could work",
    6: "the ledger does not balance",
    7: "the SQL cannot be run",
    130: "interrupted",
    141: "the reader of the output went away",
    143: "terminated",
}
"""By number; `datapipe --help` shows them."""


class _Group(TyperGroup):
    """Turns what escapes on purpose into one line on stderr and an exit code."""

    def get_help_option(self, ctx: Any) -> Any:
        """With a value of its own, since typer loads pydantic to find out what no value means."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
            return done
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            # The interpreter flushes once more at its end, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(141) from None
        except (DatapipeError, RuntimeError, ValueError) as error:
            code = _exit_code(error)
            if code is None:
                raise
            typer.echo(f"datapipe: {printable(' '.join(str(error).split()))}", err=True)
            raise typer.Exit(code) from None


app = typer.Typer(
    cls=_Group,
    help="Synthesise, verify and clean reasoning data.",
    epilog="Exit codes: " + "; ".join(f"{code}: {why}" for code, why in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
checks_app = typer.Typer(
    cls=_Group, help="The checks there are.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(checks_app, name="checks")

cli_spend.add_commands(app)
cli_servers.add_commands(app)


class Format(StrEnum):
    """How `query` writes rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@app.command()
def run(config: ConfigFile, change: Settings = None, fake: Fake = False) -> None:
    """Run a configuration, or go on with it: question files in, a published version out."""
    from datapipe.launch import launch
    from datapipe.settings import load_config

    interrupts.watch()
    launch(load_config(config, change or (), fake=fake))


@app.command()
def status(run: RunWord) -> None:
    """How a run stands: who works on it, its ledger, its versions."""
    from datapipe.runs import find_run
    from datapipe.status import status

    status(find_run(run))


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One statement that reads. `SHOW TABLES` lists all.")
    ],
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help=RUN_HELP)] = None,
    form: Annotated[Format, typer.Option("--format", help="How rows are written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of stdout.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Hold every part against its checksum.")] = False,
) -> None:
    """Ask a run, or several, in SQL (DuckDB): a view per table, and samples, results, cases, agreement."""
    from datapipe.output import write_parquet, write_result
    from datapipe.query import ask, connect, stream
    from datapipe.runs import find_run

    with connect([find_run(word) for word in runs or (None,)], verify=verify) as db:
        if form is Format.PARQUET:
            write_parquet(stream(db, sql), output)
        else:
            write_result(ask(db, sql), form.value, output)


@app.command()
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines (.gz, .zst), Parquet; - is stdin.")],
    folder: Folders = None,
    workers: Annotated[int, typer.Option(min=1, help="Verifier processes.")] = 1,
) -> None:
    """Judge rows of `reference` and `answer` (`prompt`, `thinking`, `finish_reason`): a JSON line a row."""
    from datapipe.verify import read_rows, verify_lines
    from datapipe.workers import PoolSettings

    settings = PoolSettings(size=workers, folders=tuple(folder or ()))
    for line in verify_lines(read_rows(file), settings):
        sys.stdout.write(f"{line}\n")


@app.command()
def attack(
    verifier: Annotated[str, typer.Argument(metavar="VERIFIER", help="A verifier: math, choice, …")],
    questions: Annotated[str | None, typer.Option(metavar="FILE", help="Question rows, not ours.")] = None,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Try to fool a verifier with wrong answers in disguise; exit status 1 where over 1 % of a kind pass."""
    from datapipe.attack_page import attack

    if not attack(verifier, questions, folder or (), as_json):
        raise typer.Exit(1)


@checks_app.command("list")
def checks_list(folder: Folders = None) -> None:
    """Every check with its kind, version and what it does."""
    from datapipe.check_pages import list_checks

    list_checks(folder or ())


@checks_app.command("show")
def checks_show(name: Annotated[str, typer.Argument(metavar="NAME")], folder: Folders = None) -> None:
    """What one check does, what may be set, and its examples."""
    from datapipe.check_pages import show_check

    show_check(name, folder or ())


@checks_app.command("test")
def checks_test(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...")] = None, folder: Folders = None
) -> None:
    """Run the examples of the named checks, or of all."""
    from datapipe.check_pages import hold_examples

    if not hold_examples(names or (), folder or ()):
        raise typer.Exit(1)


@app.command("try")
def try_(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="A rule, a verifier or a question check.")],
    run: RunOption = None,
    folder: Folders = None,
    change: Settings = None,
    examples: Annotated[int, typer.Option(min=0, help="Cases to show.")] = 5,
) -> None:
    """What one check would drop from a run, by lane and domain, with examples. Writes nothing."""
    from datapipe.runs import find_run
    from datapipe.settings import read_value
    from datapipe.trial import trial

    params = {}
    for word in change or ():
        key, equals, text = word.partition("=")
        if not equals:
            raise ConfigError(f"--set {word!r}: expected a parameter of the check, key=value")
        params[key] = read_value(text)
    trial(find_run(run), check, folder or (), params, examples)


@app.command()
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The beginning of an id is enough.")],
    word: Annotated[str | None, typer.Argument(metavar="[RUN]", help=RUN_HELP)] = None,
    run: RunOption = None,
) -> None:
    """One question, answer or sample: prompt, thinking, answer and verdicts side by side."""
    from datapipe.look import show
    from datapipe.runs import find_run

    if word is not None and run is not None:
        raise ConfigError("name the run once: as --run RUN, or after the id")
    show(find_run(run or word), identity)


@app.command()
def sample(
    run: RunWord,
    where: Annotated[str, typer.Option(metavar="SQL", help="A condition on the view `cases`.")] = "true",
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="Answers at most.")] = 3,
    seed: Annotated[int, typer.Option(help="Another seed, other answers.")] = 0,
    chars: Annotated[int, typer.Option(min=1, help="Characters shown of each text.")] = 2_000,
) -> None:
    """Some answers of a run that fit a condition, drawn by hash, side by side with their verdicts."""
    from datapipe.look import sample
    from datapipe.runs import find_run

    sample(find_run(run), where, n, seed, chars)


@app.command()
def purge(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help=RUN_HELP)],
    source: Annotated[str | None, typer.Option(help="Remove everything of this source.")] = None,
    question: Annotated[str | None, typer.Option(help="Remove the question of this id.")] = None,
    ahead: Annotated[bool, typer.Option("--ahead", help="Also what no row is of yet.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a source or a question everywhere in a run, for good: later imports leave it out too."""
    from datapipe.purge import Target, purge, refuse_unknown
    from datapipe.runs import find_run

    if (source is None) == (question is None):
        raise ConfigError("name what to purge: either --source or --question")
    folders = [find_run(word) for word in runs]
    target = Target("source", source) if source is not None else Target("question_id", question or "")
    if not ahead:
        refuse_unknown(folders, target)
    where = ", ".join(map(str, folders))
    if not yes and not typer.confirm(f"Remove {target} from {where}? It cannot be undone", err=True):
        raise typer.Exit(1)
    for folder in folders:
        typer.echo(purge(folder, target))


def main() -> None:
    """The `datapipe` command."""
    interrupts.hear()
    look_rarely()
    app(prog_name="datapipe")


def _exit_code(error: Exception) -> int | None:
    """What the command line returns for an error that was meant for a person; None for any other."""
    if isinstance(error, DatapipeError):
        return error.exit_code
    from datapipe.workers import WorkerError
    from judges.catalog import CatalogError

    return 2 if isinstance(error, CatalogError) else 5 if isinstance(error, WorkerError) else None
