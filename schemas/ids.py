"""Identity is content: canonical JSON, 128-bit hashes of it, and seeds that are an index, not a state."""

import json
from hashlib import blake2b
from typing import Any

import orjson

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ROWS = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=vars
)
_SIMPLE = frozenset({str, int, bool, type(None)})
MAX_SEED = 2**31 - 1
"""The largest seed every OpenAI-compatible server takes."""


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8 as it is.

    Raises ValueError for NaN and infinities, which JSON cannot hold, and for lone surrogates,
    which UTF-8 cannot.
    """
    return _canonical(value).decode("utf-8")


def _canonical(value: Any) -> bytes:
    """Most identities are of a few texts, which orjson writes byte for byte the same, many times as fast."""
    if type(value) is list and (
        _SIMPLE.issuperset(map(type, value)) or all(type(part) in _SIMPLE or part == [] for part in value)
    ):
        try:
            return orjson.dumps(value)
        except TypeError:  # a lone surrogate or a large number: below it is said which
            pass
    return _ENCODER.encode(value).encode("utf-8")


def content_id(kind: str, *parts: Any) -> str:
    """A 128-bit hash, 32 hex digits, of the kind and the parts. Different kinds never collide."""
    return blake2b(_canonical([kind, *parts]), digest_size=16).hexdigest()


def plain_id(kind: str, *parts: Any) -> str:
    """The same, many times as fast, of parts that hold no fractions; a row in them stands for its columns."""
    try:
        data = orjson.dumps([kind, *parts], default=vars, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # as above
        data = _ROWS.encode([kind, *parts]).encode("utf-8")
    return blake2b(data, digest_size=16).hexdigest()


def question_id(messages: Any, system: str | None, tools: str | None) -> str:
    """What is asked: neither lane nor reference nor source, so a corrected label orphans no answer."""
    return plain_id("question", messages, system, tools)


def reference_id(reference: str | None) -> str | None:
    """What is held to be right, from its canonical JSON text; None where nothing is."""
    return None if reference is None else content_id("reference", reference)


def request_id(question: str, policy: str, asked: str, run_seed: int, index: int) -> str:
    """What is owed: one answer of one policy, in one format, at one index."""
    return content_id("request", question, policy, asked, run_seed, index)


def answer_id(request: str, text: str) -> str:
    """What came back for a request."""
    return content_id("answer", request, text)


def recorded_answer_id(question: str, model: str, text: str, occurrence: int) -> str:
    """An answer made elsewhere; `occurrence` counts equal texts of one model for one question."""
    return content_id("recorded", question, model, text, occurrence)


def draw(*parts: Any) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    return int(content_id("draw", *parts)[:13], 16) / 16**13


def seed(run_seed: int, question: str, index: int, purpose: str = "rate") -> int:
    """The sampling seed of one index, in [0, MAX_SEED]."""
    return int(content_id("seed", run_seed, question, index, purpose), 16) % (MAX_SEED + 1)
