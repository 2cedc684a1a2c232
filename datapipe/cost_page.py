"""Say where a run's tokens went, from its folder alone."""

import json
import sys
from pathlib import Path
from typing import Any

from datapipe.accounting import ALL, LOST, Account, as_told, balanced
from datapipe.config_spend import Spend
from datapipe.output import note, say, write_rows
from datapipe.run import RunFolder
from datapipe.status import waiting


def cost(path: Path, as_json: bool = False) -> None:
    """Write the account to stdout. Raises LedgerError where the tokens do not balance."""
    run = RunFolder(path)
    spend = run.config().spend
    found = balanced(run, spend)
    if as_json:
        say(json.dumps(as_told(found, spend), indent=1))
        return
    if not found.fates:
        say("no answer is stored yet")
    for title, rows in tables(found).items():
        if rows:
            say(f"\n{title}")
            write_rows(rows, sys.stdout)
    for text in remarks(found, spend):
        note(text)
    if left := waiting(path):
        note(f"{left} finished answers and replies wait in journals for their shard, and are not counted yet")


def tables(account: Account) -> dict[str, list[dict[str, Any]]]:
    """The tables of an account by title, those without rows too."""
    return {
        "What became of the tokens": account.fates,
        "What they bought": account.cells,
        "Judges": account.judges,
        "Servers": account.servers,
        "Requests of each server": account.fleet,
        "Probes and trials of servers": account.besides,
        "Lost": account.lost,
    }


def remarks(account: Account, spend: Spend) -> list[str]:
    """How the numbers came about, where a reader could take them for more than they are."""
    whole = next((row for row in account.fates if row["fate"] == ALL), None)
    texts = []
    if whole and whole["estimated"]:
        texts.append(
            f"{whole['estimated']:.0%} of the tokens are of answers whose thinking the server did not count: "
            f"thinking and answer are told apart by their share of characters"
        )
    if whole and whole["uncounted"]:
        texts.append(f"{whole['uncounted']} of {whole['answers']} answers came without a count of tokens")
    if account.lost:
        texts.append(_wasted(account))
    if spend.price_in is None and spend.price_out is None:
        texts.append("no money is told: set spend.price_in and spend.price_out, per million tokens")
    elif account.judges:
        texts.append("the prices are those of the generator: the judges' tokens are not in them")
    return [*texts, _hours(account, spend)]


def _wasted(account: Account) -> str:
    counted = [row for row in account.lost if row["generated"] is not None]
    lost = sum(row["requests"] for row in account.lost if row["what"] == LOST)
    of_them = sum(row["counted"] for row in counted if row["what"] == LOST)
    tokens = sum(row["generated"] for row in counted)
    return (
        f"{tokens:,} tokens of replies that cannot be used are told under what was lost alone; {of_them} of "
        f"the {lost} requests sent and lost came with a count, and nobody counted the others"
    )


def _hours(account: Account, spend: Spend) -> str:
    busy = sum(row["busy_s"] or 0.0 for row in account.servers)
    if spend.gpus is None:
        return "no GPU-hours are told: set spend.gpus, the GPUs behind each server"
    if not busy:
        return "no GPU-hours are told: no answer says how long its server took"
    return (
        f"GPU-hours are the {busy / 3600:.2f} hours in which servers had a request of ours, "
        f"times {spend.gpus:g} GPUs, shared out by tokens"
    )
