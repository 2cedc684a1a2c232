"""What several votes of a judge come to."""

import pytest

from datapipe.judging import LOST, majority
from judges.base import Finding, Ruling

PASS, FAIL = Ruling.of(Finding()), Ruling.of(Finding("bad"))
UNSURE, OUT = Ruling.undecided("who knows"), Ruling.undecided(LOST, "infra")


@pytest.mark.parametrize(
    ("votes", "want"),
    [
        ([PASS, PASS, FAIL], PASS),
        ([FAIL, OUT, FAIL], FAIL),
        ([PASS, FAIL, OUT], OUT),
        ([PASS, UNSURE, OUT], OUT),
        ([UNSURE, OUT, OUT], OUT),
        ([UNSURE, UNSURE, OUT], Ruling.undecided("votes are split 0 to 0")),
        ([PASS, UNSURE, UNSURE, OUT], Ruling.undecided("votes are split 1 to 0")),
        ([PASS, FAIL], Ruling.undecided("votes are split 1 to 1")),
    ],
)
def test_lost_votes_are_owed_only_where_they_could_change_the_outcome(
    votes: list[Ruling], want: Ruling
) -> None:
    assert majority(votes) == want
