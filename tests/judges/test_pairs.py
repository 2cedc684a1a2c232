"""Pairs of final answers are compared by a verifier's `same`, in this process or in a worker."""

import pytest

from datapipe.workers import Job, PoolSettings, WorkerPool
from judges.base import Check, check
from judges.catalog import catalog
from judges.pairs import LOOSE, pair, pair_checks, same_check
from schemas.references import parse_reference

CHECKS = {name: made for name, made in catalog().items() if isinstance(made, Check)}


def test_every_verifier_that_can_tell_has_a_check_of_pairs() -> None:
    can = {same_check(name) for name, made in CHECKS.items() if made.same is not None}
    assert {"math.same", "text.same", "choice.same"} <= can
    assert set(pair_checks(CHECKS)) == {*can, LOOSE}


def test_a_comparison_that_raises_is_not_told() -> None:
    def broken(one: str, other: str) -> bool:
        raise ValueError("no")

    @check(passes=["a"], fails={"b": "b"})
    def letter(attempt: object) -> str | None:
        return None

    made = pair_checks({"letter": Check(**{**vars(letter), "same": broken})})
    assert made["letter.same"].judge(pair("a", "b")).outcome == "unscored"


@pytest.mark.parametrize(
    ("reference", "one", "other", "want"),
    [
        ({"type": "math", "answer": "0", "comparison": {"decimals": 2}}, "3.14", "3.142", "pass"),
        ({"type": "math", "answer": "0", "comparison": {"percent": True}}, "50\\%", "0.5", "pass"),
        ({"type": "math", "answer": "0", "comparison": {"ordered": False}}, "2, 3", "3, 2", "pass"),
        ({"type": "quantity", "answer": "0", "rel_tol": 0.1}, "5 m", "5.3 m", "pass"),
        ({"type": "quantity", "answer": "0", "rel_tol": 0.01}, "5 m", "5.3 m", "fail"),
        ({"type": "math", "answer": "0"}, "3.14", "3.142", "fail"),
        ({"type": "math", "answer": "0"}, "{1,2}", "2,1", "pass"),
        ({"type": "quantity", "answer": "0"}, "5", "5.02", "pass"),
    ],
)
def test_answers_are_compared_as_their_reference_is_and_in_either_order(
    reference: dict[str, object], one: str, other: str, want: str
) -> None:
    manner = parse_reference(reference)
    check = pair_checks(CHECKS)[same_check(manner.type)]
    assert check.judge(pair(one, other, manner)).outcome == want
    assert check.judge(pair(other, one, manner)).outcome == want


@pytest.mark.slow
def test_a_worker_rules_on_pairs() -> None:
    jobs = [Job((same_check("math"),), pair(*each)) for each in (("1/2", "0.5"), ("1/2", "2"))]
    with WorkerPool(PoolSettings(size=1)) as pool:
        found = [said.outcome for [said] in pool.run([*jobs, Job((LOOSE,), pair("1/3", "0.33"))])]
    assert found == ["pass", "fail", "pass"]
