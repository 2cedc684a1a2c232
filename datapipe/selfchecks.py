"""What a worker can be asked about a verifier itself: does it take its gold, its near misses, its attacks?

A reference comes from a user's file, so nothing is made of it outside a worker.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice

from datapipe.attacks import attacks, gold_text
from judges.attempt import Attempt
from judges.base import Check, Finding, Outage, Ruling, Unscored
from schemas.references import CodeReference, NoGoldReference, Reference
from schemas.rows import Outcome

_MOST, _SHOWN, _PROBES = 12, 160, 2
_PASS_FIRST: tuple[Outcome, ...] = ("pass", "fail", "unscored")
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
    """The counts that a self-check told; empty where it could not."""
    if ruling.outcome != "pass" or ruling.evidence is None:
        return {}
    return {str(name): int(count) for name, count in json.loads(ruling.evidence).items()}


def rights(check: Check, reference: Reference) -> list[str]:
    """Right answers: what the verifier says are such, else the gold as it is, boxed and marked."""
    made = check.equivalents(reference) if check.equivalents is not None else []
    if made:
        return list(dict.fromkeys(made))[:_MOST]
    gold = gold_text(reference)
    if gold is None:
        return []
    return [gold, f"Answer: {gold}", f"\\boxed{{{gold}}}"] if reference.type in _WRAPPED else [gold]


def wrongs(check: Check, reference: Reference) -> list[tuple[str, ...]]:
    """Near misses, each in the ways to state it: bare and, where a box is read, boxed."""
    found = dict.fromkeys(check.near_misses(reference)) if check.near_misses else {}
    if reference.type not in _WRAPPED:
        return [(text,) for text in islice(found, _MOST // 2)]
    return [(text, f"\\boxed{{{text}}}") for text in islice(found, _MOST // 2)]


def _gold(check: Check, attempt: Attempt) -> str | Finding | None:
    """The first right answer that passes is enough. Raises Outage where a lost resource is the cause.

    Evidence: as JSON whether a right answer was tried, `golds`, or none could be made, `golds_untried`.
    """
    reference = _reference(attempt)
    if isinstance(reference, NoGoldReference):
        return None
    told = []
    for text in rights(check, reference):
        told.append(_ruled(check, text, reference))
        if told[-1].outcome == "pass":
            return _told({"golds": 1}, ())
    if told:
        return told[0].reason or told[0].outcome
    return _ruled_on_nothing(check, reference) or _told({"golds_untried": 1}, ())


def _ruled_on_nothing(check: Check, reference: Reference) -> str | None:
    """Why not even wrong answers can be ruled on, where that is so.

    Cases of a program are data and cannot be at fault as tests can, so for them alone no program is run.
    """
    if isinstance(reference, CodeReference) and reference.tests is None:
        return None
    tried = islice(wrongs(check, reference), _PROBES)
    told = [_ruled(check, ways[0], reference) for ways in tried]
    if not told or any(ruling.outcome != "unscored" for ruling in told):
        return None
    return f"no answer can be ruled on: {told[0].reason}"


def _ruled(check: Check, text: str, reference: Reference, question: str = "?") -> Ruling:
    """Raises Outage for what the machine keeps from being ruled on."""
    ruling = check.judge(Attempt.of(text, reference, question))
    if ruling.unscored == "infra":
        raise Outage(ruling.reason or "")
    return ruling


def _selftest(check: Check, attempt: Attempt) -> Finding:
    """Evidence: counts as JSON, of right answers that fail and of near misses that pass in any way.

    What is left unscored is counted apart: nothing was ruled on it.
    """
    reference = _reference(attempt)
    tried: list[tuple[str, Sequence[str]]] = [("rights", (text,)) for text in rights(check, reference)]
    tried += [("wrongs", ways) for ways in wrongs(check, reference)]
    found = _outcomes(check, tried, reference)
    missed = [text for name, text, outcome in found if (name, outcome) == ("rights", "fail")]
    passed = [text for name, text, outcome in found if (name, outcome) == ("wrongs", "pass")]
    counts = Counter(name if outcome != "unscored" else f"{name}_unscored" for name, _, outcome in found)
    return _told({**counts, "rights_failed": len(missed), "wrongs_passed": len(passed)}, passed or missed)


def _attack(check: Check, attempt: Attempt) -> Finding:
    """Evidence: texts tried, texts that passed and texts left unscored, by attack, as JSON."""
    reference = _reference(attempt)
    misses = check.near_misses(reference) if check.near_misses else []
    made = attacks(attempt.question, reference, rights(check, reference), misses)
    tried = [(name, (text,)) for name, text in made]
    counts: Counter[str] = Counter()
    passed = []
    for name, text, outcome in _outcomes(check, tried, reference, attempt.question):
        counts[name] += 1
        counts[f"{name}_passed"] += outcome == "pass"
        counts[f"{name}_unscored"] += outcome == "unscored"
        passed += [text] if outcome == "pass" else []
    return _told(counts, passed)


def _outcomes(
    check: Check, named: Sequence[tuple[str, Sequence[str]]], reference: Reference, question: str = "?"
) -> list[tuple[str, str, Outcome]]:
    """Names, with the way of each that passes, else that is ruled on, else the first, and its outcome.

    What the machine keeps from being ruled on is left out. Raises Outage where that is all.
    """
    found, lost = [], None
    for name, ways in named:
        try:
            told = [(text, _ruled(check, text, reference, question).outcome) for text in ways]
        except Outage as error:
            lost = error
            continue
        found.append((name, *min(told, key=lambda each: _PASS_FIRST.index(each[1]))))
    if lost is not None and not found:
        raise lost
    return found


def _told(counts: Mapping[str, int], shown: Sequence[str]) -> Finding:
    return Finding(evidence=json.dumps(counts), extracted=shown[0][:_SHOWN] if shown else None)


def _reference(attempt: Attempt) -> Reference:
    if attempt.reference is None:
        raise Unscored("no reference")
    return attempt.reference
