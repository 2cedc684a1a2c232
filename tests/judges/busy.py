"""A ruling on a program, asked for again where the machine was too busy to tell, as a run does."""

from collections.abc import Callable

from judges.base import Ruling

TRIES = 8


def in_time(judge: Callable[[], Ruling]) -> Ruling:
    for _ in range(TRIES):
        said = judge()
        if not (said.unscored == "infra" and (said.reason or "").endswith("on a busy machine")):
            return said
    raise AssertionError(f"a busy machine in {TRIES} tries")
