"""Whether right answers of a question are wanted: its reference undoubted, its rate inside the band."""

from collections.abc import Iterable

from datapipe.config import RunConfig
from datapipe.posterior import mass_between
from schemas.rows import Rating, Suspect


class Wanted:
    """What speaks against questions, by their ratings of the steering policy and the suspicions of them."""

    def __init__(self, config: RunConfig, ratings: Iterable[Rating], suspects: Iterable[Suspect]) -> None:
        self.config = config
        self.ratings = {row.question_id: row for row in ratings}
        self.held = {row.question_id: row for row in suspects if row.label in config.keep.hold}

    def verdict(self, question: str) -> tuple[str, str] | None:
        """(action, reason) where its right answers are not kept."""
        rating = self.ratings.get(question)
        return self._doubted(question) or self._luck(rating) or self._band(rating)

    def _doubted(self, question: str) -> tuple[str, str] | None:
        """(action, reason) where the reference is suspect, so that nobody knows which answers are right."""
        found = self.held.get(question)
        return ("pending", f"{found.label}: {found.reason}") if found else None

    def _luck(self, rating: Rating | None) -> tuple[str, str] | None:
        """(action, reason) where luck may explain the passes, if only solved questions are wanted."""
        if rating is None or rating.solved_mass is None or not self.config.keep.solved:
            return None
        if rating.solved_mass >= self.config.rate.solved:
            return None
        luck = (rating.guess_floor or 0.0) + (rating.false_pass or 0.0)
        return "drop", f"not solved: mass {rating.solved_mass:.2f} above {luck:.2f}, which luck alone passes"

    def _band(self, rating: Rating | None) -> tuple[str, str] | None:
        """(action, reason) where the question is not taken; what is unscored may not change the choice."""
        keep, prior = self.config.keep, self.config.rate.unsolved_prior
        if rating is None:
            return "pending", "the steering policy has not answered this question"
        missing = rating.informative + rating.infra
        # The mass rises and falls again with the passes, so the ends alone do not tell.
        found = [
            mass_between(keep.low, keep.high, passes, rating.n - passes, prior)
            for passes in range(rating.passes, rating.passes + missing + 1)
        ]
        wanted = f"({keep.low:g}, {keep.high:g}] with mass {keep.mass:g}"
        if min(found) >= keep.mass:
            return None
        if max(found) >= keep.mass:
            return "pending", f"{missing} of {rating.n} unscored decide whether it lies in {wanted}"
        return "drop", f"pass rate {rating.passes}/{rating.n}: mass {max(found):.2f} in {wanted}"
