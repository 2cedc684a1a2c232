"""A response that is one JSON object with the answer under a key of its own: `{"answer": "Paris"}`."""

from judges.values.counts import Unclear
from judges.values.json_text import NotJson, read_json, unfenced

_KEYS = frozenset({"answer", "final_answer", "final answer", "finalanswer"})
_MOST_CHARS, _MOST_ANSWER = 10_000, 300


def answer_told(response: str) -> str:
    """`Answer: Paris` in its place; every other response as it is."""
    text = unfenced(response) if len(response) <= _MOST_CHARS else ""
    if not (text.startswith("{") and text.endswith("}")):
        return response
    try:
        value = read_json(text)
    except (NotJson, Unclear):
        return response
    told = [each for key, each in value.items() if key.strip().casefold() in _KEYS]
    if len(told) != 1 or isinstance(told[0], bool) or not isinstance(told[0], str | int):
        return response
    answer = str(told[0]).strip()
    plain = answer and "\n" not in answer and len(answer) <= _MOST_ANSWER
    return f"Answer: {answer}" if plain else response
