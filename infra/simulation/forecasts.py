"""How often the forecast of `datapipe plan` holds: simulated runs with known truths, from a 1 % pilot.

`python infra/simulation/forecasts.py --runs 20`: for each prior of pass rates and each way to spend, runs of
ten domains of 20 to 5,000 questions, forecast from the questions that the pilot's hash picks and held against
what came. Domains differ in difficulty and length; hard questions take more tokens and are cut off more.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from datapipe.config import Keep, Rate
from datapipe.config_spend import Spend
from datapipe.forecast import ALL, Cell, Range, Seen, Terms, forecast
from datapipe.posterior import mass_between
from datapipe.prior import Prior, base, fit
from datapipe.rating import Counts, tier
from datapipe.share import in_share
from datapipe.stopping import decide

SIZES = (20, 30, 50, 80, 150, 300, 600, 1200, 2500, 5000)
"""Questions by domain."""
RATE, KEEP = Rate(), Keep()
PASSES_RULES = 0.93
"""Share of right answers that no rule drops."""
CAP = 8_192
WAYS = {"n = 8": Spend(), "rounds": Spend(rounds=True)}
"""How draws are spent."""
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
PRIORS: dict[str, Draw] = {
    "U": lambda rng, n: rng.beta(0.4, 0.4, n),
    "J": lambda rng, n: np.where(rng.random(n) < 0.25, 0.0, rng.beta(0.5, 1.5, n)),
    "uniform": lambda rng, n: rng.random(n),
    "peaked": lambda rng, n: np.where(rng.random(n) < 0.1, 0.0, rng.beta(2.0, 1.5, n)),
}
"""Pass rates of a lane's questions, before its domains shift them."""


@dataclass(frozen=True, slots=True)
class Held:
    """One number of a forecast, and what came."""

    prior: str
    way: str
    domain: str
    tier: str
    name: str
    actual: float
    said: Range

    @property
    def inside(self) -> bool:
        return self.said.low <= self.actual <= self.said.high

    @property
    def width(self) -> float:
        """Relative to the median of the forecast."""
        return (self.said.high - self.said.low) / max(self.said.mid, 1.0)


def population(prior: str, spend: Spend, seed: int, sizes: tuple[int, ...] = SIZES) -> Iterator[Seen]:
    """Every question of a run, done, with what the run makes of it; all draws from the seed."""
    rng = np.random.default_rng([seed, list(PRIORS).index(prior), spend.rounds])
    believed = _prior(PRIORS[prior](rng, 2_000), rng)
    for number, size in enumerate(sizes):
        rates, shift, longer = PRIORS[prior](rng, size), rng.normal(0, 0.5), rng.normal(0, 0.3)
        for rate in rates:
            p = shifted(float(rate), shift)
            middle = 6.5 + longer + 1.2 * (1 - p) + rng.normal(0, 0.4)
            yield _question(f"d{number:02}", p, middle, spend, believed, rng)


def runs(prior: str, way: str, seed: int, sizes: tuple[int, ...] = SIZES, share: float = 0.01) -> list[Held]:
    """One run, forecast from its pilot and held against what came."""
    every = list(population(prior, WAYS[way], seed, sizes))
    piloted = [in_share(share, seed, f"{prior}/{number}") for number in range(len(every))]
    seen = [each for each, there in zip(every, piloted, strict=True) if there]
    left = Counter((e.lane, e.domain) for e, there in zip(every, piloted, strict=True) if not there)
    found = forecast(seen, [left], Terms(), seed=seed)
    return [held for cell in found if cell.lane != ALL for held in held_against(prior, way, cell, every)]


def held_against(prior: str, way: str, cell: Cell, every: list[Seen]) -> Iterator[Held]:
    of = [e for e in every if cell.domain in (ALL, e.domain) and cell.tier in (ALL, e.tier)]
    for name, said, came in (
        ("kept", cell.kept, sum(e.kept for e in of)),
        ("tokens", cell.tokens, sum(e.tokens for e in of)),
    ):
        if said.high or came:  # where nothing was to come and nothing came, nothing is shown
            yield Held(prior, way, cell.domain, cell.tier, name, came, said)


def _question(
    domain: str, p: float, middle: float, spend: Spend, believed: Prior, rng: np.random.Generator
) -> Seen:
    passes = fails = cut = tokens = 0
    due = spend.first if spend.rounds else 8
    while due:
        lengths = np.exp(rng.normal(middle, 0.5, due)).astype(int) + 1
        over = lengths >= CAP
        right = (rng.random(due) < p) & ~over
        tokens += int(np.minimum(lengths, CAP).sum())
        passes, cut = passes + int(right.sum()), cut + int(over.sum())
        fails += due - int(right.sum()) - int(over.sum())
        due = _more(passes, passes + fails, passes + fails + cut, believed) if spend.rounds else 0
    counts = Counts(passes, fails, cut, 0)
    kept = 0
    if in_band(passes, counts.n):
        kept = min(KEEP.answers, int(rng.binomial(passes, PASSES_RULES)))
    prompt = int(80 * counts.n + rng.integers(0, 40) * counts.n)
    return Seen("verifiable", domain, tier(RATE, counts), kept, 0, prompt, tokens, 0, tokens)


@cache
def _more(passes: int, scored: int, draws: int, believed: Prior) -> int:
    return decide(passes, scored, draws, WAYS["rounds"], believed, RATE.tiers, hard_short=True).more


@cache
def in_band(passes: int, n: int) -> bool:
    return mass_between(KEEP.low, KEEP.high, passes, n - passes, RATE.unsolved_prior) >= KEEP.mass


def shifted(rate: float, shift: float) -> float:
    """A pass rate moved on the logit scale; those of 0 and 1 stay."""
    if rate <= 0 or rate >= 1:
        return rate
    return float(1 / (1 + (1 - rate) / rate * np.exp(-shift)))


def _prior(rates: NDArray[np.float64], rng: np.random.Generator) -> Prior:
    """What a run would have fitted by then, from questions of the same kind."""
    return fit(((int(rng.binomial(8, p)), 8) for p in rates), base(RATE))


def told(label: str, held: list[Held]) -> str:
    """One line of the table: how many numbers, the share inside, the median relative width."""
    share = float(np.mean([each.inside for each in held]))
    error = float(np.sqrt(share * (1 - share) / len(held)))
    below = float(np.mean([each.actual < each.said.low for each in held]))
    above = float(np.mean([each.actual > each.said.high for each in held]))
    width = float(np.median([each.width for each in held]))
    inside = f"{share:.3f} ± {1.96 * error:.3f}"
    return f"| {label} | {len(held)} | {inside} | {below:.3f} | {above:.3f} | {width:.2f} |"


def table(held: list[Held]) -> list[str]:
    """The table by prior, way, quantity, tier and domain; sums stand apart from cells."""
    cells = [each for each in held if each.tier != ALL]
    lines = [
        "| cells | n | inside 80 % | below | above | median relative width |",
        "|---|---|---|---|---|---|",
    ]
    lines.append(told("all cells", cells))
    for name in ("prior", "way", "name", "tier", "domain"):
        values = dict.fromkeys(getattr(each, name) for each in cells)
        lines += [told(str(v), [each for each in cells if getattr(each, name) == v]) for v in values]
    for name in ("kept", "tokens"):
        sums = [each for each in held if each.tier == ALL and each.name == name]
        lines.append(told(f"{name} of a domain", [each for each in sums if each.domain != ALL]))
        lines.append(told(f"{name} of a run", [each for each in sums if each.domain == ALL]))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="runs of each prior and way")
    parser.add_argument("--share", type=float, default=0.01, help="of the questions, in the pilot")
    options = parser.parse_args()
    began, held = time.monotonic(), list[Held]()
    for prior in PRIORS:
        for way in WAYS:
            for seed in range(options.runs):
                held += runs(prior, way, seed, share=options.share)
    print("\n".join(table(held)))
    print(f"\n{options.runs} runs of each, {sum(SIZES)} questions, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
