"""A small simulation of questions asked in rounds, held to the gates of docs/spending.md."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from datapipe.forecast import ALL

ROOT = Path(__file__).parents[1]
QUESTIONS = 3_000
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cases() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "infra"))
        return importlib.import_module("simulation.cases")


@pytest.fixture(scope="module")
def besides(cases: ModuleType) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "infra"))
        return importlib.import_module("simulation.besides")


@pytest.fixture(scope="module")
def harvests(cases: ModuleType) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "infra"))
        return importlib.import_module("simulation.harvests")


@pytest.mark.parametrize("world", range(4))
@pytest.mark.parametrize("tiers", ["five", "three"])
def test_rounds_keep_bias_and_coverage(cases: ModuleType, world: int, tiers: str) -> None:
    """The gates within Monte-Carlo error in every tenth, and without it over all questions."""
    law = cases.WORLDS[world]
    made = cases.case(law, tiers, cases.worlds.drawn(law, QUESTIONS, seed=31 + world))
    for asked in (made.rounds, made.short):
        for tenths in made.tenths(asked).values():
            for tenth in tenths:
                assert tenth.unbiased.low <= 0.02, (law.name, tenth)
                assert tenth.unbiased.high >= -0.02, (law.name, tenth)
                assert tenth.stored.high >= 0.93, (law.name, tenth)
        truth = made.draws.rate
        assert abs((asked.unbiased - truth).mean()) < 0.008
        assert ((asked.low <= truth) & (truth <= asked.high)).mean() >= 0.945
    # Nothing that rounds leave out makes tiers worse by more than its error.
    assert made.accuracy(made.rounds).high >= made.accuracy(made.fixed).low
    assert made.cost(made.rounds).value <= 1.0
    assert made.cost(made.short).value > made.cost(made.rounds).value


def test_the_estimate_that_counts_passes_is_biased_where_rounds_end_early(cases: ModuleType) -> None:
    law = cases.WORLDS[0]
    made = cases.case(law, "three", cases.worlds.drawn(law, 4 * QUESTIONS, seed=7))
    ninth = made.tenths(made.rounds)["of [0, 1]"][8]
    assert ninth.naive.low > 0.01
    assert ninth.unbiased.low < 0 < ninth.unbiased.high


def test_harvest_draws_would_spoil_a_rate(besides: ModuleType) -> None:
    """As the field notes say: .1 as .127, .2 as .245, .5 as .562; the rate draws alone say what is."""
    for (p, counted, ours), noted in zip(besides.harvest(20_000, 3), (0.127, 0.245, 0.562), strict=True):
        assert counted.value == pytest.approx(noted, abs=0.003)
        assert ours.low - 0.001 < p < ours.high + 0.001


def test_a_question_in_a_small_group_may_be_fitted_with_it(besides: ModuleType) -> None:
    for tenth in besides.small_groups(25, 2_000, 5):
        assert tenth.low <= 0.02
        assert tenth.high >= -0.02


def test_what_is_estimated_is_the_rate_among_answers_that_end(besides: ModuleType) -> None:
    """Long answers are cut off, and wrong ones are longer: the scored flatter, both ends hold the truth."""
    for q, cut, rate, naive, low, high in besides.cut_off(1_000, 3):
        assert rate > q
        assert naive.value == pytest.approx(rate, abs=0.01)
        assert low.value < q < high.value
        assert high.value - low.value == pytest.approx(cut, abs=1e-9)


def test_the_page_is_one_of_the_gates_that_hold(cases: ModuleType) -> None:
    """The stored page shows no tenth of the stored estimate beyond a gate, and names all cases."""
    text = (ROOT / "docs/spending.md").read_text()
    worst = text.split("### The worst tenth")[1].split("###")[0]
    rows = [line.strip("| ").split(" | ") for line in worst.splitlines() if " tiers | " in line]
    told = [row for row in rows if row[1].startswith("rounds")]
    assert len(told) == 2 * len(cases.WORLDS) * len(cases.MAPS)
    for row in told:
        assert abs(float(row[3].split()[0])) <= 0.02
        assert float(row[5].split()[0]) >= 0.93


def test_a_pilot_that_harvests_for_its_part_forecasts_what_comes(harvests: ModuleType) -> None:
    """One that harvests for the whole target spends many times its part, and foretells too many tokens."""
    small = {"sizes": (20, 60, 200, 600, 1500), "share": 0.03}
    made = {
        part: [harvests.run(p, s, 1.2, part=part, **small) for p in harvests.PRIORS for s in range(2)]
        for part in (True, False)
    }
    spent = {part: sum(o.spent for o in each) / sum(o.fair for o in each) for part, each in made.items()}
    assert spent[True] < 2 < spent[False]
    held = [h for o in made[True] for h in o.held if h.tier in harvests.TIERS_WANTED]
    assert len(held) > 100
    assert sum(h.inside for h in held) >= 0.75 * len(held)
    over = {
        part: sum(h.said.mid - h.actual for o in each for h in o.held if h.domain == h.tier == ALL)
        for part, each in made.items()
    }
    assert over[True] < over[False] / 2
