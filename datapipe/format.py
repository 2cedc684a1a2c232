"""An answer format: how it is asked for, where it fits, and how a response is rewritten into it."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from datapipe import formats
from schemas.ids import draw
from schemas.rows import Lane, Message, Question

FINAL_TYPES = frozenset({"math", "choice", "text", "quantity", "no_gold"})
"""References whose answers end in one short final answer."""

_STATING = r"\W*(?:(?:so|thus|hence|therefore|then|and|my|the|final|correct|answer|option|choice|is)\W+)*"
_BEFORE, _WORD = re.compile(_STATING, re.IGNORECASE), re.compile(r"\w")
_LINE_CHARS = 200
"""A longer line says more than an answer."""


@dataclass(frozen=True)
class Format:
    """One file in `datapipe/formats/`, which defines it under the name `FORMAT`."""

    asks: str
    """The line appended to the last user message; empty where nothing is asked."""
    fits: Callable[[Lane, str | None], bool]
    """Whether it fits a lane and a reference type."""
    rewrite: Callable[[str, str | None], str | None]
    """The response in this format, from the response and its extracted final answer; None where it
    cannot be told how. A rewrite is a new answer and owes every check again."""


@cache
def known_formats() -> dict[str, Format]:
    """Every format by its file's name. A file without a FORMAT is an error."""
    found: dict[str, Format] = {}
    for info in pkgutil.iter_modules(formats.__path__):
        module = importlib.import_module(f"{formats.__name__}.{info.name}")
        if not isinstance(getattr(module, "FORMAT", None), Format):
            raise TypeError(f"{module.__file__}: define FORMAT = Format(…)")
        found[info.name] = module.FORMAT
    return found


def fitting(lane: Lane, reference_type: str | None, multi_turn: bool) -> list[str]:
    """Names of the formats that a question can be asked in; a conversation is asked as it stands."""
    if multi_turn:
        return ["plain"]
    return [name for name, each in known_formats().items() if each.fits(lane, reference_type)]


def draw_format(run_seed: int, question_id: str, names: list[str], weights: dict[str, float] | None) -> str:
    """The format one question is asked in: by hash, so that it depends on nothing else."""
    shares = [(name, 1.0 if weights is None else weights.get(name, 0.0)) for name in names]
    total = sum(share for _, share in shares)
    point = draw("format", run_seed, question_id) * total
    for name, share in shares:
        point -= share
        if point < 0:
            return name
    return "plain"


def unstated(response: str, final: str) -> list[str]:
    """The lines of a response without a last one that only states the final answer: reasoning stays."""
    lines = response.rstrip().split("\n")
    last = lines[-1].strip()
    return lines[:-1] if len(last) <= _LINE_CHARS and _states(last, final) else lines


def _states(line: str, final: str) -> bool:
    """Whether a line says the final answer and nothing else."""
    if line.isascii() and final.isascii():  # else letters may be alike that are not the same in lower case
        at, low, sought = -1, line.lower(), final.lower()
        while (at := low.find(sought, at + 1)) >= 0:
            if not _WORD.search(line, at + len(final)) and _BEFORE.fullmatch(line, 0, at):
                return True
        return False
    return re.fullmatch(rf"{_STATING}{re.escape(final)}\W*", line, re.IGNORECASE) is not None


def as_sent(question: Question, asked: str) -> tuple[Message, ...]:
    """The exact messages of a request: system first, the format's line ends the last user message."""
    system = [Message(role="system", content=question.system)] if question.system else []
    return (*system, *_with_line(question.messages, known_formats()[asked].asks))


def _with_line(messages: Sequence[Message], line: str) -> list[Message]:
    last = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
    if not line or last < 0:
        return list(messages)
    asked = messages[last].model_copy(update={"content": f"{messages[last].content}\n{line}"})
    return [*messages[:last], asked, *messages[last + 1 :]]
