"""Ask simulated questions of known pass rates in rounds, and hold bias and coverage to their gates.

    python infra/simulate.py [--questions N] [--seed N] [--dry]

Writes the tables and plots of docs/spending.md, unless `--dry`. Ends with 1 where a gate fails in some tenth.
"""

import argparse
import sys
from pathlib import Path

from simulation import cases, page, plots

DOCS = Path(__file__).parents[1] / "docs"


def main() -> int:
    """Run every case: 1 where a gate does not hold."""
    given = _arguments()
    found = list(cases.cases(given.questions, given.seed))
    for case in found:
        cost, right = case.cost(case.rounds).value, case.accuracy(case.rounds).value
        print(f"{case.name}: rounds take {cost:.3f} of the tokens, {right:.3f} of the tiers are right")
    if not given.dry:
        plots.draw(found, DOCS / "spending")
        page.write(DOCS / "spending.md", found, given.questions, given.seed)
    failed = cases.broken(found)
    print(*failed or ["every gate holds"], sep="\n")
    return bool(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dry", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
