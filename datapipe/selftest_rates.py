"""How often verifiers were wrong in a run's self-test: rates, each with its n and interval."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from datapipe.attacks import NAMES
from datapipe.posterior import interval
from datapipe.run import RunFolder
from schemas.rows import LANES

PREFIX = "selftest."
"""Before the names of its counts in the manifest of the quarantine."""
_WORTH = 100
"""Wrong answers that what was believed before the self-test is worth."""


def false_pass_rates(run: RunFolder, before: float) -> dict[str, float]:
    """By reference type, the share of wrong answers that its verifier passes, as far as is known.

    The mean of a Beta posterior: `before` weighs as much as a hundred wrong answers, so that the few near
    misses of a small run neither prove a verifier perfect nor condemn it.
    """
    counts = _counts(run)
    kinds = sorted(name.removesuffix(".wrongs") for name in counts if name.endswith(".wrongs"))
    return {
        kind: (counts[f"{kind}.wrongs_passed"] + before * _WORTH) / (counts[f"{kind}.wrongs"] + _WORTH)
        for kind in kinds
    }


def selftest_rows(run: RunFolder) -> list[dict[str, Any]]:
    """Rates by answer type as the gate found them, each with n and a 95 % interval; empty before it ran.

    `false_fail` is of right answers, `false_pass` of wrong ones, `gold_refused` of the run's references,
    `attack: …` of the texts of one attack.
    """
    counts = _counts(run)
    kinds = sorted({name.partition(".")[0] for name in counts})
    rates = [("gold_refused", "golds_refused", "golds"), ("false_fail", "rights_failed", "rights")]
    rates += [("false_pass", "wrongs_passed", "wrongs")]
    attacks = attack_names({name.partition(".")[2] for name in counts})
    rates += [(f"attack: {name}", f"{name}_passed", name) for name in attacks]
    return [
        rate_row({"type": kind, "what": what}, counts[f"{kind}.{hit}"], counts[f"{kind}.{of}"])
        for kind in kinds
        for what, hit, of in rates
        if counts[f"{kind}.{of}"]
    ]


def attack_names(counted: Iterable[str]) -> list[str]:
    """The attacks among the names of counts, in order."""
    found = {name for name in counted if name in NAMES or name.startswith("code_")}
    return sorted(name for name in found if not name.endswith("_passed"))


def rate_row(head: dict[str, Any], hits: int, of: int) -> dict[str, Any]:
    """A rate with its n and 95 % interval."""
    low, high = interval(hits, of - hits)
    return {**head, "n": of, "hits": hits, "rate": hits / of, "low": low, "high": high}


def _counts(run: RunFolder) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in run.manifest("quarantine", LANES[0]).entries().values():
        found.update({n.removeprefix(PREFIX): c for n, c in entry.counts.items() if n.startswith(PREFIX)})
    return found
