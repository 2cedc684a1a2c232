"""One final answer as a response states it."""

from dataclasses import dataclass
from typing import Literal

How = Literal["boxed", "tagged", "marked", "said", "number"]


@dataclass(frozen=True, slots=True)
class Final:
    """A final answer: its text, how it was stated, and where it starts in the response."""

    text: str
    """Up to the end of the clause."""
    how: How
    start: int
    line: str = ""
    """Of a marked line or a sentence: up to the end of the line."""
    end: int = 0
    """Where the text ends in the response."""
