"""Small questions that can be read and answered by rule: sums, comparisons, sorting, counting, choices."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Solved:
    """A question understood. `right` is None where only a guess among the `wrong` ones is possible."""

    noun: str
    remark: str
    steps: tuple[str, ...]
    """The lines of thinking that lead to the right answer."""
    right: str | None
    wrong: tuple[str, ...]
    """Near misses."""
    effort: float
    """How much there is to get wrong; 1 is a sum of two digits."""


_NUMBER = re.compile(r"(?<![\d.])\d{1,15}(?:\.\d{1,15})?(?!\d)")
_SUM = re.compile(r"(?<!\d)\d{1,15}(?: ?[-+*×] ?\d{1,15})+(?!\d)")
_ADD = re.compile(r"\bAdd (\d{1,15}) and (\d{1,15})(?!\d)")
_TERM = re.compile(r"([-+*×]?) ?(\d+)")
_OPTION = re.compile(r"^([A-J])[).] (.{1,500})$", re.MULTILINE)
_LARGE = re.compile(r"\b(?:larger|largest|greater|greatest|bigger|biggest)\b")
_SMALL = re.compile(r"\b(?:smaller|smallest|lesser|least)\b")
_SORTED = re.compile(r"\bfrom (smallest|largest) to (?:smallest|largest)\b")
_LETTER_IN = re.compile(r'\bletter (\w)\b[^":\n]{0,80}(?:"([^"\n]{1,500})"|: ([^.?\n]{1,500}))')
_WORD_IN = re.compile(r"\bword (\w+)\b[^:\n]{0,80}list: ([^.?\n]{1,2000})")
_HAS_LETTER = re.compile(r"\b(?:contains|has) the letter (\w)\b")


@lru_cache(maxsize=4096)
def solve(question: str) -> Solved | None:
    """The question understood, or None where it is of no kind known here."""
    readers: tuple[Callable[[str], Solved | None], ...] = (_choice, _sorting, _counting, _comparing, _adding)
    return next((found for read in readers if (found := read(question))), None)


def _adding(question: str) -> Solved | None:
    if pair := _ADD.search(question):
        terms = f"{pair[1]} + {pair[2]}"
    elif found := _SUM.search(question):
        terms = found.group()
    else:
        return None
    totals = _totals(terms)
    total = totals[-1]
    wrong = tuple(str(total + d) for d in (-100, -10, -2, -1, 1, 2, 10, 100))
    digits = sum(len(n) for _, n in _TERM.findall(terms))
    steps = (f"{terms}", *(f"so far {n}" for n in totals[1:]))
    return Solved("sum", "I worked from left to right.", steps, str(total), wrong, digits / 2)


def _totals(terms: str) -> list[int]:
    """Running totals, products before sums."""
    parts: list[int] = []
    for sign, digits in _TERM.findall(terms):
        if sign in ("*", "×"):
            parts[-1] *= int(digits)
        else:
            parts.append(-int(digits) if sign == "-" else int(digits))
    return list(accumulate(parts))


def _comparing(question: str) -> Solved | None:
    numbers = _NUMBER.findall(question)
    large, small = _LARGE.search(question), _SMALL.search(question)
    if len(numbers) < 2 or bool(large) == bool(small):
        return None
    best = (max if large else min)(numbers, key=float)
    wrong = tuple(n for n in numbers if n != best) or (best + "0",)
    so_far = accumulate(numbers, lambda a, b: (max if large else min)(a, b, key=float))
    remark = f"I kept the {'larger' if large else 'smaller'} number."
    effort = len(numbers) * 0.6 + max(map(len, numbers)) * 0.5
    return Solved("number", remark, tuple(so_far), best, wrong, effort)


def _sorting(question: str) -> Solved | None:
    order, numbers = _SORTED.search(question), _NUMBER.findall(question)
    if not order or len(numbers) < 2:
        return None
    done: list[str] = []
    steps = []
    for number in numbers:
        done = sorted([*done, number], key=float, reverse=order[1] == "largest")
        steps.append(" ".join(done))
    swaps = ((*done[:i], done[i + 1], done[i], *done[i + 2 :]) for i in range(len(done) - 1))
    wrong = tuple(", ".join(swap) for swap in swaps)
    remark = "I put each number into its place."
    return Solved("order", remark, tuple(steps), ", ".join(done), wrong, 1.1 * len(numbers))


def _counting(question: str) -> Solved | None:
    letter, word = _LETTER_IN.search(question), _WORD_IN.search(question)
    found = letter or word
    if not found:
        return None
    text = next(group for group in found.groups()[1:] if group)
    parts = re.findall(r"\w", text) if letter else [part.strip() for part in text.split(",")]
    count = parts.count(found[1])
    wrong = tuple(str(n) for n in (count - 1, count + 1, count + 2) if n >= 0)
    effort = len(parts) * (0.35 if letter else 0.8)
    steps = ((" " if letter else ", ").join(parts), f"{found[1]}: {count}")
    return Solved("count", "I went through it one by one.", steps, str(count), wrong, effort)


def _choice(question: str) -> Solved | None:
    options = dict(_OPTION.findall(question))
    if len(options) < 2:
        return None
    stem = question[: question.index("\nA")] if "\nA" in question else question
    fitting = [letter for letter, option in options.items() if _fits(option, stem, list(options.values()))]
    right = fitting[0] if len(fitting) == 1 else None
    wrong = tuple(letter for letter in options if letter != right)
    steps = tuple(f"{letter}) {option}" for letter, option in options.items() if letter == right)
    remark = f"It is {options[right]}." if right else "I think it is this one."
    return Solved("option", remark, steps or ("I am not sure.",), right, wrong, 2 + len(stem) / 15)


def _fits(option: str, stem: str, options: list[str]) -> bool:
    """Whether an option is what the stem asks for."""
    if letter := _HAS_LETTER.search(stem):
        return letter[1] in option
    if found := _SUM.search(stem):
        return option == str(_totals(found.group())[-1])
    solved = _comparing(", ".join([stem, *options]))
    return solved is not None and option == solved.right
