"""The data card of a version: what is in it, how hard it is, what was left out and why."""

import json
from pathlib import Path
from typing import Any

import duckdb

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
        db.close()
    return "\n\n".join([*sections, _dropped(run), _READ]) + "\n"


_TABLES = {
    "Rows by lane and domain": """
        SELECT lane, domain, count(*) AS rows, count(DISTINCT question_id) AS questions,
               count(*) FILTER (parent IS NOT NULL) AS rewrites, sum(tokens) AS tokens
        FROM samples GROUP BY ALL ORDER BY ALL""",
    "Questions by difficulty": """
        SELECT lane, tier, count(DISTINCT question_id) AS questions, count(*) AS rows
        FROM samples GROUP BY ALL ORDER BY lane, min(rate)""",
    "Rows by answer format": "SELECT lane, format, count(*) AS rows FROM samples GROUP BY ALL ORDER BY ALL",
    "Rows by source": """
        SELECT source, license, count(*) AS rows FROM samples GROUP BY ALL ORDER BY ALL""",
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


def _dropped(run: Run) -> str:
    paths = [str(path) for path in run.paths("dropped", LANES)]
    if not paths:
        return "## Left out\n\nNothing."
    db = duckdb.connect()
    db.read_parquet(paths, hive_partitioning=False).create_view("dropped")
    table = _table(db, _WHY)
    db.close()
    return f"## Left out\n\n{table}"


def _table(db: duckdb.DuckDBPyConnection, sql: str) -> str:
    """A Markdown table; text of the data is escaped, since a card is rendered as HTML."""
    found = db.execute(sql)
    names = [column[0] for column in found.description or []]
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in found.fetchall())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return json.dumps(text)[1:-1].replace("|", "\\|").replace("<", "&lt;").replace("\\\\|", "\\|")
