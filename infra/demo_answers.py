"""What the demo says at its end: the ledger, the shards, and three queries with their answers."""

import json
import textwrap
from pathlib import Path
from typing import Any

import duckdb

from datapipe.escape import block, one_line
from datapipe.query import connect

PASS_RATES = """\
SELECT lane, domain, count(rate) AS questions, sum(n)::INT AS answers, round(avg(rate), 3) AS pass_rate,
       round(avg(rate) - 1.96 * stddev(rate) / sqrt(count(rate)), 3) AS low,
       round(avg(rate) + 1.96 * stddev(rate) / sqrt(count(rate)), 3) AS high
FROM ratings JOIN questions USING (lane, question_id)
GROUP BY ALL ORDER BY ALL"""

WHY_NOT = """\
SELECT lane, coalesce("check", 'selection') AS "check", count(*) AS answers, mode(reason) AS commonest_reason
FROM dropped GROUP BY ALL ORDER BY answers DESC LIMIT 10"""

A_SAMPLE = """\
SELECT domain, tier, rate, prompt, thinking, response FROM samples
WHERE lane = 'verifiable' AND length(thinking) > 0 ORDER BY rate, sample_id LIMIT 1"""


QUERIES = {
    "How often is the model right, and how sure is that? (95 %; the questions are the draws)": PASS_RATES,
    "Why is an answer not in the data?": WHY_NOT,
    "One of the hardest samples that were kept, with its thinking": A_SAMPLE,
}
MOST_CHARS = 60


def tell(run: Path, version: Path) -> None:
    """Print all of it to stdout. What a model wrote is escaped."""
    print("What came, what left and why:\n")
    _table(json.loads((run / "ledger.json").read_text(encoding="utf-8")))
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    print(
        f"\n{manifest['rows']} samples in {len(manifest['parts'])} shards, with a data card, in\n{version}:\n"
    )
    for name, part in manifest["parts"].items():
        print(f"  {part['rows']:6}  {name}")
    with connect([run]) as db:
        for number, (question, sql) in enumerate(QUERIES.items(), 1):
            print(f"\n{number}. {question}\n\n{_indented(sql)}\n")
            _show(db.execute(sql))


def _show(found: duckdb.DuckDBPyConnection) -> None:
    """A table, or one row as one field after the other."""
    names = [column[0] for column in found.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    if len(rows) != 1:
        _table(rows)
        return
    for name, value in rows[0].items():
        text = block(value) if isinstance(value, str) else one_line(value)
        print(f"{name}:\n{_indented(text)}" if "\n" in text else f"{name}: {text}")


def _table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        print("(none)")
        return
    lines = [list(rows[0]), *([one_line(value, MOST_CHARS) for value in row.values()] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    numbers = [isinstance(value, int | float) for value in rows[0].values()]
    for line in lines:
        cells = zip(line, widths, numbers, strict=True)
        print("  ".join(c.rjust(w) if number else c.ljust(w) for c, w, number in cells).rstrip())


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
