"""What of a run's verdicts may be wrong, as rows of plain values: suspect references, passes by luck."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from datapipe.config import Rate
from datapipe.false_passes import Alike, expected_share
from datapipe.rating import Counts, tier
from datapipe.report import Rows, ask_run
from datapipe.run import RunFolder

ALL = "all"
"""The row of all tiers, unsolved questions among them."""
_SHOWN = ("hard", "medium", "easy", "trivial", "undetermined")
_MOST_LUCK = 0.999
"""Where a guesser is always right, nothing tells skill from luck."""


def suspicions(run: RunFolder) -> Rows:
    """Suspect references by lane, domain and label; `of` are the questions with enough scored answers.

    A question that answers of several policies speak against counts once, by its gravest label.
    """
    return ask_run(run, _SUSPECTS)


def false_passes(run: RunFolder, rate: Rate) -> Rows:
    """Expected share of wrong answers among those that passed, by lane, policy and tier, then of all tiers.

    `false_share` is what the verifier passes wrongly at the rate it was taken to, with a 95 % interval (see
    `datapipe.false_passes`). `lucky_share` counts blind guesses as well. `questions` and `answers` are those
    that the shares are of, and `solved` of the questions count as solved: P(pass rate > guess floor +
    false-pass rate) is at least `rate.solved`. The tier unsolved has no passes.
    """
    policies: dict[tuple[str, str | None, str], Rows] = defaultdict(list)
    for row in ask_run(run, _COUNTED.format(solved=rate.solved)):
        policies[row["lane"], row["model"], row["policy"]].append(row)
    return [
        dict(zip(("lane", "model", "policy"), key, strict=True)) | told
        for key, counts in policies.items()
        for shown in (*_SHOWN, ALL)
        if (told := _of_tier(counts, shown, rate))["passes"] or shown == ALL
    ]


def _of_tier(counts: Rows, shown: str, rate: Rate) -> dict[str, Any]:
    """The row of one tier, from all counts of a policy: what failed in a lower tier may have passed in it."""

    def within(row: dict[str, Any], passes: int, fails: int) -> bool:
        return shown in (ALL, tier(rate, Counts(passes, fails, row["unscored"], 0)))

    def share(luck: Callable[[dict[str, Any]], float]) -> tuple[float | None, float | None, float | None]:
        known = (
            (Alike(row["questions"], row["passes"], row["fails"], luck(row)), partial(within, row))
            for row in counts
        )
        return expected_share(known, passes) if passes else (None, None, None)

    mine = [row for row in counts if within(row, row["passes"], row["fails"])]
    passes = sum(row["questions"] * row["passes"] for row in mine)
    false, low, high = share(lambda row: row["false_pass"])
    return {
        "tier": shown,
        "questions": sum(row["questions"] for row in mine),
        "solved": sum(row["solved"] for row in mine),
        "answers": sum(row["questions"] * (row["passes"] + row["fails"]) for row in mine),
        "passes": passes,
        "false_share": false,
        "low": low,
        "high": high,
        "lucky_share": share(lambda row: min(row["guess_floor"] + row["false_pass"], _MOST_LUCK))[0],
    }


_SUSPECTS = """
    WITH graver AS (
        SELECT lane, domain, question_id, min(list_position(
            ['verifier_dispute', 'gold_wrong_likely', 'trap_or_hard', 'ambiguous'], label)) AS place
        FROM suspects GROUP BY ALL),
    known AS (
        SELECT lane, domain, count(DISTINCT question_id) AS n
        FROM stored.ratings JOIN questions USING (lane, question_id)
        WHERE passes + fails >= 8 GROUP BY ALL)
    SELECT lane, domain,
           ['verifier_dispute', 'gold_wrong_likely', 'trap_or_hard', 'ambiguous'][place] AS label,
           count(*) AS questions, any_value(n) AS of
    FROM graver JOIN known USING (lane, domain)
    GROUP BY lane, domain, place ORDER BY lane DESC, domain, place"""

_COUNTED = """
    SELECT lane, model, policy_id[:8] AS policy, passes, fails, informative + infra AS unscored, false_pass,
           guess_floor, count(*) AS questions, count(*) FILTER (solved_mass >= {solved!r}) AS solved
    FROM stored.ratings LEFT JOIN stored.policies USING (lane, policy_id)
    WHERE false_pass IS NOT NULL AND rate IS NOT NULL
    GROUP BY lane, model, policy_id, passes, fails, unscored, false_pass, guess_floor
    ORDER BY lane DESC, model, policy_id"""
