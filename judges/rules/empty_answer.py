"""Drop answers that say nothing after the thinking."""

import unicodedata

from judges.base import Attempt, check


@check(
    passes=["4", "<think>?</think>∅", "是"],
    fails={
        "": "the response is empty",
        "<think>2 + 2 = 4</think>\n\n": "the response is empty",
        "\u200b …\n": "the response is empty",
    },
)
def empty_answer(attempt: Attempt) -> str | None:
    """Spaces, marks of punctuation and characters that do not show are nothing."""
    said = any(unicodedata.category(char)[0] not in "ZCP" for char in attempt.response)
    return None if said else "the response is empty"
