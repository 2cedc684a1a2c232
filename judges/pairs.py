"""Checks of pairs of final answers: are they the same one to a verifier, or to a looser look?"""

from collections.abc import Callable, Mapping
from inspect import signature

from judges.base import Attempt, Check
from judges.values.loosely import looks_same
from schemas.references import Reference

LOOSE = "looks.same"
"""The check of a pair that is looser than any verifier. No file of a check can have a name with a dot."""
_MOST_CHARS = 2_000


def same_check(verifier: str) -> str:
    """The name of the check that asks a verifier's `same`."""
    return f"{verifier}.same"


def pair(one: str, other: str, manner: Reference | None = None) -> Attempt:
    """Two final answers as a pair check takes them. Longer ones than 2,000 characters are cut.

    `manner` is a reference whose comparison is the one that is meant, by default the verifier's own.
    """
    return Attempt.of(other[:_MOST_CHARS], manner, prompt=one[:_MOST_CHARS])


def pair_checks(checks: Mapping[str, Check]) -> dict[str, Check]:
    """By name, the checks of pairs that these checks allow; they pass where the two are the same."""
    asked = {same_check(name): check.same for name, check in checks.items() if check.same is not None}
    return {name: _check(name, same) for name, same in {**asked, LOOSE: looks_same}.items()}


def _check(name: str, same: Callable[..., bool]) -> Check:
    takes_manner = len(signature(same).parameters) > 2

    def ask(attempt: Attempt) -> str | None:
        how = (attempt.reference,) if takes_manner else ()
        one, other = attempt.prompt, attempt.raw
        # A verifier holds an answer against a gold; of two answers neither is one, so either may be.
        return None if same(one, other, *how) or same(other, one, *how) else "not the same"

    return Check(name=name, fn=ask, doc="Are two final answers the same one?", passes=(), fails=())
