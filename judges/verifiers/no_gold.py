"""Read the final answer where nobody knows the right one: it is never passed or failed, only clustered."""

from judges.base import Attempt, Check, Unscored
from judges.values.answers import same_answer
from judges.values.claimed import stated_answers
from judges.values.counts import Unclear
from judges.values.finals import Final, last_number
from judges.values.numbers import TooLarge
from judges.values.seen import seen
from judges.values.withdrawn import asked
from judges.values.wording import folded
from schemas.references import NoGoldReference, Reference

_NONE = {"type": "no_gold"}
_MOST_WORDS = 20


def _no_gold(attempt: Attempt) -> None:
    attempt.expected(NoGoldReference)
    raise Unscored("there is no gold answer", extracted=_extract(seen(attempt.response)))


def _extract(response: str) -> str:
    """What is stated as final, else the last number, else a response of a few words. Raises Unscored."""
    try:
        stated = stated_answers(response)
    except Unclear as doubt:
        raise Unscored(str(doubt)) from doubt
    if other := next((each for each in stated if _contradicts(stated[0], each)), None):
        raise Unscored(f"two final answers: {stated[0].text!r} and {other.text!r}")
    if not stated and asked(response, ""):
        raise Unscored("no final answer but a question")
    number = last_number(response)
    few = response.strip() if len(response.split()) <= _MOST_WORDS else None
    found = stated[0].text if stated else number.text if number else few
    if not found:
        raise Unscored("no final answer")
    return found


def _contradicts(one: Final, other: Final) -> bool:
    """Are they two answers? A later remark, `the answer is obtained by adding`, is none."""
    if one.how == other.how:
        return not same(one.text, other.text)
    try:
        return folded(one.text) != folded(other.text) and same_answer(one.text, other.text) is False
    except TooLarge:
        return True


def same(a: str, b: str) -> bool:
    """Are two final answers the same one, as mathematics or as text?"""
    try:
        return folded(a) == folded(b) or bool(same_answer(a, b))
    except TooLarge:
        return False


def near_misses(reference: Reference) -> list[str]:
    """None: there is nothing to be near to."""
    return []


# Not by @check, which wants an example that passes: here no answer can.
no_gold = Check(
    name="no_gold",
    fn=_no_gold,
    doc=(__doc__ or "").partition("\n")[0],
    passes=(),
    fails=(),
    unscored=(
        (Attempt.of("The answer is 4.", _NONE), "there is no gold answer"),
        (Attempt.of("\\boxed{4} \\boxed{5}", _NONE), "two final answers: '4' and '5'"),
        (Attempt.of("The wrong answer is 4.", _NONE), "not stated as the answer: 'The wrong 4'"),
        (Attempt.of("It depends on what is meant. " * 9, _NONE), "no final answer"),
        (Attempt.of("4"), "no reference, NoGoldReference is needed"),
    ),
    libraries=("math-verify", "latex2sympy2_extended", "sympy"),
)
