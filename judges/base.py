"""A check is a function from an attempt to None, a reason or a Finding; its examples are its tests."""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import isfinite
from typing import Any, Literal, Self, get_type_hints

from pydantic import TypeAdapter, ValidationError

from judges.attempt import Attempt, Outage, Unscored
from judges.versions import installed
from schemas.ids import content_id
from schemas.references import Reference
from schemas.rows import Outcome, UnscoredClass

__all__ = [
    "Attempt",
    "Check",
    "Example",
    "Finding",
    "Outage",
    "Ruling",
    "Unscored",
    "check",
    "did_you_mean",
    "explain",
]

Example = str | Attempt
Kind = Literal["verifier", "rule", "question"]
REASON_CHARS, EVIDENCE_CHARS = 500, 2000
_ADDRESS = re.compile(r"\b0x[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, where a bare reason says too little. No reason means that the answer passes."""

    reason: str | None = None
    evidence: str | None = None
    score: float | None = None
    extracted: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The word of one check on one attempt; long texts are cut, so that a verdict stays small."""

    outcome: Outcome
    unscored: UnscoredClass | None = None
    """Set where the outcome is `unscored`: infra may be tried again, informative stays."""
    score: float | None = None
    reason: str | None = None
    evidence: str | None = None
    extracted: str | None = None

    @classmethod
    def of(cls, found: Finding) -> Self:
        """Fail where the finding has a reason, else pass."""
        return cls(
            outcome="pass" if found.reason is None else "fail",
            score=found.score,
            reason=_cut(found.reason, REASON_CHARS),
            evidence=_cut(found.evidence, EVIDENCE_CHARS),
            extracted=_told(found.extracted),
        )

    @classmethod
    def undecided(
        cls, reason: str, unscored: UnscoredClass = "informative", extracted: str | None = None
    ) -> Self:
        """Neither pass nor fail."""
        return cls(
            outcome="unscored",
            unscored=unscored,
            reason=_cut(reason, REASON_CHARS),
            extracted=_told(extracted),
        )


PASSED = Ruling("pass")
"""The word of most checks on most attempts, made once."""


@dataclass(frozen=True)
class Check:
    """A check, its parameters and the examples it carries. Immutable; does not pickle: pass its name."""

    name: str
    fn: Callable[..., str | Finding | None]
    doc: str
    passes: tuple[Attempt, ...]
    fails: tuple[tuple[Attempt, str], ...]
    unscored: tuple[tuple[Attempt, str], ...] = ()
    libraries: tuple[str, ...] = ()
    """Distributions whose version changes what the check says."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """Such distributions that may be missing, and the extra of ours that brings each."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Typed keyword defaults of the function, as `bind` changed them."""
    kind: Kind = "rule"
    own_process: bool = False
    """It runs programs in processes with limits of their own, so those of workers do not bind it."""
    version: str = ""
    """Given by the catalogue."""
    same: Callable[..., bool] | None = None
    """Of a verifier: are two final answers the same one? It takes both, and may take a reference whose
    comparison is meant, or None."""
    near_misses: Callable[[Reference], list[str]] | None = None
    """Of a verifier: answers that must not pass for this reference."""
    equivalents: Callable[[Reference], list[str]] | None = None
    """Of a verifier: right answers for this reference, written as a model would write them: all must pass."""
    warm: Callable[[], None] | None = None
    """Fills the caches of its libraries, before the worker that has loaded it is forked."""

    def judge(self, attempt: Attempt) -> Ruling:
        """The check's word; whatever it raises is unscored, and the same for every run of this version."""
        if self.optional and (lacks := self.lacks()):
            return Ruling.undecided(lacks, "infra")
        if self.kind == "verifier" and attempt.truncated:
            return Ruling.undecided("truncated at max_tokens")
        if self.kind == "verifier" and not attempt.response.strip():
            return Ruling.undecided("no answer")
        try:
            found = self.fn(attempt, **self.params)
            return PASSED if found is None else Ruling.of(_finding(found))
        except Unscored as reason:
            return Ruling.undecided(str(reason), reason.unscored, reason.extracted)
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return Ruling.undecided(f"raised {type(error).__name__}: {_ADDRESS.sub('0x…', str(error))}")

    def lacks(self) -> str | None:
        """What must be installed before this check can say anything, or None."""
        missing = [(name, extra) for name, extra in self.optional.items() if installed(name) is None]
        told = (f"{name}: pip install reasoning-datapipe[{extra}]" for name, extra in missing)
        return f"check {self.name!r} needs {', '.join(told)}" if missing else None

    def bind(self, params: Mapping[str, Any]) -> Self:
        """The same check with other parameters. Raises ValueError that names the one it does not take."""
        hints = get_type_hints(self.fn, include_extras=True)
        bound = dict(self.params)
        for name, value in params.items():
            if name not in bound:
                raise ValueError(f"check {self.name!r} has no parameter {name!r}{did_you_mean(name, bound)}")
            try:
                bound[name] = TypeAdapter(hints[name]).validate_json(json.dumps(value), strict=True)
            except ValidationError as error:
                raise ValueError(f"check {self.name!r}, parameter {name!r}: {explain(error)}") from error
            except TypeError as error:
                raise ValueError(f"check {self.name!r}, parameter {name!r}: {error}") from error
        return replace(self, params=bound)

    def broken_examples(self) -> list[str]:
        """What the check says of its own examples where that is not what they claim; empty is right.

        A check that lacks what it needs says nothing, and is not held against them.
        """
        if self.lacks():
            return []
        wanted: list[tuple[Attempt, str, str | None]] = [(attempt, "pass", None) for attempt in self.passes]
        wanted += [(attempt, "fail", why) for attempt, why in self.fails]
        wanted += [(attempt, "unscored", why) for attempt, why in self.unscored]
        told = [(attempt, want, why, self.judge(attempt)) for attempt, want, why in wanted]
        return [
            f"{attempt.raw[:200]!r}: wanted {want} {why!r}, got {said.outcome} {said.reason!r}"
            for attempt, want, why, said in told
            if said.outcome != want or (why is not None and said.reason != why)
        ]


def check(
    *,
    passes: Iterable[Example],
    fails: Mapping[Example, str],
    unscored: Mapping[Example, str] | None = None,
    libraries: tuple[str, ...] = (),
    optional: Mapping[str, str] | None = None,
    own_process: bool = False,
) -> Callable[[Callable[..., str | Finding | None]], Check]:
    """Make a function a check. Examples of both outcomes are required: they are its tests and its docs.

    Raises TypeError where examples are missing or a parameter has no annotation or no default.
    """

    def wrap(fn: Callable[..., str | Finding | None]) -> Check:
        made = Check(
            name=fn.__name__,
            fn=fn,
            doc=(fn.__globals__.get("__doc__") or fn.__doc__ or "").strip().partition("\n")[0],
            passes=tuple(_attempt(each) for each in passes),
            fails=tuple((_attempt(each), why) for each, why in fails.items()),
            unscored=tuple((_attempt(each), why) for each, why in (unscored or {}).items()),
            libraries=libraries,
            optional=optional or {},
            own_process=own_process,
            params=_defaults(fn),
        )
        if not (made.passes and made.fails):
            raise TypeError(f"check {made.name!r} needs an example that passes and one that fails")
        return made

    return wrap


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def explain(error: ValidationError) -> str:
    """What pydantic holds against a value, on one line."""
    wrong = (
        (".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, "))
        for each in error.errors(include_url=False)
    )
    return "; ".join(f"{place}: {message}" if place else message for place, message in wrong)


def _defaults(fn: Callable[..., Any]) -> dict[str, Any]:
    _, *rest = inspect.signature(fn).parameters.values()
    for param in rest:
        if param.default is param.empty or param.annotation is param.empty:
            raise TypeError(f"parameter {param.name!r} of {fn.__name__!r} needs an annotation and a default")
    return {param.name: param.default for param in rest}


def _finding(found: object) -> Finding:
    """What a check returned, whatever its annotation says. Raises TypeError or ValueError for all else."""
    if found is None or isinstance(found, str):
        return Finding(reason=found)
    if not isinstance(found, Finding):
        raise TypeError(f"returned {type(found).__name__}, not None, a reason or a Finding")
    for name in ("reason", "evidence", "extracted"):
        value = getattr(found, name)
        if not (value is None or isinstance(value, str)):
            raise TypeError(f"a Finding whose {name} is {type(value).__name__}, not text")
    if found.score is None:
        return found
    if isinstance(found.score, bool) or not isinstance(found.score, int | float):
        raise TypeError(f"a Finding whose score is {type(found.score).__name__}, not a number")
    if not isfinite(found.score):
        raise ValueError(f"a Finding whose score is {found.score}")
    return replace(found, score=float(found.score))


def _attempt(example: Example) -> Attempt:
    return Attempt.of(example) if isinstance(example, str) else example


def _told(text: str | None) -> str | None:
    """As `_cut`, but what is cut ends in a hash of the whole: equal texts stay one and others several."""
    whole = _cut(text, len(text or ""))
    if whole is None or len(whole) <= REASON_CHARS:
        return whole
    mark = f"… {content_id('extracted', whole)[:12]}"
    return whole[: REASON_CHARS - len(mark)] + mark


def _cut(text: str | None, most: int) -> str | None:
    """At most `most` characters, and never a lone surrogate, which no file could hold."""
    if text is None:
        return None
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return short.encode("utf-8", "replace").decode("utf-8")
