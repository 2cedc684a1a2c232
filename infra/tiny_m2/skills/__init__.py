"""The skills of the tiny model, one a file; each draws a task of a level from a random generator."""

from __future__ import annotations

from skills import choices, comparisons, counting, judging, sorting, sums, writing

VERIFIABLE = {
    "sums": sums,
    "comparisons": comparisons,
    "sorting": sorting,
    "counting": counting,
    "choices": choices,
}
SKILLS = {**VERIFIABLE, "writing": writing, "judging": judging}
