"""Which of two numbers is larger, digit by digit, and which of several is the largest."""

from __future__ import annotations

from random import Random

from task import Task, answered

LEVELS = range(1, 9)
_TWO = ("Which number is {word}, {a} or {b}?", "Which is {word}: {a} or {b}?")
_MANY = ("Which of these numbers is the {word}: {list}?", "Find the {word} number: {list}.")
_TURNED = {"<": ">", ">": "<", "=": "="}


def draw(rng: Random, level: int) -> Task:
    """Draw a comparison: level 1..5 is two numbers of level + 1 digits, 6..8 is 4, 6, 8 numbers."""
    if level > 5:
        return _several(rng, level)
    if level < 5 and rng.random() < 0.4:
        return _decimals(rng, level)
    return _integers(rng, level)


def _near(rng: Random, digits: int) -> tuple[str, str]:
    """Return two different digit strings of one length that share a prefix of random length."""
    shared = "".join(rng.choice("0123456789") for _ in range(rng.randrange(digits)))
    while True:
        tails = ["".join(rng.choice("0123456789") for _ in range(digits - len(shared))) for _ in "ab"]
        if tails[0][0] != tails[1][0]:
            return shared + tails[0], shared + tails[1]


def _integers(rng: Random, level: int) -> Task:
    a, b = _near(rng, level)
    first = rng.choice("123456789")
    a, b = first + a, first + b
    if rng.random() < 0.15:
        b = b[:-1]
    if len(a) != len(b):
        sign = ">" if len(a) > len(b) else "<"
        return _two(rng, level, a, b, f"digits: {len(a)}{sign}{len(b)}")
    return _two(rng, level, a, b, _walk(a, b))


def _decimals(rng: Random, level: int) -> Task:
    whole = str(rng.randrange(10))
    a, b = _near(rng, level)
    a, b = a.rstrip("0") or "1", b.rstrip("0") or "2"
    if rng.random() < 0.4:
        b = b[0] if b[0] != "0" else "3"
    if a == b:
        a += "1"
    width = max(len(a), len(b))
    thinking = f"{whole}={whole}\n{_walk(a.ljust(width, '0'), b.ljust(width, '0'))}"
    return _two(rng, level, f"{whole}.{a}", f"{whole}.{b}", thinking)


def _walk(a: str, b: str) -> str:
    """Return the digits of two strings compared one by one up to the first difference."""
    lines = []
    for x, y in zip(a, b, strict=True):
        sign = "=" if x == y else ">" if x > y else "<"
        lines.append(f"{x}{sign}{y}")
        if x != y:
            break
    return "\n".join(lines)


def _two(rng: Random, level: int, a: str, b: str, thinking: str) -> Task:
    if rng.random() < 0.5:
        a, b = b, a
        thinking = "\n".join(_turn(line) for line in thinking.split("\n"))
    word = rng.choice(("larger", "smaller"))
    a_wins = (float(a) > float(b)) == (word == "larger")
    answer = a if a_wins else b
    thinking = f"{thinking}\n{word}: {answer}"
    prompt = rng.choice(_TWO).format(word=word, a=a, b=b)
    tag = "decimals" if "." in a else "integers"
    return _task(level, prompt, thinking, answer, "I compared the digits from left to right.", tag)


def _turn(line: str) -> str:
    """Return one comparison, such as `3<5` or `digits: 3<5`, with its sides changed."""
    head, x, sign, y = line[:-3], *line[-3:]
    return f"{head}{y}{_TURNED[sign]}{x}"


def _several(rng: Random, level: int) -> Task:
    digits = rng.choice((2, 3))
    numbers = rng.sample(range(10 ** (digits - 1), 10**digits), 2 * level - 8)
    word, best = rng.choice((("largest", max), ("smallest", min)))
    lines = [str(best(numbers[: i + 1])) for i in range(1, len(numbers))]
    prompt = rng.choice(_MANY).format(word=word, list=", ".join(map(str, numbers)))
    remark = f"I kept the {word} number so far."
    return _task(level, prompt, "\n".join(lines), str(best(numbers)), remark, f"of-{len(numbers)}")


def _task(level: int, prompt: str, thinking: str, answer: str, remark: str, tag: str) -> Task:
    reference: dict[str, object] = {"type": "math", "answer": answer}
    responses = answered(answer, "number", remark)
    return Task(
        "comparisons", level, "comparison", prompt, thinking, responses, reference, ("comparing", tag)
    )
