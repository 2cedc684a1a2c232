"""One finished run on the fake model that tests of the engine look at and leave as it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from datapipe.backends.base import Completion, Request
from datapipe.backends.responder import Habits, answer
from tests import support

HOSTILE = "\x1b[2J\x9b31m[red]\u202eevil\u2066 <b>| 4"
"""Text that would clear a terminal, turn around, colour and break a table."""


def respond(request: Request) -> Completion:
    """The fake model, but one question it answers wrongly half the time, one with text that means harm."""
    said = answer(request, Habits())
    asked = "" if request.role == "judge" else str(request.messages[-1]["content"])
    if asked.startswith("Add 2 and 2."):
        return replace(said, content=HOSTILE)
    wrong = asked.startswith("Compute 2 + 0.") and request.id < "8"
    return replace(said, content="The answer is 3.") if wrong else said


def rows() -> list[object]:
    """Both lanes; source `a` and `b` by turns; a duplicate, and rows that cannot be taken."""
    made: list[object] = [
        {**row, "source": "ab"[place % 2]} for place, row in enumerate(support.both_lanes())
    ]
    made.append(support.verifiable("what is 1 + 3?", "4", source="b"))
    made += [{"lane": "verifiable", "source": source, "domain": "x"} for source in "ab"]
    return made


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> support.Ran:
    """Eight questions, two answers each, published. Nobody may write to it."""
    folder: Path = tmp_path_factory.mktemp("finished")
    return support.ran(support.settings(folder, rows(), name="one"), support.Model(respond))
