"""The data card of a version: what is in it, how hard it is, what was left out and why."""

from pathlib import Path
from typing import Any

import duckdb

from datapipe.escape import markdown_table
from datapipe.plan_rows import billed, told_inside
from datapipe.run import Run
from schemas.rows import LANES


def data_card(run: Run, folder: Path, manifest: dict[str, Any]) -> str:
    """The README.md of a version, with the front matter that dataset viewers read."""
    parts = [str(folder / name) for name in manifest["parts"]]
    sections = [_front(manifest), f"# {run.settings.name} {manifest['version']}", _head(run, manifest)]
    if parts:
        db = duckdb.connect()
        db.read_parquet(parts, hive_partitioning=False).create_view("samples")
        sections += [f"## {title}\n\n{_table(db, sql)}" for title, sql in _TABLES.items()]
        sections.append(_sources(db, manifest.get("sources")))
        db.close()
    if not manifest["rows"]:
        sections.append(_EMPTY)
    said = (_selftest(manifest), _luck(manifest), _dropped(run), _spending(manifest))
    return "\n\n".join([*sections, *said, *_servers(manifest), *_forecast(manifest), _READ]) + "\n"


_EMPTY = """**This version is empty.** DuckDB, polars and pyarrow find its columns and no row; `datasets`
cannot hold a data set of no rows and says that its split "corresponds to no data"."""


_TABLES = {
    "Rows by lane and domain": """
        SELECT lane, domain, count(*) AS rows, count(DISTINCT question_id) AS questions,
               count(*) FILTER (parent IS NOT NULL) AS rewrites, sum(tokens) AS tokens
        FROM samples GROUP BY ALL ORDER BY ALL""",
    "Questions by difficulty": """
        SELECT lane, tier, count(DISTINCT question_id) AS questions, count(*) AS rows
        FROM samples GROUP BY ALL ORDER BY lane, min(rate)""",
    "Rows by answer format": "SELECT lane, format, count(*) AS rows FROM samples GROUP BY ALL ORDER BY ALL",
    "Rows by model": "SELECT model, count(*) AS rows FROM samples GROUP BY ALL ORDER BY ALL",
}

_WHY = """
    SELECT lane, coalesce("check", 'selection') AS why, count(*) AS answers
    FROM dropped GROUP BY ALL ORDER BY ALL"""

_READ = """## Reading it

```python
import duckdb, polars, pyarrow.dataset, datasets
duckdb.sql("SELECT * FROM read_parquet('samples/**/*.parquet')")
polars.scan_parquet("samples/**/*.parquet")
pyarrow.dataset.dataset("samples", format="parquet", partitioning="hive")
datasets.load_dataset("parquet", data_files="samples/**/*.parquet", split="train")
```

`messages` is the whole conversation; `train` marks the turns to learn from, `thinking` stands beside
`content`. `rate` is the share of right answers among `rate_n` draws of one policy, with its 95 % interval
in `rate_low` and `rate_high`."""


def _front(manifest: dict[str, Any]) -> str:
    lanes = [lane for lane in LANES if any(f"lane={lane}/" in name for name in manifest["parts"])]
    configs = "".join(
        f"- config_name: {lane}\n  data_files: samples/lane={lane}/**/*.parquet\n" for lane in lanes
    )
    return f"---\nconfigs:\n{configs or '[]'}---" if lanes else "---\nconfigs: []\n---"


def _head(run: Run, manifest: dict[str, Any]) -> str:
    config = run.settings
    keep = config.keep
    return (
        f"{manifest['rows']} rows of reasoning data, made {manifest['made']}. "
        f"Kept are up to {keep.answers} right answers a question whose pass rate lies in "
        f"({keep.low:g}, {keep.high:g}] with posterior mass {keep.mass:g} or more. "
        f"Held back because of their source: {manifest['held_back']}. "
        f"Checks: {', '.join(manifest['checks']) or 'none'}."
    )


def _selftest(manifest: dict[str, Any]) -> str:
    """How often the verifiers were wrong about answers that are known to be right or wrong."""
    rows = manifest.get("selftest")
    if not rows:
        return "## Verifiers\n\nNone was tried."
    title = "## Verifiers, as tried on the questions of this run"
    return f"{title}\n\n{_TRIED}\n\n{markdown_table(_rounded(rows))}"


def _luck(manifest: dict[str, Any]) -> str:
    """How many questions count as solved, and how much of what passed is expected to be wrong."""
    rows = manifest.get("false_passes")
    if not rows:
        return "## Solved questions\n\nNone was counted."
    return f"## Solved questions, of all that the run rated\n\n{_SOLVED}\n\n{markdown_table(_rounded(rows))}"


def _spending(manifest: dict[str, Any]) -> str:
    """Where the tokens went that the run generated, and what they bought."""
    told = manifest.get("spending")
    if not told or not told["fates"]:
        return "## Tokens\n\nNone was counted."
    tables = (told["fates"], told["cells"])
    return "\n\n".join(["## Tokens of the whole run", _SPENT, *map(markdown_table, tables)])


def _servers(manifest: dict[str, Any]) -> list[str]:
    """What came of the requests of each server, where any was asked."""
    rows = (manifest.get("spending") or {}).get("fleet")
    return ["## Servers", _SERVED, markdown_table(rows)] if rows else []


def _forecast(manifest: dict[str, Any]) -> list[str]:
    """What was forecast of the run and what came, where a pilot was asked first."""
    told = manifest.get("forecast")
    if not told:
        return []
    title = f"## Forecast of {told['made']}, from a pilot of {told['pilot']} questions, and what came"
    return [title, told_inside(told["rows"], told["unasked"]), markdown_table([*map(billed, told["rows"])])]


def _rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: f"{v:.4f}" if isinstance(v, float) else v for k, v in r.items()} for r in rows]


_TRIED = """`gold_refused` is the share of references that their verifier does not take, `false_fail` of right
answers that fail, `false_pass` of near misses that pass, `attack: …` of answers made to fool it; `low`
and `high` are a 95 % interval. `n` is what was ruled on, and of attacks also what was left `unscored`.
`gold_untried` are references of which no right answer could be made, `untold` those whose self-test did not
come to its end."""


_SOLVED = """A question counts as solved where its pass rate is almost surely (`rate.solved`) above what
guessing and the verifier's false passes explain. `false_share` is the expected share of wrong answers among
those that passed, with a 95 % interval; `lucky_share` counts blind guesses as well."""


_SPENT = """What became of the tokens that were generated, and by domain and tier what they bought: `kept` are
answers, `per_kept` the tokens generated for each. `estimated` is the share of tokens whose thinking no server
counted: it is told from the answer by its share of characters. Judges' tokens are apart, in the manifest."""


_SERVED = """What came of the requests of each server in the whole run: answers and their tokens, requests
refused, tries that failed, tries taken back from it, and times that it was set aside. Tokens of tries that
brought no answer were counted by nobody."""


def _dropped(run: Run) -> str:
    paths = [str(path) for path in run.paths("dropped", LANES)]
    if not paths:
        return "## Left out\n\nNothing."
    db = duckdb.connect()
    db.read_parquet(paths, hive_partitioning=False).create_view("dropped")
    table = _table(db, _WHY)
    db.close()
    return f"## Left out\n\n{table}"


def _sources(db: duckdb.DuckDBPyConnection, registered: dict[str, Any] | None) -> str:
    """Rows by source, with what was registered of it when they were published, where that was kept."""
    names = ("registered licence", "may be passed on", "may be used for")
    rows = []
    for name, licence, count in db.execute(_BY_SOURCE).fetchall():
        row = {"source": name, "rows": count, "licence of the rows": licence}
        told = {} if registered is None else dict(zip(names, _registered(registered.get(name)), strict=True))
        rows.append(row | told)
    return f"## Rows by source\n\n{markdown_table(rows)}"


def _registered(source: dict[str, Any] | None) -> tuple[str, str, str]:
    if source is None:
        return "not registered", "", ""
    return source["license"], "yes" if source["redistribution"] else "no", ", ".join(source["uses"])


_BY_SOURCE = "SELECT source, license, count(*) FROM samples GROUP BY ALL ORDER BY ALL"


def _table(db: duckdb.DuckDBPyConnection, sql: str) -> str:
    """A Markdown table; text of the data is escaped, since a card is rendered as HTML."""
    found = db.execute(sql)
    names = [column[0] for column in found.description or []]
    return markdown_table([dict(zip(names, row, strict=True)) for row in found.fetchall()])
