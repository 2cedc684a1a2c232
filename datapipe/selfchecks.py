"""What a worker can be asked about a verifier itself: does it take its gold, its near misses, its attacks?

A reference comes from a user's file, so nothing is made of it outside a worker.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice

from datapipe.attacks import attacks, gold_text
from judges.attempt import Attempt
from judges.base import Check, Finding, Outage, Ruling, Unscored
from schemas.references import Reference
from schemas.rows import Outcome

_MOST, _SHOWN = 12, 160
_WRAPPED = frozenset({"math", "choice", "text", "quantity", "logic"})
"""Types whose responses state a final answer; of the others the whole response counts."""


def selfchecks(checks: Mapping[str, Check]) -> dict[str, Check]:
    """`NAME/gold`, `NAME/selftest` and `NAME/attack` of every verifier, to be run on a reference."""
    made: dict[str, Check] = {}
    for name, check in checks.items():
        if check.kind == "verifier":
            for what, fn in (("gold", _gold), ("selftest", _selftest), ("attack", _attack)):
                of: Callable[[Attempt], str | Finding | None] = partial(fn, check)
                made[f"{name}/{what}"] = Check(f"{name}/{what}", of, "", (), (), kind="question")
    return made


def counts_of(ruling: Ruling) -> dict[str, int]:
    """The counts that `NAME/selftest` or `NAME/attack` told; empty where it could not."""
    if ruling.outcome != "pass" or ruling.evidence is None:
        return {}
    return {str(name): int(count) for name, count in json.loads(ruling.evidence).items()}


def rights(check: Check, reference: Reference) -> list[str]:
    """Right answers: what the verifier says are such, else the gold as it is, boxed and marked."""
    if check.equivalents is not None:
        return check.equivalents(reference)[:_MOST]
    gold = gold_text(reference)
    if gold is None:
        return []
    return [gold, f"Answer: {gold}", f"\\boxed{{{gold}}}"] if reference.type in _WRAPPED else [gold]


def wrongs(check: Check, reference: Reference) -> list[str]:
    """Near misses, bare and boxed where a box is read."""
    found = list(islice(check.near_misses(reference), _MOST // 2)) if check.near_misses else []
    boxed = [f"\\boxed{{{text}}}" for text in found] if reference.type in _WRAPPED else []
    return [*found, *boxed]


def _gold(check: Check, attempt: Attempt) -> str | None:
    """The first right answer that passes is enough. Raises Unscored where a lost resource is the cause."""
    reference = _reference(attempt)
    told = []
    for text in rights(check, reference):
        ruling = check.judge(Attempt.of(text, reference))
        if ruling.outcome == "pass":
            return None
        told.append(ruling)
    if not told or any(ruling.unscored == "infra" for ruling in told):
        raise Unscored("nothing to try")
    return told[0].reason or told[0].outcome


def _selftest(check: Check, attempt: Attempt) -> Finding:
    """Evidence: counts as JSON, of right answers that do not pass and of wrong ones that do."""
    reference = _reference(attempt)
    right = [("rights", text) for text in rights(check, reference)]
    wrong = [("wrongs", text) for text in wrongs(check, reference)]
    outcomes = _outcomes(check, right + wrong, reference)
    missed = [text for name, text, outcome in outcomes if name == "rights" and outcome != "pass"]
    passed = [text for name, text, outcome in outcomes if name == "wrongs" and outcome == "pass"]
    tried = Counter(name for name, _, _ in outcomes)
    counts = {
        "rights": tried["rights"],
        "rights_failed": len(missed),
        "wrongs": tried["wrongs"],
        "wrongs_passed": len(passed),
    }
    return _told(counts, passed or missed)


def _attack(check: Check, attempt: Attempt) -> Finding:
    """Evidence: texts tried and texts that passed, by attack, as JSON."""
    reference = _reference(attempt)
    misses = check.near_misses(reference) if check.near_misses else []
    tried = attacks(attempt.question, reference, rights(check, reference), misses)
    counts: dict[str, int] = {}
    passed = []
    for name, text, outcome in _outcomes(check, tried, reference, attempt.question):
        hit = outcome == "pass"
        counts[name] = counts.get(name, 0) + 1
        counts[f"{name}_passed"] = counts.get(f"{name}_passed", 0) + hit
        passed += [text] if hit else []
    return _told(counts, passed)


def _outcomes(
    check: Check, named: Iterable[tuple[str, str]], reference: Reference, question: str = "?"
) -> list[tuple[str, str, Outcome]]:
    """Names and texts with what is ruled of them; what the machine keeps from being ruled on is left out.

    Raises Outage where that is all.
    """
    told = [(name, text, check.judge(Attempt.of(text, reference, question))) for name, text in named]
    found = [(name, text, ruling.outcome) for name, text, ruling in told if ruling.unscored != "infra"]
    if told and not found:
        raise Outage(told[0][2].reason or "")
    return found


def _told(counts: Mapping[str, int], shown: Sequence[str]) -> Finding:
    return Finding(evidence=json.dumps(counts), extracted=shown[0][:_SHOWN] if shown else None)


def _reference(attempt: Attempt) -> Reference:
    if attempt.reference is None:
        raise Unscored("no reference")
    return attempt.reference
