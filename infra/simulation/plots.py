"""Bias, coverage and what tokens buy, as pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from simulation.cases import FIXED, Case
from simulation.measures import BIAS, COVERAGE, Measured, Tenth

mpl.use("Agg")
_OLD, _NEW, _THIRD, _GATE = "#c05020", "#1f5fa8", "#2b8a5f", "#888888"
_MIDDLES = [(k + 0.5) / 10 for k in range(10)]


def draw(found: Sequence[Case], folder: Path) -> None:
    """Write bias.png, coverage.png and tokens.png."""
    folder.mkdir(parents=True, exist_ok=True)
    _page(found, folder / "bias.png", _bias, "true pass rate", "mean error of the estimate", True)
    _page(
        found, folder / "coverage.png", _coverage, "true pass rate", "share that 95 % intervals cover", True
    )
    _page(
        found,
        folder / "tokens.png",
        _tokens,
        f"tokens, n = {FIXED} is 1",
        "share of tiers that are right",
        False,
    )


def _page(
    found: Sequence[Case], path: Path, one: Callable[[Axes, Case], None], x: str, y: str, sharey: bool
) -> None:
    """A row for each map of tiers, a column for each world."""
    maps, worlds = [*dict.fromkeys(c.tiers for c in found)], [*dict.fromkeys(c.world.name for c in found)]
    figure, axes = plt.subplots(
        len(maps), len(worlds), figsize=(3.1 * len(worlds), 2.9 * len(maps)), sharey=sharey, squeeze=False
    )
    for case in found:
        place = axes[maps.index(case.tiers)][worlds.index(case.world.name)]
        one(place, case)
        place.set_title(case.name, fontsize=10)
        place.spines[["top", "right"]].set_visible(False)
        place.tick_params(labelsize=8)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=len(labels), frameon=False, fontsize=9)
    figure.supxlabel(x, fontsize=10)
    figure.supylabel(y, fontsize=10)
    figure.tight_layout(rect=(0.01, 0.0, 1, 0.94))
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _line(
    place: Axes, xs: Sequence[float], ys: Sequence[Measured], colour: str, label: str, marker: str
) -> None:
    errors = [[y.value - y.low for y in ys], [y.high - y.value for y in ys]]
    place.errorbar(
        xs,
        [y.value for y in ys],
        yerr=errors,
        color=colour,
        marker=marker,
        markersize=4,
        linewidth=1.2,
        elinewidth=0.8,
        label=label,
    )


def _by_tenth(
    place: Axes, case: Case, of: Callable[[Tenth], Measured], colour: str, label: str, shift: float
) -> None:
    tenths = case.tenths(case.rounds)["of [0, 1]"]
    _line(place, [x + shift for x in _MIDDLES], [of(t) for t in tenths], colour, label, "o")


def _bias(place: Axes, case: Case) -> None:
    place.axhspan(-BIAS, BIAS, color=_GATE, alpha=0.15, linewidth=0, label=f"gate: ±{BIAS}")
    place.axhline(0, color=_GATE, linewidth=0.8)
    _by_tenth(place, case, lambda t: t.naive, _OLD, "passes over scored", -0.01)
    _by_tenth(place, case, lambda t: t.unbiased, _NEW, "the stored estimate", 0.01)


def _coverage(place: Axes, case: Case) -> None:
    place.axhline(COVERAGE, color=_GATE, linewidth=1, linestyle="--", label=f"gate: {COVERAGE}")
    _by_tenth(place, case, lambda t: t.jeffreys, _OLD, "Jeffreys' interval", -0.01)
    _by_tenth(place, case, lambda t: t.stored, _NEW, "the stored interval", 0.01)
    place.set_ylim(0.9, 1.005)


def _tokens(place: Axes, case: Case) -> None:
    _line(
        place,
        [cost.value for _, cost, _ in case.curve],
        [right for *_, right in case.curve],
        _OLD,
        "the same n for all: 8, 10 … 16",
        "o",
    )
    _line(
        place,
        [cost.value for _, cost, _ in case.points],
        [right for *_, right in case.points],
        _NEW,
        "rounds until one tier holds .8, .9, .95",
        "s",
    )
    _line(
        place,
        [case.cost(case.short).value],
        [case.accuracy(case.short)],
        _THIRD,
        ".9 while hard questions are short",
        "^",
    )
