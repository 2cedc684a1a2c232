"""Look at single questions and answers of a run: prompt, thinking, answer and verdicts side by side."""

import sys
from pathlib import Path
from typing import IO, Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.errors import ConfigError
from datapipe.escape import block, one_line
from datapipe.output import say, write_rows
from datapipe.query import ask, connect

Record = dict[str, Any]


def show(run: Path, prefix: str) -> None:
    """The question, answer or sample whose id begins so. Raises ConfigError where that is not one."""
    with connect([run]) as db:
        kind, identity = _find(db, prefix)
        if kind == "question":
            _show_question(db, identity)
        else:
            _show_answer(db, kind, identity, None)


def sample(run: Path, where: str, n: int, seed: int, chars: int) -> None:
    """Up to `n` answers of `cases` that fit a condition, the same ones for the same seed.

    Raises QueryError where the condition is no SQL.
    """
    with connect([run]) as db:
        total = ask(db, f"SELECT count(*) FROM cases WHERE (\n{where}\n)").fetchall()[0][0]
        chosen = ask(
            db, f"SELECT answer_id FROM cases WHERE (\n{where}\n) ORDER BY md5(answer_id || {seed}) LIMIT {n}"
        )
        for (identity,) in chosen.fetchall():
            _show_answer(db, "answer", identity, chars)
    say(f"{min(n, total)} of {total} answers")


def _find(db: duckdb.DuckDBPyConnection, prefix: str) -> tuple[str, str]:
    found = db.execute(_IDS, [prefix.strip().lower()]).fetchall()
    if len(found) == 1:
        return found[0][0], found[0][1]
    if not prefix.strip() or not found:
        raise ConfigError(f"no question, answer or sample has an id that begins with {one_line(prefix)!r}")
    raise ConfigError(f"{one_line(prefix)} is not enough: ids that begin so are {_few(found)}")


_IDS = """
    SELECT DISTINCT * FROM (
        SELECT 'question', question_id AS id FROM stored.questions
        UNION ALL SELECT 'answer', answer_id FROM stored.answers
        UNION ALL SELECT 'rewrite', answer_id FROM stored.rewrites)
    WHERE starts_with(id, $1) ORDER BY ALL LIMIT 6"""


def _few(found: list[tuple[str, str]]) -> str:
    return ", ".join(f"{kind} {identity}" for kind, identity in found[:5]) + (", …" if len(found) > 5 else "")


def _show_question(db: duckdb.DuckDBPyConnection, identity: str) -> None:
    question = _one(db, "SELECT * FROM questions WHERE question_id = $1", identity)
    names = ("question_id", "lane", "domain", "source", "source_id", "license", "format", "reference")
    _facts({name: question[name] for name in names}, sys.stdout)
    _facts({m["role"]: m["content"] for m in question["messages"]}, sys.stdout)
    write_rows(_all(db, _RATINGS, identity), sys.stdout)
    say()
    write_rows(_all(db, _ANSWERS, identity), sys.stdout)


_RATINGS = """
    SELECT model, n, passes, fails, informative + infra AS unscored, rate, interval_low AS low,
           interval_high AS high, tier
    FROM ratings JOIN stored.policies USING (lane, policy_id) WHERE question_id = $1 ORDER BY model"""

_ANSWERS = """
    SELECT answer_id, model, action, "check", reason, response[:200] AS answer
    FROM cases WHERE question_id = $1 ORDER BY model, answer_id"""


def _show_answer(db: duckdb.DuckDBPyConnection, kind: str, identity: str, chars: int | None) -> None:
    answer = _one(db, _REWRITE if kind == "rewrite" else "SELECT * FROM cases WHERE answer_id = $1", identity)
    table = "rewrite_verdicts" if kind == "rewrite" else "verdicts"
    verdicts = _all(db, _VERDICTS.format(table=table), identity)
    facts = ("answer_id", "question_id", "lane", "domain", "source", "model", "format", "finish_reason")
    decided = ("parent", "action", "check", "reason", "rate", "tier", "reference")
    _facts({name: answer[name] for name in (*facts, *decided) if answer.get(name) is not None}, sys.stdout)
    thinking, said = _spoken(answer["turns"])
    _beside({"prompt": answer["prompt"], "thinking": thinking, "answer": said}, chars, sys.stdout)
    write_rows(verdicts, sys.stdout)
    say()


_REWRITE = """
    SELECT r.*, q.domain, q.source, q.prompt, q.reference
    FROM rewrites r JOIN questions q USING (lane, question_id) WHERE answer_id = $1"""

_VERDICTS = """
    SELECT "check", outcome, unscored, reason, evidence, extracted, score
    FROM {table} WHERE answer_id = $1 ORDER BY outcome = 'pass', "check" """


def _spoken(turns: list[Record]) -> tuple[str, str]:
    """(thinking, answer) of one turn; several turns are told one below the other, thinking and all."""
    if len(turns) == 1 and not turns[0]["tool_calls"]:
        return turns[0]["thinking"] or "", turns[0]["content"]
    told = []
    for turn in turns:
        calls = [f"calls {call['name']}({call['arguments']})" for call in turn["tool_calls"]]
        thought = [f"(thinks) {turn['thinking']}"] if turn["thinking"] else []
        told.append("\n".join([f"{turn['role']}:", *thought, turn["content"], *calls]))
    return "(in the turns)", "\n\n".join(told)


def _one(db: duckdb.DuckDBPyConnection, sql: str, identity: str) -> Record:
    rows = _all(db, sql, identity)
    if not rows:
        raise ConfigError(f"{identity}: its question is no longer in the input of this run")
    return rows[0]


def _all(db: duckdb.DuckDBPyConnection, sql: str, identity: str) -> list[Record]:
    found = db.execute(sql, [identity])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _facts(values: Record, file: IO[str]) -> None:
    for name, value in values.items():
        file.write(f"{name}: {one_line(value) if not isinstance(value, str) else block(value)}\n")


def _beside(texts: dict[str, str], chars: int | None, file: IO[str]) -> None:
    """Texts in columns on a terminal, else one below the other; `chars` of each at most."""
    cut = {name: _cut(text or "", chars) for name, text in texts.items()}
    if not file.isatty():
        for name, text in cut.items():
            indented = block(text).replace("\n", "\n  ")
            file.write(f"{name}:\n  {indented}\n")
        return
    table = Table(box=box.SQUARE, expand=True)
    for name in cut:
        table.add_column(name, overflow="fold", ratio=1)
    table.add_row(*(Text(block(text)) for text in cut.values()))
    Console(file=file).print(table)


def _cut(text: str, chars: int | None) -> str:
    return text if chars is None or len(text) <= chars else f"{text[:chars]}… ({len(text)} characters)"
