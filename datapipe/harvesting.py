"""Which questions are drawn from next, by the samples that a token may bring."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.base import Lane
from schemas.rows import Tier

Key = tuple[Lane, int, str]
"""Lane, shard and question."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One question, and what one more draw of it may bring."""

    key: Key
    tier: Tier
    chance: float
    """Of a draw that it is right and nothing else speaks against it."""
    tokens: float
    room: int
    """Answers that would still be kept of it."""
    most: int
    """Draws that it may be asked for now."""
    right: int = 0
    draws: int = 0
    asked: int = 0


class _Growing:
    """A candidate with the draws allotted to it so far."""

    def __init__(self, of: Candidate) -> None:
        self.of, self.draws = of, 0
        self._right = [1.0] + [0.0] * of.room
        """Chance of so many right ones among them; the last is of enough."""

    @property
    def gain(self) -> float:
        """Samples that the next draw is expected to bring."""
        return self.of.chance * (1 - self._right[-1])

    def grow(self) -> None:
        p, right = self.of.chance, self._right
        for k in range(len(right) - 1, -1, -1):
            stays = right[k] if k == len(right) - 1 else right[k] * (1 - p)
            right[k] = stays + (right[k - 1] * p if k else 0.0)
        self.draws += 1


def allot(
    candidates: Sequence[Candidate], lack: Mapping[str, int], tokens: int | None = None
) -> Counter[Key]:
    """Draws by question, those first that bring most samples a token, until what each tier lacks is expected
    to be there, or the tokens to be spent."""
    left: dict[str, float] = {tier: float(count) for tier, count in lack.items() if count}
    growing = [_Growing(each) for each in candidates if each.tier in left and each.most > 0]
    heap = [(-each.gain / each.of.tokens, each.of.key, each) for each in growing]
    heapq.heapify(heap)
    found: Counter[Key] = Counter()
    budget = float("inf") if tokens is None else float(tokens)
    while heap and budget > 0:
        _, key, best = heapq.heappop(heap)
        if left[best.of.tier] <= 0 or best.gain <= 0:
            continue
        left[best.of.tier] -= best.gain
        budget -= best.of.tokens
        best.grow()
        found[key] += 1
        if best.draws < best.of.most:
            heapq.heappush(heap, (-best.gain / best.of.tokens, key, best))
    return found
