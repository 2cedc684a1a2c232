"""What a decision about a question hangs on besides its counts, and so what it would be for any counts."""

from collections.abc import Iterable, Sequence

from datapipe.config import RunConfig
from datapipe.prior import Prior, masses
from datapipe.stopping import EARLIEST, Look, Step, decide, decide_open
from schemas.base import TIERS, Tier
from schemas.rows import Lane, Question, Round


class Grounds:
    """Prior, full tiers and configuration of the decisions about one kind of question in one shard."""

    def __init__(self, config: RunConfig, lane: Lane, prior: Prior, full: Iterable[Tier]) -> None:
        self._config, self._verifiable = config, lane == "verifiable"
        self.prior, self.full = prior, frozenset(full)
        self._looks: dict[tuple[int, int], Look] = {}

    def step(self, passes: int, scored: int, draws: int) -> Step:
        """What these counts come to; `draws` are those finished, unscored ones too."""
        spend, tiers = self._config.spend, self._config.rate.tiers
        of = masses(passes, scored - passes, self.prior, tiers)
        tier, mass = TIERS[of.index(max(of))], max(of)
        if not self._verifiable:
            wanted = self._config.keep.answers
            more, reason = decide_open(passes, scored, draws, spend, self.prior, wanted)
            step = Step(more, reason, tier, mass)
        else:
            short = "hard" not in self.full
            step = decide(passes, scored, draws, spend, self.prior, tiers, short)
        early = passes in (0, scored) and scored < EARLIEST and self._verifiable
        if step.more and not early and draws >= spend.first and self._is_full(passes, tier):
            return Step(0, f"the {tier} tier has all {spend.target.get(tier, 0)} samples", tier, mass)
        return step

    def _is_full(self, passes: int, tier: Tier) -> bool:
        """A question that was never right is asked on for the sake of the hard tier."""
        return ("hard" if not passes and tier == "unsolved" else tier) in self.full

    def look(self, scored: int, draws: int) -> Look:
        """The decision for every count of passes."""
        if (scored, draws) not in self._looks:
            steps = (self.step(passes, scored, draws) for passes in range(scored + 1))
            asks = tuple(passes for passes, step in enumerate(steps) if step.more)
            self._looks[scored, draws] = Look(scored, asks)
        return self._looks[scored, draws]

    def row(self, question: Question, policy: str, number: int, counts: tuple[int, int, int]) -> Round:
        """The decision on (passes, scored, draws), to be stored."""
        passes, scored, draws = counts
        step = self.step(passes, scored, draws)
        prior = self.prior
        return Round(
            lane=question.lane,
            question_id=question.question_id,
            policy_id=policy,
            round=number,
            draws=draws,
            action="ask" if step.more else "stop",
            reason=step.reason,
            purpose="rate",
            more=step.more,
            passes=passes,
            scored=scored,
            tier=step.tier,
            mass=step.mass,
            asks=list(self.look(scored, draws).asks),
            prior=[prior.alpha, prior.beta, prior.unsolved, prior.solved],
            full=sorted(self.full),
        )


def to_prior(shapes: Sequence[float]) -> Prior:
    """The prior of a stored decision."""
    alpha, beta, unsolved, solved = shapes
    return Prior(alpha, beta, unsolved, solved)
