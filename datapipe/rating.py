"""One rating from the counts of one question and policy."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datapipe.config import Rate
from datapipe.deciding import Ruled
from datapipe.luck import solved_mass
from datapipe.posterior import interval, masses, pass_at, tier_of
from schemas.base import TIERS
from schemas.rows import Question, Rating, Tier


@dataclass(frozen=True, slots=True)
class Counts:
    """What the answers of one question and policy come to."""

    passes: int
    fails: int
    informative: int
    infra: int
    duplicates: int = 0
    """Draws besides, which repeat the thinking of one that is counted."""

    @property
    def scored(self) -> int:
        return self.passes + self.fails

    @property
    def n(self) -> int:
        return self.scored + self.informative + self.infra


@dataclass(frozen=True, slots=True)
class Path:
    """What is known of draws whose number depended on what came."""

    estimate: float | None
    interval: tuple[float, float] | None
    """None where verdicts have changed since the decisions."""
    masses: Sequence[float] | None
    """By tier, under the prior that the decisions were taken under."""
    early: Counts
    """Of the draws that were asked whatever came."""
    first: int
    rounds: int
    stopped: str | None


def counted(group: Iterable[Ruled], duplicates: int = 0) -> Counts:
    """Outcomes, and of what is unscored its class."""
    count = Counter(outcome if cls is None else cls for outcome, cls in group)
    return Counts(count["pass"], count["fail"], count["informative"], count["infra"], duplicates)


def rating(
    config: Rate,
    question: Question,
    policy: str,
    of: Counts,
    *,
    floor: float | None,
    false_pass: float,
    majority: float | None,
    path: Path | None = None,
) -> Rating:
    """The rating; `floor` is None where nothing says what passes, `majority` where nothing is clustered,
    `path` where the number of draws was fixed."""
    passes, fails, scored, n = of.passes, of.fails, of.scored, of.n
    low, high = (path and path.interval) or interval(passes, fails)
    of_tiers = (path and path.masses) or masses(passes, fails, config)
    unsolved, hard, medium, easy, trivial = of_tiers
    early = path.early if path else of
    rate = passes / scored if scored else None
    prior = config.unsolved_prior
    solved = None if floor is None or not scored else solved_mass(passes, fails, floor, false_pass, prior)
    return Rating(
        lane=question.lane,
        question_id=question.question_id,
        policy_id=policy,
        reference_id=question.reference_id,
        n=n,
        passes=passes,
        fails=fails,
        informative=of.informative,
        infra=of.infra,
        coverage=scored / n,
        rate=rate,
        low=passes / n,
        high=(n - fails) / n,
        interval_low=low,
        interval_high=high,
        pass_at_1=pass_at(1, early.passes, early.scored),
        pass_at_2=pass_at(2, early.passes, early.scored),
        pass_at_4=pass_at(4, early.passes, early.scored),
        pass_at_8=pass_at(8, early.passes, early.scored),
        tier=tier(config, of, path.masses if path else None),
        mass_unsolved=unsolved,
        mass_hard=hard,
        mass_medium=medium,
        mass_easy=easy,
        mass_trivial=trivial,
        majority_share=majority,
        guess_floor=floor,
        false_pass=None if floor is None else false_pass,
        solved_mass=solved,
        estimate=path.estimate if path else rate,
        first_n=path.first if path else n,
        rounds=path.rounds if path else 1,
        stopped=path.stopped if path else "n is fixed",
        duplicates=of.duplicates,
    )


def tier(config: Rate, of: Counts, masses: Sequence[float] | None = None) -> Tier:
    """Undetermined where too little is scored, or where what is unscored could change the tier; else that of
    the most mass, where it is told, as when rounds were decided by it."""
    low, high = tier_of(of.passes / of.n, config.tiers), tier_of((of.n - of.fails) / of.n, config.tiers)
    if low != high or of.scored / of.n < config.coverage:
        return "undetermined"
    return TIERS[masses.index(max(masses))] if masses else low
