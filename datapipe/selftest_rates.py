"""How often verifiers were wrong in a run's self-test: rates, each with its n and interval."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from datapipe.attacks import NAMES
from datapipe.attacks_whole import PREFIXES
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

    `false_fail` is of right answers, `false_pass` of near misses, `gold_refused` of the run's references,
    `attack: …` of the texts of one attack; `unscored` beside them is how many more were left unscored, which
    are in n of attacks alone: such a text fooled nobody. `gold_untried` is of all references, those of which
    no right answer could be made or tried, `untold` of those sampled, those whose self-test did not come to
    its end.
    """
    counts = _counts(run)
    kinds = sorted({name.partition(".")[0] for name in counts})
    return [row for kind in kinds for row in _rows(kind, Counter(_within(kind, counts)))]


def _rows(kind: str, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    golds = counts["golds"] + counts["golds_untried"]
    for what, hits, of in (
        ("gold_refused", counts["golds_refused"], counts["golds"]),
        ("gold_untried", counts["golds_untried"], golds if counts["golds_untried"] else 0),
        ("untold", counts["untold"], counts["asked"] if counts["untold"] else 0),
    ):
        if of:
            yield rate_row({"type": kind, "what": what}, hits, of)
    named = [("false_fail", "rights", "failed"), ("false_pass", "wrongs", "passed")]
    named += [(f"attack: {name}", name, "passed") for name in attack_names(counts)]
    for what, name, hit in named:
        if counts[name]:
            head = {"type": kind, "what": what}
            yield rate_row(head, counts[f"{name}_{hit}"], counts[name], counts[f"{name}_unscored"])


def _within(kind: str, counts: Mapping[str, int]) -> dict[str, int]:
    head = f"{kind}."
    return {name.removeprefix(head): count for name, count in counts.items() if name.startswith(head)}


def attack_names(counted: Iterable[str]) -> list[str]:
    """The attacks among the names of counts, in order."""
    found = {name for name in counted if name in NAMES or name.startswith(PREFIXES)}
    return sorted(name for name in found if not name.endswith(("_passed", "_unscored")))


def rate_row(head: dict[str, Any], hits: int, of: int, unscored: int = 0) -> dict[str, Any]:
    """A rate with its n and 95 % interval."""
    low, high = interval(hits, of - hits)
    return {**head, "n": of, "hits": hits, "rate": hits / of, "low": low, "high": high, "unscored": unscored}


def _counts(run: RunFolder) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in run.manifest("quarantine", LANES[0]).entries().values():
        found.update({n.removeprefix(PREFIX): c for n, c in entry.counts.items() if n.startswith(PREFIX)})
    return found
