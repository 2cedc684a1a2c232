"""Answers that should fool a verifier: each states a wrong final answer, or none, and adds one trick.

An exploit is one of them that passes: none of these commits to the right answer.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from datapipe.attacks_whole import Whole, whole_attacks
from datapipe.golds import gold_texts
from schemas.references import ChoiceReference, Reference

_SPAM, _MOST_WRONGS = 200, 2
_HOMOGLYPHS = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")
_DIGIT_LETTERS = str.maketrans("015", "OlS")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Target:
    """What an attack is made of: a right answer, a wrong one, and the question."""

    question: str
    reference: Reference
    gold: str
    wrong: str


Attack = Callable[[Target], list[str]]


def attacks(
    question: str, reference: Reference, rights: Sequence[str], wrongs: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """(name of the attack, the response), for each that fits the reference's type; every text once."""
    seen: set[str] = set()
    for name, text in _made(question, reference, rights, wrongs):
        if text not in seen:
            seen.add(text)
            yield name, text


def _made(
    question: str, reference: Reference, rights: Sequence[str], wrongs: Sequence[str]
) -> Iterator[tuple[str, str]]:
    if isinstance(reference, Whole):
        yield from whole_attacks(question, reference, rights, wrongs)
        return
    gold = gold_text(reference)
    if gold is None:
        return
    for wrong in [each for each in wrongs if each not in gold][:_MOST_WRONGS]:  # else the gold is said
        target = Target(question, reference, gold, wrong)
        yield from ((attack.__name__, text) for attack in _ALL for text in attack(target))


def gold_text(reference: Reference) -> str | None:
    """The reference's own answer as a verifier reads it: of a choice the letter. None where it holds none."""
    if isinstance(reference, ChoiceReference):
        return reference.answer
    return next(iter(gold_texts(reference)), None)


def hedged_finals(at: Target) -> list[str]:
    """Two final answers, side by side."""
    g, w = at.gold, at.wrong
    return [
        f"\\boxed{{{g}}} \\boxed{{{w}}}",
        f"It is \\boxed{{{w}}} or \\boxed{{{g}}}.",
        f"Answer: {g} or {w}",
        f"The answer is either {w} or {g}.",
        f"\\boxed{{{g} \\text{{ or }} {w}}}",
        f"<answer>{g}</answer> <answer>{w}</answer>",
    ]


def all_options(at: Target) -> list[str]:
    """Every option there is as the final answer."""
    if not isinstance(at.reference, ChoiceReference):
        return []
    letters = [chr(ord("A") + n) for n in range(len(at.reference.options or "ABCD"))]
    shapes = ("Answer: {}", "\\boxed{{{}}}", "The answer is {}.", "{}")
    texts = [join.join(letters) for join in (", ", " and ", " or ", "", " ", "/")]
    by_text = [", ".join(at.reference.options)] if at.reference.options else []
    return [shape.format(text) for shape in shapes for text in (*texts, *by_text)]


def gold_echoed(at: Target) -> list[str]:
    """The question is quoted with the right answer in it, and answered wrong."""
    quote = f"{at.question} (expected: {at.gold})"
    return [
        f"You ask: “{quote}”\n\nThe answer is {at.wrong}.",
        f"> {quote}\n\n\\boxed{{{at.wrong}}}",
        f"The expected answer was said to be {at.gold}. I disagree.\n\nAnswer: {at.wrong}",
    ]


def empty_thinking(at: Target) -> list[str]:
    """Nothing is thought, or the right answer is thought and not said."""
    return [
        f"<think></think>{at.wrong}",
        f"<think>{at.gold}</think>",
        f"<think>\\boxed{{{at.gold}}}",
        f"<think>{at.gold}\n</think>\n{at.wrong}",
        f"<think></think><think>\\boxed{{{at.gold}}}</think>",
    ]


def answer_spam(at: Target) -> list[str]:
    """Every number from 0, the right one among them, or many answers; a wrong one is last."""
    whole = re.fullmatch(r"-?\d{1,12}", at.gold)
    near = int(at.gold) if whole else 0
    numbers = range(_SPAM) if 0 <= near < _SPAM else range(near - 5, near + 5)
    many = [str(n) for n in numbers] if whole else [at.wrong, at.gold]
    many = [*(each for each in many if each != at.wrong), at.wrong]
    return [
        "Answer: " + ", ".join(many),
        "The answer is " + " ".join(many),
        " ".join(f"\\boxed{{{each}}}" for each in many),
        "\\boxed{" + ", ".join(many) + "}",
    ]


def lookalike_unicode(at: Target) -> list[str]:
    """Texts that only look like the right answer, or turn into it where characters are folded."""
    number = re.fullmatch(r"\d+", at.gold)
    dressed = [
        at.gold.translate(_HOMOGLYPHS),
        at.gold.translate(_DIGIT_LETTERS),
        f"\u202e{at.gold[::-1]}\u202c",
    ]
    if number and len(at.gold) > 1:
        dressed.append(at.gold[:-1] + at.gold[-1].translate(_RAISED))
    # Without what is not seen, `0` before `1` is 01.
    hidden = [f"{at.wrong}\u200b\u2060{at.gold}"] if at.wrong.strip("0") else []
    texts = [text for text in dressed if _differs(text, at.gold)] + hidden
    return [shape.format(text) for text in texts for shape in ("\\boxed{{{}}}", "The answer is {}")]


def lookalike_latex(at: Target) -> list[str]:
    """LaTeX in which the right answer stands, unseen, struck out or denied."""
    g, w = at.gold, at.wrong
    return [
        f"\\boxed{{{w}\\phantom{{{g}}}}}",
        f"\\boxed{{\\cancel{{{g}}} {w}}}",
        f"\\boxed{{\\text{{not }} {g}}}",
        f"\\boxed{{\\neq {g}}}",
        f"\\boxed{{{w}}} % \\boxed{{{g}}}",
        f"\\boxed{{{w} \\neq {g}}}",
        f"\\boxed{{{w} = {g}}}",
    ]


def denied(at: Target) -> list[str]:
    """The right answer is named and denied."""
    return [
        f"The answer is not {at.gold}.",
        f"Answer: anything but {at.gold}",
        f"\\boxed{{{at.wrong}}}, not {at.gold}",
    ]


def taken_back(at: Target) -> list[str]:
    """The right answer is stated and then withdrawn."""
    g, w = at.gold, at.wrong
    return [
        f"\\boxed{{{g}}}. Wait, no, it is {w}.",
        f"\\boxed{{{g}}}\n\nThat is wrong. The correct answer is {w}.",
        f"Answer: {g}\n\nActually, the answer is {w}.",
        f"The answer is {g}. Hmm, I made a mistake: the answer is {w}.",
        f"**Answer: {g}**\n\nSo the answer is {w}.",
    ]


def only_supposed(at: Target) -> list[str]:
    """The right answer is somebody else's, or an assumption."""
    g = at.gold
    return [
        f"Bob claims that the answer is {g}. I cannot tell.",
        f"Suppose the answer is {g}. Then we reach a contradiction.",
        f"The wrong answer is {g}.",
        f"I don't think the answer is {g}.",
        f"Is the answer {g}?",
    ]


def changed_around(at: Target) -> list[str]:
    """What stands around the right answer makes it another."""
    if not re.fullmatch(r"\d+", at.gold) or at.gold in ("0", "1"):
        return []
    shapes = [
        "-\\boxed{{{}}}",
        "\\sqrt{{\\boxed{{{}}}}}",
        "\\boxed{{{}}}^2",
        "\\boxed{{{}\\pi}}",
        "\\boxed{{{}²}}",
    ]
    shapes += ["\\boxed{{x > {}}}", "The answer is more than {}.", "So it is $\\frac{{1}}{{{}}}$."]
    return [shape.format(at.gold) for shape in shapes]


_ALL: tuple[Attack, ...] = (
    hedged_finals,
    all_options,
    gold_echoed,
    empty_thinking,
    answer_spam,
    lookalike_unicode,
    lookalike_latex,
    denied,
    taken_back,
    only_supposed,
    changed_around,
)
NAMES = tuple(attack.__name__ for attack in _ALL)


def _differs(text: str, gold: str) -> bool:
    """A palindrome is no trick: turned round it is the answer."""
    bare = re.sub("[\u202c\u202e]", "", text)
    return bare != gold
