"""The expected share of false passes is that of simulations, in every tier, whatever the pass rates are."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from datapipe.config import Tiers
from datapipe.false_passes import Alike, expected_share
from datapipe.posterior import tier_of

TIERS = Tiers()
MIXES = {
    "half never, half at even": (0.0, 0.5),
    "nearly all never": (*[0.0] * 9, 0.9),
    "uniform": tuple(k / 10 for k in range(11)),
    "all alike": (0.3,),
    "all hardly ever": (0.02,),
    "two kinds": (0.1, 0.95),
}
Passed = dict[str, tuple[int, int]]


def drawn(mix: tuple[float, ...], n: int, f: float, questions: int, chance: random.Random) -> Iterator[Alike]:
    """Questions by how their answers came out, and in `wrong_passes` how many of the passes are false."""
    counts: Counter[tuple[int, int]] = Counter()
    for _ in range(questions):
        p = chance.choice(mix)
        right = sum(chance.random() < p for _ in range(n))
        false = sum(chance.random() < f for _ in range(n - right))
        counts[right + false, false] += 1
    for (passes, false), count in sorted(counts.items()):
        yield Alike(count, passes, n - passes, false)


def told(found: list[Alike], tier: str, f: float, passes: int) -> tuple[float, float, float]:
    def within(each: Alike, k: int, fails: int) -> bool:
        return tier in ("all", tier_of(k / (k + fails), TIERS))

    known = [Alike(each.questions, each.passes, each.fails, f) for each in found]
    return expected_share(((each, partial(within, each)) for each in known), passes)


def by_tier(found: list[Alike]) -> Iterator[tuple[str, int, int]]:
    """Tier, passes and false passes."""
    for tier in ("hard", "medium", "easy", "trivial", "all"):
        mine = [e for e in found if tier in ("all", tier_of(e.passes / (e.passes + e.fails), TIERS))]
        if passes := sum(each.questions * each.passes for each in mine):
            yield tier, passes, sum(int(each.questions * each.wrong_passes) for each in mine)


@pytest.mark.slow
@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("f", [0.01, 0.1])
@pytest.mark.parametrize("n", [1, 8])
def test_the_share_is_unbiased_and_its_interval_covers(mix: str, f: float, n: int) -> None:
    """Over 200 draws of 150 questions the sum is right, and 95 % of the intervals hold what came about."""
    chance = random.Random(f"{mix} {f} {n}")
    expected, false, covered, seen, capped = (Counter[str]() for _ in range(5))
    for _ in range(200):
        found = list(drawn(MIXES[mix], n, f, 150, chance))
        for tier, passes, wrong in by_tier(found):
            share, low, high = told(found, tier, f, passes)
            assert low <= share <= high
            expected[tier] += share * passes
            false[tier] += wrong
            covered[tier] += low - 1e-9 <= wrong / passes <= high + 1e-9
            seen[tier] += 1
            capped[tier] += share == 1
    for tier, count in seen.items():
        # A tier that chance left empty at times, or of which more than all is expected at times, is biased.
        if count == 200 and not capped[tier]:
            assert abs(expected[tier] - false[tier]) <= 5 * (1.3 * false[tier] + 4) ** 0.5
    assert covered.total() / seen.total() >= 0.93
    assert all(covered[tier] / count >= 0.9 for tier, count in seen.items() if count == 200)


def test_unsolved_questions_make_the_hard_tier_false() -> None:
    """The case that a rate at its tier's mean cannot see: half of the questions are never solved."""
    found = list(drawn((0.0, 0.5), 8, 0.01, 4_000, random.Random(1)))
    [(passes, wrong)] = [(passes, wrong) for tier, passes, wrong in by_tier(found) if tier == "hard"]
    share, low, high = told(found, "hard", 0.01, passes)
    assert share == pytest.approx(wrong / passes, abs=0.03)
    assert low <= wrong / passes <= high
    assert share > 0.2


def test_a_verifier_without_fault_passes_nothing_false() -> None:
    known = [(Alike(10, 3, 5, 0.0), lambda passes, fails: True)]
    share, low, _ = expected_share(known, 30)
    assert (share, low) == (0.0, 0.0)


def test_what_luck_explains_is_all_luck() -> None:
    known = [(Alike(100, 0, 8, 0.2), lambda passes, fails: passes > 0)]
    assert expected_share(known, 20) == (1.0, 1.0, 1.0)
