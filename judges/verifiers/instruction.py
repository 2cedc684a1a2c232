"""Check the instructions a prompt sets on its answer: the 25 types of IFEval, and daily ones of our own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from judges.base import Attempt, Finding, Unscored, check
from judges.values.following import loosely, strictly
from judges.values.trials import trial
from schemas.references import Constraint, InstructionReference, Reference


def _try(text: str, **constraints: dict[str, object]) -> Attempt:
    """Arguments by id, whose colon is written `__`."""
    told = [{"id": name.replace("__", ":"), "kwargs": kwargs} for name, kwargs in constraints.items()]
    return Attempt.of(text, {"type": "instruction", "constraints": told})


_SHORT = {"num_words": 3, "relation": "less than"}


@check(
    passes=[
        _try("No commas here.", punctuation__no_comma={}),
        _try("Two words", length_constraints__number_words=_SHORT),
        _try("* one\n* two", detectable_format__number_bullet_lists={"num_bullets": 2}),
        _try("<think>a, b</think>Fine.", en__punctuation__no_comma={"keywords": None}),
        _try('{"a": 1}', datapipe__json_keys={"keys": ["a"]}),
        _try("One. Two!", datapipe__sentences={"min": 2, "max": 2}, datapipe__no_lists={}),
    ],
    fails={
        _try("Now, then.", punctuation__no_comma={}): (
            "punctuation:no_comma: a comma at character 3: 'Now,'"
        ),
        _try("Here are three", length_constraints__number_words=_SHORT): (
            "length_constraints:number_words: 3 words, less than 3 wanted"
        ),
        _try("a\nb", datapipe__lines={"max": 1}, datapipe__words={"min": 2}): (
            "datapipe:lines: 2 lines that are not empty, at most 1 wanted"
        ),
    },
    unscored={
        _try("12 + 30", language__response_language={"language": "en"}): (
            "language:response_language: the language cannot be told"
        ),
        _try(
            "1. Eat well.", length_constraints__number_sentences={"num_sentences": 2, "relation": "at least"}
        ): "length_constraints:number_sentences: 1 to 2 sentences, at least 2 wanted",
        Attempt.of("Yes.", {"type": "text", "answer": "Yes"}): (
            "a reference of type 'text', InstructionReference is needed"
        ),
    },
    libraries=("langdetect", "jsonschema"),
)
def instruction(attempt: Attempt, loose: bool = False) -> Finding:
    """All must be followed; with `loose` by one of IFEval's eight readings each. The score is the share."""
    constraints = attempt.expected(InstructionReference).constraints
    strict = [_told(strictly, attempt.response, each) for each in constraints]
    lax = [
        told if told.outcome == "met" else _told(loosely, attempt.response, each)
        for told, each in zip(strict, constraints, strict=True)
    ]
    deciding = lax if loose else strict
    failed = [told.what for told in deciding if told.outcome == "missed"]
    open_ = [told.what for told in deciding if told.outcome == "unclear"]
    if open_ and not failed:
        raise Unscored(open_[0])
    many = len(constraints)
    shares = f"of {many}, strictly {_met(strict)} and loosely {_met(lax)} are followed"
    reason = failed[0] if failed else None
    return Finding(reason, "\n".join([shares, *failed, *open_]), _met(deciding) / many)


def near_misses(reference: Reference) -> list[str]:
    """For each instruction a response that does not follow it."""
    if not isinstance(reference, InstructionReference):
        return []
    return [bad for _, bad in map(trial, reference.constraints) if bad]


def equivalents(reference: Reference) -> list[str]:
    """A response that follows the instruction; of several one that follows all, where we know such a one."""
    if not isinstance(reference, InstructionReference):
        return []
    asked = reference.constraints
    made = [good for good, _ in map(trial, asked) if good]
    if len(asked) == 1:
        return made
    told = ((each, [_told(strictly, each, other) for other in asked]) for each in [*made, "\n\n".join(made)])
    return list(dict.fromkeys(each for each, said in told if _met(said) == len(asked)))


def same(a: str, b: str) -> bool:
    """Are two responses the same text? Following the same instructions makes no two responses one."""
    return a.strip() == b.strip()


@dataclass(frozen=True, slots=True)
class _Told:
    outcome: Literal["met", "missed", "unclear"]
    what: str = ""


def _told(how: Callable[[str, Constraint], str | None], response: str, constraint: Constraint) -> _Told:
    try:
        wrong = how(response, constraint)
    except ValueError as error:  # Unclear, and an id or arguments that are unknown
        return _Told("unclear", f"{constraint.id}: {error}")
    return _Told("met") if wrong is None else _Told("missed", f"{constraint.id}: {wrong}")


def _met(told: list[_Told]) -> int:
    return sum(each.outcome == "met" for each in told)
