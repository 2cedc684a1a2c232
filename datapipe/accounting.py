"""Where a run's tokens went: every one that was generated, in exactly one category, with what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from datapipe.config_spend import Spend
from datapipe.errors import LedgerError
from datapipe.query import connect
from datapipe.run import RunFolder
from datapipe.usage import besides, lost_tries, server_tallies
from datapipe.views import PARTICULAR
from datapipe.views_spending import PREFIXES
from schemas.rows import LANES

Rows = list[dict[str, Any]]
ALL = "total"
"""The row of everything, the last of a table."""
LOST = "requests sent and lost"


@dataclass(frozen=True, slots=True)
class Account:
    """The tokens of one run, as rows of plain values. Answers without a count have none (`uncounted`)."""

    fates: Rows
    """A row a fate and reason: where answers and their tokens ended up."""
    cells: Rows
    """A row a lane, domain, tier and purpose: tokens, kept answers, tokens for each, money, GPU-hours."""
    judges: Rows
    """A row a judge and rubric; these tokens are in no other table."""
    servers: Rows
    """A row a generator's server: seconds in which it had a request of ours, tokens a second in them."""
    fleet: Rows
    """A row a role and server: what came of its requests, answers and tokens as it told them."""
    besides: Rows
    """A row a role: probes and trials of its servers; these tokens are in no other table."""
    lost: Rows
    """A row a role and kind of waste that no answer tells of: how many `requests`, of how many the reply
    `counted` its tokens, and these, which are in no other table; a row a reason for requests given up."""
    gap: int
    """Tokens stored but in no category; below 0, tokens counted twice."""


def account(run: RunFolder, spend: Spend) -> Account:
    """Add up a run. Raises what reading its parts raises."""
    with connect([run.path], journals=False) as db:
        db.execute(_BASE)
        gap = _gap(run, db)
        servers = _records(db, _SERVERS)
        hours = _gpu_hours(servers, spend)
        cells = [_priced(row, spend, hours) for row in _records(db, _CELLS)]
        fates = _shares(_records(db, _FATES))
        asked = [_paid(row, spend) for row in besides(run.path)]
        judges, fleet = _records(db, _JUDGES), server_tallies(run.path)
        lost = [_paid(row, spend) for row in _lost(run, db)]
        return Account(fates, cells, judges, servers, fleet, asked, lost, gap)


def balanced(run: RunFolder, spend: Spend) -> Account:
    """As `account`. Raises LedgerError where a token is in no category, or in two."""
    found = account(run, spend)
    if found.gap:
        raise LedgerError(
            f"{run.path}: the tokens do not balance: {found.gap:+d} of those stored are in no category. "
            f"Nothing was deleted"
        )
    return found


def as_told(account: Account, spend: Spend, named: bool = True) -> dict[str, Any]:
    """The account as a manifest holds it, JSON values alone; without addresses of servers where not `named`,
    but for numbers by which a server is the same in all tables."""
    servers, fleet = account.servers, account.fleet
    if not named:
        known = sorted({row["server"] for row in (*servers, *fleet)})
        numbers = {name: f"server {number}" for number, name in enumerate(known, 1)}
        servers, fleet = ([{**r, "server": numbers[r["server"]]} for r in rows] for rows in (servers, fleet))
    return {
        "fates": account.fates,
        "cells": account.cells,
        "judges": account.judges,
        "servers": servers,
        "fleet": fleet,
        "besides": account.besides,
        "lost": account.lost,
        "price_in": spend.price_in,
        "price_out": spend.price_out,
        "currency": spend.currency,
        "gpus_per_server": spend.gpus,
    }


def money(prompt: float, generated: float, spend: Spend) -> float | None:
    """What so many tokens cost; None where no price is given, and a price not given is nothing."""
    if spend.price_in is None and spend.price_out is None:
        return None
    return (prompt * (spend.price_in or 0.0) + generated * (spend.price_out or 0.0)) / 1e6


def gpu_hours_per_token(run: RunFolder, spend: Spend) -> float | None:
    """GPU-hours of one generated token, at the pace of the run so far; None where it is not known."""
    with connect([run.path], journals=False) as db:
        hours = _gpu_hours(_records(db, _SERVERS), spend)
    return None if hours is None else hours[0] / hours[1]


def _gpu_hours(servers: Rows, spend: Spend) -> tuple[float, int] | None:
    """(GPU-hours that servers were busy, tokens that they generated in them), where both are known."""
    seconds = sum(row["busy_s"] or 0.0 for row in servers)
    tokens = sum(row["generated"] for row in servers)
    return (seconds / 3600 * spend.gpus, tokens) if spend.gpus and seconds > 0 and tokens else None


def _gap(run: RunFolder, db: duckdb.DuckDBPyConnection) -> int:
    """Tokens stored less tokens in categories; answers are held against the manifests, as rows times one."""
    stored, answers = db.execute(_STORED).fetchall()[0]
    spent, counted = db.execute("SELECT sum(generated), sum(answers) FROM spent").fetchall()[0]
    promised = sum(run.rows("answers", lane) for lane in LANES)
    if answers != promised or (counted or 0) != promised:
        raise LedgerError(f"{run.path}: {promised} answers are stored, and {counted or 0} accounted for")
    return int(stored or 0) - int(spent or 0)


def _lost(run: RunFolder, db: duckdb.DuckDBPyConnection) -> Rows:
    given_up = dict(db.execute("SELECT reason, count(*) FROM stored.failures GROUP BY ALL").fetchall())
    known = {row["role"]: row for row in besides(run.path, "lost")}
    nothing = {"requests": 0, "prompt": 0, "generated": 0}
    rows = [
        _waste(role, LOST, tries, known.get(role, nothing)) for role, tries in lost_tries(run.path).items()
    ]
    rows += [
        _waste(row["role"], "answered with choices that cannot be used", row["requests"], row)
        for row in besides(run.path, "spoiled")
    ]
    rows += [
        _waste("generate", f"requests given up: {reason}", count, None)
        for reason, count in sorted(given_up.items())
    ]
    return rows


def _waste(role: str, what: str, requests: int, counted: Mapping[str, Any] | None) -> dict[str, Any]:
    """Requests given up are among those lost, so that nothing of them is told twice."""
    told = {name: counted[key] if counted else None for name, key in _WASTE.items()}
    return {"role": role, "what": what, "requests": requests, **told}


def _paid(row: dict[str, Any], spend: Spend) -> dict[str, Any]:
    """With money where it is known; the prices are those of the generator."""
    cost = money(row["prompt"] or 0, row["generated"] or 0, spend)
    if cost is None:
        return row
    known = row["role"] == "generator" and row["generated"] is not None
    return {**row, spend.currency: round(cost, 6) if known else None}


def _priced(row: dict[str, Any], spend: Spend, hours: tuple[float, int] | None) -> dict[str, Any]:
    """A cell with tokens per kept answer, and money and GPU-hours where they are known."""
    generated, kept = row["generated"], row["kept"]
    row["per_kept"] = round(generated / kept) if kept else None
    if (cost := money(row["prompt"], generated, spend)) is not None:
        row[spend.currency] = round(cost, 6)
    if hours is not None:
        row["gpu_hours"] = round(hours[0] * generated / hours[1], 6)
    return row


def _shares(rows: Rows) -> Rows:
    whole = next((row["generated"] for row in rows if row["fate"] == ALL), 0)
    return [{**row, "share": round(row["generated"] / whole, 4) if whole else None} for row in rows]


def _records(db: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    found = db.execute(sql)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


_WASTE = {"counted": "requests", "prompt": "prompt", "generated": "generated"}
_PREFIXES = PREFIXES.replace("{run}", "")

_BASE = f"""
    CREATE TEMP TABLE spent AS
    SELECT lane, domain, tier, purpose, fate,
           CASE WHEN fate NOT IN ('dropped', 'pending') THEN ''
                ELSE coalesce("check", regexp_replace(reason, '{PARTICULAR}', '…', 'g')[:80]) END AS why,
           count(*)::BIGINT AS answers, count(*) FILTER (completion_tokens IS NULL)::BIGINT AS uncounted,
           coalesce(sum(prompt_tokens), 0)::BIGINT AS prompt,
           coalesce(sum(completion_tokens), 0)::BIGINT AS generated,
           coalesce(sum(thinking_tokens), 0)::DOUBLE AS thinking,
           coalesce(sum(completion_tokens) FILTER (estimated), 0)::BIGINT AS estimated,
           count(*) FILTER (fate = 'kept' AND NOT continued)::BIGINT AS kept
    FROM spending GROUP BY ALL"""

_STORED = f"""
    SELECT sum(completion_tokens - coalesce(had, 0)), count(*)
    FROM stored.answers LEFT JOIN ({_PREFIXES}) USING (lane, continues)"""

_SUMS = """sum(answers)::BIGINT AS answers, sum(prompt)::BIGINT AS prompt,
    sum(generated)::BIGINT AS generated, round(sum(thinking))::BIGINT AS thinking,
    (sum(generated) - round(sum(thinking)))::BIGINT AS answer,
    round(sum(estimated) / nullif(sum(generated), 0), 3)::DOUBLE AS estimated"""

_FATES = f"""
    SELECT coalesce(fate, '{ALL}') AS fate, coalesce(why, '') AS why, {_SUMS},
           sum(uncounted)::BIGINT AS uncounted
    FROM spent GROUP BY GROUPING SETS ((fate, why), ()) HAVING sum(answers) > 0
    ORDER BY spent.fate IS NULL, spent.fate <> 'kept', fate, generated DESC, why"""

_CELLS = f"""
    SELECT coalesce(lane, '{ALL}') AS lane, coalesce(domain, '{ALL}') AS domain,
           coalesce(tier, '{ALL}') AS tier, coalesce(purpose, '{ALL}') AS purpose, {_SUMS},
           sum(kept)::BIGINT AS kept
    FROM spent GROUP BY GROUPING SETS ((lane, domain, tier, purpose), ()) HAVING sum(answers) > 0
    ORDER BY spent.lane IS NULL, lane DESC, domain,
             list_position(['unsolved', 'hard', 'medium', 'easy', 'trivial'], tier), tier, purpose"""

_JUDGES = """
    SELECT coalesce(p.model, r.judge[:8]) AS judge, rubric, count(*)::BIGINT AS replies,
           coalesce(sum(prompt_tokens), 0)::BIGINT AS prompt,
           coalesce(sum(completion_tokens), 0)::BIGINT AS generated
    FROM (SELECT * FROM stored.replies UNION ALL BY NAME SELECT * FROM stored.rewrite_replies) r
    LEFT JOIN stored.policies p ON p.policy_id = r.judge AND p.lane = r.lane
    GROUP BY ALL ORDER BY ALL"""

# Overlapping requests count once: each adds what it lasted beyond all that began before it.
_SERVERS = f"""
    WITH own AS (
        SELECT coalesce(server, '') AS server, completion_tokens - coalesce(had, 0) AS tokens,
               finished_at AS ended, finished_at - (latency_s - coalesce(took, 0)) AS began
        FROM stored.answers LEFT JOIN ({_PREFIXES}) USING (lane, continues)
        WHERE finished_at IS NOT NULL AND latency_s IS NOT NULL),
    spans AS (
        SELECT *, max(ended) OVER (PARTITION BY server ORDER BY began
                                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM own)
    SELECT server, count(*)::BIGINT AS answers, coalesce(sum(tokens), 0)::BIGINT AS generated,
           round(sum(greatest(ended - greatest(began, coalesce(before, began)), 0)), 3)::DOUBLE AS busy_s,
           round(sum(tokens) / nullif(busy_s, 0), 1)::DOUBLE AS tokens_per_s
    FROM spans GROUP BY server ORDER BY server"""
