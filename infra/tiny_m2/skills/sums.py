"""Sums of two numbers by columns, and of several small numbers one after another."""

from __future__ import annotations

from random import Random

from task import Task, answered

LEVELS = range(1, 11)
_TWO = ("What is {a} + {b}?", "Compute {a} + {b}.", "Add {a} and {b}.", "{a} + {b} = ?")
_MANY = ("What is {sum}?", "Compute {sum}.", "{sum} = ?")


def columns(a: int, b: int) -> str:
    """Return the column addition of two numbers, a line a digit, lowest first, carry as third term."""
    x, y = str(a)[::-1], str(b)[::-1]
    carry, lines = 0, []
    for i in range(max(len(x), len(y))):
        p, q = int(x[i : i + 1] or 0), int(y[i : i + 1] or 0)
        lines.append(f"{p}+{q}+{carry}={p + q + carry}")
        carry = (p + q + carry) // 10
    return "\n".join(lines)


def number(rng: Random, digits: int) -> int:
    """Return a number of that many digits."""
    return rng.randint(0 if digits == 1 else 10 ** (digits - 1), 10**digits - 1)


def draw(rng: Random, level: int) -> Task:
    """Draw a sum: level 1..7 is two numbers of that many digits, 8..10 adds 2..4 digits to a small one."""
    return _several(rng, level) if level > 7 else _two(rng, level)


def _two(rng: Random, digits: int) -> Task:
    a, b = number(rng, digits), number(rng, rng.choice((digits, digits, max(1, digits - 1))))
    if rng.random() < 0.5:
        a, b = b, a
    prompt = rng.choice(_TWO).format(a=a, b=b)
    remark = "I added the digits from right to left."
    return _task(digits, prompt, columns(a, b), a + b, remark, f"digits-{digits}")


def _several(rng: Random, level: int) -> Task:
    numbers = [number(rng, rng.choice((1, 2)))] + [number(rng, 1) for _ in range(level - 6)]
    prompt = rng.choice(_MANY).format(sum=" + ".join(map(str, numbers)))
    total, lines = numbers[0], []
    for n in numbers[1:]:
        lines.append(f"{total}+{n}={total + n}")
        total += n
    remark = "I added the numbers one after another."
    return _task(level, prompt, "\n".join(lines), total, remark, f"terms-{len(numbers)}")


def _task(level: int, prompt: str, thinking: str, total: int, remark: str, tag: str) -> Task:
    reference: dict[str, object] = {"type": "math", "answer": str(total)}
    responses = answered(str(total), "sum", remark)
    return Task("sums", level, "arithmetic", prompt, thinking, responses, reference, ("addition", tag))
