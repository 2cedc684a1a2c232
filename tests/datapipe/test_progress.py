"""Notes are few however long trouble lasts."""

from pathlib import Path

import pytest

from datapipe.backends.base import Completion
from datapipe.progress import NOTES, ONCE, Progress
from tests.support import Model, ran, settings


def test_what_comes_again_and_again_is_told_once_and_not_in_every_wording() -> None:
    progress = Progress()
    for number in range(10 * ONCE):
        for _ in range(3):
            progress.note_once(f"s: choice {number} is not JSON")
    assert len(set(progress.notes)) == len(progress.notes) == ONCE + 1
    assert progress.notes[0] == "s: choice 0 is not JSON"
    assert progress.notes[-1] == "of the kind there was more, which is not told"


def test_notes_of_any_kind_fill_no_memory() -> None:
    progress = Progress()
    for number in range(2 * NOTES):
        progress.note(f"shard {number}")
        progress.pause(f"paused {number}")
        progress.note_once(f"s: {number}")
    assert len(progress.notes) == NOTES
    assert progress.notes[:3] == ["shard 0", "paused 0", "s: 0"]
    assert progress.notes[-2:] == [f"shard {2 * NOTES - 1}", f"paused {2 * NOTES - 1}"]
    said = 2 * 2 * NOTES + ONCE + 1
    assert progress.notes[NOTES // 2] == f"{said - NOTES + 1:,} notes between these are not told"


@pytest.mark.slow
def test_what_a_server_does_to_every_shard_is_told_once(tmp_path: Path) -> None:
    odd = Completion("The answer is 4.", "stop", "s", flaws=("2 choices where 1 was asked for",))
    run = ran(settings(tmp_path, lanes=["verifiable"], shard_size=1), Model(lambda _: odd))
    assert len(run.folder.parts("questions", "verifiable")) == 4
    assert [note for note in run.ctx.progress.notes if "choices" in note] == [
        "fake: 2 choices where 1 was asked for"
    ]
