"""reasoning-gym's scorers behind a preflight: a task must score its own answers 1, and all else less."""

import json
import re
import warnings
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

_ITEMS, _SEED = 3, 20_260_101
_GARBAGE = ("", " ", "garbage", "qwx zzz", None)
# What turns a distance into no number; a scorer may take it for no distance at all.
_POISON = ("nan", "-nan", "nani", "nan+nanj", "inf", "-Infinity", "1e999", "[nan]", "[]", "null")
_NO_NUMBER = re.compile(r"(?<![a-z])(?:nan|inf(?:inity)?)(?:[ij](?![a-z])|(?![a-z]))", re.IGNORECASE)
# Text of these can call, multiply or comprehend nothing: at worst it is a list, or a name nobody knows.
_HARMLESS = re.compile(r"[\w\s,.'\"\[\]+-]*")
_EVALUATORS = frozenset({"eval", "exec", "compile", "parse_expr", "sympify", "parse_latex"})
_FLIPS = {"true": "False", "false": "True", "yes": "No", "no": "Yes"}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")


class Refused(Exception):
    """A task or an entry that cannot be scored; the message says why."""


@cache
def refusal(task: str) -> str | None:
    """Why a task is not admitted, or None: found out once a process, on entries that the task makes itself.

    Its own answers must score 1, what is no answer nothing, and wrong answers less than 1.
    """
    try:
        entries = list(_entries(task))
        faults = [fault for text in entries for fault in (_fault(task, text),) if fault]
    except Refused as error:
        return f"task {task!r}: {error}"
    return f"task {task!r}: {faults[0]}" if faults else None


@lru_cache(maxsize=1_024)
def entry_fault(task: str, entry: str) -> str | None:
    """Why an entry (canonical JSON) cannot be scored, or None. Its own answer must score 1."""
    answer = json.loads(entry).get("answer")
    if not isinstance(answer, str) or not answer.strip():
        return "the entry has no answer that is text"
    try:
        right = score(task, entry, answer.strip()) == 1.0
    except Refused as error:
        return f"the entry cannot be scored: {error}"
    return None if right else "the entry's own answer does not score 1"


def score(task: str, entry: str, answer: str | None) -> float:
    """What reasoning-gym gives an answer, from 0 to 1, and nothing for `nan` where a number is wanted.

    Raises Refused where it raises or would run text.
    """
    dataset, given = _dataset(task), json.loads(entry)
    if _NO_NUMBER.search(answer or "") and not _NO_NUMBER.search(str(given.get("answer"))):
        return 0.0
    if _evaluates(task):
        given.pop("question", None)
        for text in (*_texts(given), answer or ""):
            if not _HARMLESS.fullmatch(text):
                raise Refused(f"its scorer would evaluate {text[:80]!r}")
    try:
        with warnings.catch_warnings(action="ignore"):
            return float(dataset.score_answer(answer, given))
    except Exception as error:  # a stranger's code, on text of a stranger
        raise Refused(f"its scorer raised {type(error).__name__}") from error


@lru_cache(maxsize=1_024)
def skips_words(task: str, entry: str) -> bool:
    """Does the scorer pass over words that it does not know, so that `it is false that …` scores too?"""
    answer = json.loads(entry)["answer"].strip()
    return any(_full(task, entry, text) for text in (f"zzz {answer}", f"{answer} zzz", f"zzz: {answer}"))


def _full(task: str, entry: str, answer: str) -> bool:
    try:
        return score(task, entry, answer) == 1.0
    except Refused:
        return False


def wrong_answers(answer: str) -> list[str]:
    """Answers close by: another number, the other truth value, another text, a text that lacks its end."""
    answer = answer.strip()
    if answer.lower() in _FLIPS:
        return [_FLIPS[answer.lower()]]
    if _NUMBER.fullmatch(answer):
        value = float(answer) if "." in answer else int(answer)
        return [str(each) for each in (value + 1, value * 2, -value, 0) if each != value]
    words = answer.split(" ")
    return ["none of these", " ".join(words[:-1]) if len(words) > 1 else answer[:-1] or "?"]


def _fault(task: str, entry: str) -> str | None:
    if fault := entry_fault(task, entry):
        return fault
    for garbage in _GARBAGE:
        if (points := score(task, entry, garbage)) > 0:
            return f"gives {points:g} to {garbage!r}"
    for wrong in (*wrong_answers(json.loads(entry)["answer"]), *_POISON):
        if score(task, entry, wrong) >= 1:
            return f"scores a wrong answer 1: {wrong[:40]!r}"
    return None


def _entries(task: str) -> Iterator[str]:
    dataset = _dataset(task)
    for at in range(_ITEMS):
        try:
            yield json.dumps(dataset[at])
        except Exception as error:  # a stranger's code
            raise Refused(f"makes no entry that JSON holds: {type(error).__name__}") from error


@cache
def _dataset(task: str) -> Any:
    factory = import_module("reasoning_gym.factory")
    import_module("reasoning_gym")
    if task not in factory.DATASETS:
        raise Refused("reasoning-gym has none of this name")
    try:
        return factory.create_dataset(task, seed=_SEED, size=_ITEMS)
    except Exception as error:  # a stranger's code
        raise Refused(f"cannot be made: {type(error).__name__}: {error}") from error


@cache
def _evaluates(task: str) -> bool:
    """Does code that the scorer reaches, inside reasoning-gym, evaluate text as Python?"""
    kind = type(_dataset(task))
    seen: set[CodeType] = set()
    ahead: list[FunctionType] = [kind.score_answer]
    while ahead:
        function = ahead.pop()
        if function.__code__ in seen or not function.__module__.startswith("reasoning_gym"):
            continue
        seen.add(function.__code__)
        names = set(_names(function.__code__))
        if names & _EVALUATORS:
            return True
        found = (getattr(kind, name, function.__globals__.get(name)) for name in names)
        ahead += [each for each in found if isinstance(each, FunctionType)]
    return False


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
