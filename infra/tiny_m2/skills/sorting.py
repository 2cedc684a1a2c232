"""Sorting a few numbers by putting one after another into its place."""

from __future__ import annotations

from bisect import insort
from random import Random

from task import Task, answered

LEVELS = range(3, 9)
_PROMPTS = ("Sort these numbers {order}: {list}.", "Put these numbers in order {order}: {list}.")
_ORDERS = {"from smallest to largest": 1, "from largest to smallest": -1}


def draw(rng: Random, level: int) -> Task:
    """Draw a list of `level` different numbers of one or two digits to be sorted."""
    numbers = rng.sample(range(1, 100), level)
    order, sign = rng.choice(list(_ORDERS.items()))
    done: list[int] = []
    lines = []
    for n in numbers:
        insort(done, n, key=lambda x: sign * x)
        lines.append(" ".join(map(str, done)))
    answer = ", ".join(map(str, done))
    prompt = rng.choice(_PROMPTS).format(order=order, list=", ".join(map(str, numbers)))
    reference: dict[str, object] = {"type": "text", "answer": answer}
    responses = answered(answer, "order", "I put each number into its place.")
    tags = ("sorting", f"numbers-{level}")
    return Task("sorting", level, "sorting", prompt, "\n".join(lines[1:]), responses, reference, tags)
