"""The tables of docs/spending.md, between its two marks."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from simulation import besides
from simulation.cases import FIXED, MASSES, Case
from simulation.measures import Measured, Tenth

BEGIN, END = "<!-- simulated: begin -->", "<!-- simulated: end -->"


def write(path: Path, found: Sequence[Case], questions: int, seed: int) -> None:
    """Replace what stands between the marks."""
    before, _, rest = path.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text("\n".join([before + BEGIN, "", *lines(found, questions, seed), END]) + after)


def lines(found: Sequence[Case], questions: int, seed: int) -> Iterator[str]:
    yield f"{questions:,} questions of each law, seed {seed}. ± is the 95 % Monte-Carlo error."
    yield from ["", "### Tokens and tiers", "", *_table(*_costs(found)), ""]
    yield from ["### The worst tenth", "", *_table(*_worst(found)), ""]
    yield from ["### How sure is sure enough", "", *_table(*_masses(found)), ""]
    yield from ["### Harvest draws", "", *_table(*_harvest(questions, seed)), ""]
    yield from ["### Priors of small groups", "", *_table(*_groups(questions, seed)), ""]
    yield from ["### Answers cut off", "", *_table(*_cut(seed)), ""]
    yield from ["### Every tenth", ""]
    for case in found:
        yield from [f"**{case.name}**, in rounds, tenths of [0, 1]", "", *_table(*_tenths(case)), ""]


Table = tuple[Sequence[str], Iterable[Sequence[str]]]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _pm(of: Measured, digits: int = 3, sign: str = "") -> str:
    return f"{of.value:{sign}.{digits}f} ± {(of.high - of.low) / 2:.{digits}f}"


def _costs(found: Sequence[Case]) -> Table:
    head = (
        "law, tiers",
        f"n = {FIXED}: tokens a question",
        "tier by the rate",
        "tier by the posterior",
        "rounds: draws",
        "tokens",
        "tier",
        "hard short: draws",
        "tokens",
        "tier",
    )
    return head, (
        (
            case.name,
            f"{case.fixed.tokens.mean():,.0f}",
            _pm(case.accuracy_by_rate()),
            _pm(case.accuracy(case.fixed)),
            *(
                text
                for way in (case.rounds, case.short)
                for text in (f"{way.draws.mean():.1f}", _pm(case.cost(way)), _pm(case.accuracy(way)))
            ),
        )
        for case in found
    )


def _worst(found: Sequence[Case]) -> Table:
    head = ("law, tiers", "asked", "bias, naive", "bias, stored", "coverage, Jeffreys", "coverage, stored")
    return head, (
        (case.name, name, *_worst_of([t for kind in case.tenths(asked).values() for t in kind]))
        for case in found
        for name, asked in case.ways().items()
    )


def _worst_of(tenths: Sequence[Tenth]) -> Iterator[str]:
    for estimate in ([t.naive for t in tenths], [t.unbiased for t in tenths]):
        yield _pm(max(estimate, key=lambda m: abs(m.value)), sign="+")
    for interval in ([t.jeffreys for t in tenths], [t.stored for t in tenths]):
        yield _pm(min(interval, key=lambda m: m.value))


def _masses(found: Sequence[Case]) -> Table:
    head = ("law, tiers", *(text for mass in MASSES for text in (f"{mass}: tokens", "tier")))
    return head, ((case.name, *(text for _, *two in case.points for text in map(_pm, two))) for case in found)


def _harvest(questions: int, seed: int) -> Table:
    head = ("pass rate", "every draw until four are right", "rate draws alone")
    return head, ((f"{p}", _pm(all_), _pm(rate)) for p, all_, rate in besides.harvest(questions, seed))


def _groups(questions: int, seed: int) -> Table:
    head = ("questions a group", *(f"{k / 10:.1f}" for k in range(10)))
    return head, (
        (str(size), *(_pm(m, sign="+") for m in besides.small_groups(size, questions // 2, seed)))
        for size in (20, 200)
    )


def _cut(seed: int) -> Table:
    head = (
        "rate without a limit",
        "cut off",
        "P(right given not cut off)",
        "passes over scored",
        "passes over draws (`low`)",
        "1 - fails over draws (`high`)",
    )
    return head, (
        (f"{q:.2f}", f"{cut:.3f}", f"{p:.3f}", *(_pm(m) for m in means))
        for q, cut, p, *means in besides.cut_off(4_000, seed)
    )


def _tenths(case: Case) -> Table:
    head = ("true rate", "questions", "bias, naive", "bias, stored", "coverage, Jeffreys", "coverage, stored")
    return head, (
        (
            f"{k / 10:.1f} to {(k + 1) / 10:.1f}",
            f"{t.stored.n:,}",
            _pm(t.naive, sign="+"),
            _pm(t.unbiased, sign="+"),
            _pm(t.jeffreys),
            _pm(t.stored),
        )
        for k, t in enumerate(case.tenths(case.rounds)["of [0, 1]"])
    )
