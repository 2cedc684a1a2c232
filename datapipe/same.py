"""Whether two final answers, or two references, are the same one: told by verifiers, in their processes."""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from datapipe.context import Context
from datapipe.dedup import Same
from datapipe.errors import ServersDown
from datapipe.format import FINAL_TYPES
from datapipe.golds import gold_texts, spoken
from datapipe.normal import normal
from datapipe.workers import Job
from judges.base import Attempt, Check
from judges.pairs import pair, same_check
from schemas.ids import canonical
from schemas.references import (
    ChoiceReference,
    InstructionReference,
    MathReference,
    QuantityReference,
    Reference,
    dump_reference,
    load_reference,
    parse_reference,
)

TRIES = 3
"""Times that a comparison is tried whose worker was lost."""


class Pair(NamedTuple):
    """Two final answers, and how they are to be compared."""

    one: str
    other: str
    how: str = ""
    """The canonical text of `manner`."""


class Comparisons:
    """Asks pair checks (`judges.pairs`) in the verifier processes, and counts what it gets no word on."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.lost = 0
        """Pairs whose worker was lost each time: whether they are the same is owed."""

    def same(self, check: str, pairs: Iterable[Pair]) -> set[Pair]:
        """The pairs that the check holds to be the same one; not those on which it cannot tell."""
        owed = list(dict.fromkeys(pairs))
        found: set[Pair] = set()
        for _ in range(TRIES):
            rulings = self.ctx.pool.run([Job((check,), _attempt(each)) for each in owed]) if owed else []
            found |= {each for each, [said] in zip(owed, rulings, strict=True) if said.outcome == "pass"}
            owed = [each for each, [said] in zip(owed, rulings, strict=True) if said.unscored == "infra"]
        self.lost += len(owed)
        return found


def manner(reference: Reference) -> str:
    """How a reference has answers compared: itself, with an answer that is nobody's; empty by default.

    Questions that ask for the same manner share their comparisons.
    """
    if not isinstance(reference, MathReference | QuantityReference):
        return ""
    said = reference.model_dump(include={"type", "comparison", "rel_tol"}, exclude_none=True)
    return dump_reference(parse_reference(said | {"answer": "0"})) if len(said) > 1 else ""


def has_same(ctx: Context, verifier: str) -> bool:
    """Whether a verifier can tell if two final answers are the same one."""
    check = ctx.checks.get(verifier)
    return isinstance(check, Check) and check.same is not None


def same_answer(ctx: Context) -> Same:
    """A comparison of canonical reference texts; it runs in the verifier processes, since data is hostile.

    Where no verifier can tell, two references that differ are in conflict, and `duplicates` shows them.
    """

    def same(one: str, other: str) -> bool:
        if one == other:
            return True
        left, right = load_reference(one), load_reference(other)
        if "no_gold" in (left.type, right.type):
            return True  # who does not know the answer contradicts nobody
        if isinstance(left, ChoiceReference) and isinstance(right, ChoiceReference):
            return _same_choice(left, right)
        if _demand(left) == _demand(right) and _heart(left) == _heart(right):
            return True
        jobs = _comparisons(ctx, left, right)
        reason: str | None = None
        for _ in range(TRIES if jobs else 0):
            said = [ruling for [ruling] in ctx.pool.run(jobs)]
            if any(ruling.outcome == "pass" for ruling in said):
                return True
            reason = next((ruling.reason for ruling in said if ruling.unscored == "infra"), None)
            if reason is None:
                return False
        if reason is not None:
            raise ServersDown(f"references {one} and {other} could not be compared: {reason}; run again")
        return False

    return same


def _attempt(each: Pair) -> Attempt:
    return pair(each.one, each.other, load_reference(each.how) if each.how else None)


def _comparisons(ctx: Context, left: Reference, right: Reference) -> list[Job]:
    """Each as an answer to the other, under the other's policy, and both as a pair; one pass is enough."""
    jobs: list[Job] = []
    for reference, answers in ((right, gold_texts(left)), (left, gold_texts(right))):
        if {left.type, right.type} <= FINAL_TYPES - {"choice", "no_gold"} and reference.type in ctx.checks:
            attempts = [Attempt.of(f"The answer is {text}.", reference) for text in answers[:_TEXTS]]
            jobs += [Job((reference.type,), attempt) for attempt in attempts]
    if left.type == right.type and _demand(left) == _demand(right) and has_same(ctx, left.type):
        texts = product(gold_texts(left)[:_TEXTS], gold_texts(right)[:_TEXTS])
        jobs += [Job((same_check(left.type),), pair(*each)) for each in texts]
    return jobs


def _same_choice(left: ChoiceReference, right: ChoiceReference) -> bool:
    """By the options' texts where both list them, since they may be shuffled; else by letter."""
    if left.options and right.options:
        return normal(spoken(left, left.answer)).casefold() == normal(spoken(right, right.answer)).casefold()
    return left.answer == right.answer


def _demand(reference: Reference) -> str:
    """What is asked besides a final answer: a schema, a task, cases, constraints in any order."""
    dumped = reference.model_dump(mode="json", by_alias=True, exclude=_ANSWERED)
    if isinstance(reference, InstructionReference):
        dumped["constraints"] = sorted(map(canonical, dumped["constraints"]))
    return canonical(dumped)


def _heart(reference: Reference) -> list[str]:
    return [normal(text) for text in gold_texts(reference)[:1]]


_TEXTS = 4
"""Answers and aliases of a reference that are compared."""
_ANSWERED = {"answer", "aliases", "unit", "rel_tol", "entry", "comparison"}
