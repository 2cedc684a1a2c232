"""Rows of a forecast and of a bill, as people read them."""

from typing import Any

from datapipe.forecast import ALL, LEVEL

Rows = list[dict[str, Any]]
QUANTITIES = ("kept", "tokens")
"""What the bill is held against, cell by cell."""


def told_inside(rows: Rows, unasked: int) -> str:
    """How many cells of a bill came as forecast, and whether it is whole."""
    held, of = inside(rows)
    text = f"{held} of {of} numbers of cells lie inside their {LEVEL:.0%} interval"
    return f"{text}; {unasked} questions are not done, so the bill is not whole" if unasked else text


def inside(rows: Rows) -> tuple[int, int]:
    """(inside, of how many) over the cells of a bill: sums left out, and cells where nothing was to come."""
    held = [
        row[f"{name}_inside"]
        for row in rows
        if ALL not in (row["lane"], row["domain"], row["tier"])
        for name in QUANTITIES
        if row[f"{name}_high"] or row[f"{name}_actual"]
    ]
    return sum(held), len(held)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A forecast's row for reading: `mid (low to high)`."""
    ends = ("_low", "_high")
    names = [name for name in row if not name.endswith(ends)]
    return {name: _range(row, name) if f"{name}_low" in row else row[name] for name in names}


def billed(row: dict[str, Any]) -> dict[str, Any]:
    """A bill's row for reading: forecast, what came, and whether it lies inside."""
    told: dict[str, Any] = {name: row[name] for name in ("lane", "domain", "tier")}
    for name in QUANTITIES:
        told[f"{name} forecast"] = _range(row, name)
        told[name] = _short(row[f"{name}_actual"])
        told[f"{name} inside"] = "yes" if row[f"{name}_inside"] else "NO"
    return told


def _range(row: dict[str, Any], name: str) -> str:
    middle, low, high = (_short(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return middle if low == high else f"{middle} ({low} to {high})"


def _short(value: float) -> str:
    """Three figures are more than a forecast knows."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{value:.4g}"
