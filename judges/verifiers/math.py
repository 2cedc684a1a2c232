"""Compare the final answer with the reference as mathematics: exactly where possible, else by symbols."""

import re

from judges.base import Attempt, Finding, Unscored, check
from judges.values.answers import same_answer
from judges.values.asides import parted
from judges.values.closing import closing_value
from judges.values.counts import Unclear
from judges.values.finals import numbers_in
from judges.values.lists import read_list
from judges.values.lone import lone_number
from judges.values.lone_value import Torn
from judges.values.numbers import TooLarge, read_number
from judges.values.plain import plain
from judges.values.readings import value_in
from judges.values.remarks import unproven
from judges.values.restated import rounds
from judges.values.seen import seen
from judges.values.spelled import ending_in_figures
from judges.values.stated import final_values
from judges.values.symbolic import symbolically_equal
from judges.values.variants import misses, others
from judges.values.withdrawn import undecided
from schemas.references import Comparison, MathReference, Reference

_ROUGHLY = re.compile(r"(?:\b(?:about|approximately|approx\.?|roughly|around)|≈|\\approx)[\s$*]{0,9}\Z")

# `(that's 1.2 million)` in a paragraph of its own, behind a value.
_BELOW = re.compile(r"\n[ \t]*\n(?=\((?:that['’]s|that is|which is|i\.e\.|or)\s[^()\n]{1,80}\)[\s.]*\Z)")
_MOST_END = 300
_THEREFORE = re.compile(r"\\\(\s?\\therefore\s?\\\)|\$\\therefore\$|∴(?=\s*[^\W\d_]{2})")


def _try(text: str, gold: str, **policy: bool | int) -> Attempt:
    return Attempt.of(text, {"type": "math", "answer": gold, "comparison": policy or None})


@check(
    passes=[
        _try("<think>No, \\boxed{3}.</think>So it is $\\boxed{\\frac{1}{2}}$.", "0.5"),
        _try("She has 3 + 4 = 7 eggs.\nA: 1,007", "1007"),
        _try("The answer is $42.", "42"),
        _try("#### -3", "-3"),
        _try("The answer is 4. Wait, no, the answer is 5.", "5"),
        _try("We get \\boxed{(1, 2)}.", "(1,2)"),
        _try("\\boxed{50\\%}", "0.5", percent=True),
        _try("**Answer:** 3.1416", "3.14159", decimals=4),
        _try("\\boxed{2, 1}", "1, 2", ordered=False),
        _try("\\boxed{\\frac{\\sqrt{2}}{2}}", "1/\\sqrt{2}"),
    ],
    fails={
        _try("\\boxed{7}", "8"): "'7' is not '8'",
        _try("Answer: 5 km", "5 m"): "'5 km' is not '5 m'",
        _try("\\boxed{50\\%}", "0.5"): "'50\\\\%' is not '0.5'",
        _try("\\boxed{(2, 1)}", "(1, 2)"): "'(2, 1)' is not '(1, 2)'",
        _try("So he pays 5 dollars.", "12"): "'5 dollars' is not '12'",
    },
    unscored={
        _try("I do not know.", "5"): "no final answer",
        _try("The answer is less than 5.", "5"): "a bound or a denial: 'less than 5'",
        _try("It is \\boxed{4} or \\boxed{5}.", "4"): "two final answers: '4' and '5'",
        _try("\\boxed{4}\n\nAnswer: 5", "4"): "two final answers: '4' and '5'",
        _try("\\boxed{4}. Wait, that is wrong. The answer is 5.", "4"): "taken back: '4'",
        _try("In all, 12 boxes and 5 bags", "12"): "'5' is a part of something",
        _try("Bob claims that the answer is 4.", "4"): "supposed, quoted or denied: '4'",
        _try("So it is $\\boxed{5}\\pi$.", "5"): "what stands around the box changes it: '5'",
        _try(
            "Answer: Ann has 3 and Bob has 4 of them", "4"
        ): "several numbers in 'Ann has 3 and Bob has 4 of them'",
        _try("\\boxed{many}", "5"): "cannot compare 'many' with '5'",
    },
    libraries=("math-verify", "latex2sympy2_extended", "sympy", "mpmath", "pint"),
)
def math(attempt: Attempt, last_number_counts: bool = True) -> Finding:
    """The comparison policy is the reference's. Where nothing is stated as final, the last number counts, or
    the value that the last sentence closes with, if `last_number_counts`."""
    reference = attempt.expected(MathReference)
    policy = reference.comparison or Comparison()
    text = seen(attempt.response)
    if doubt := undecided(text):
        raise Unscored(f"undecided: {doubt!r}")
    try:
        main, aside = parted(
            _THEREFORE.sub("therefore", text) if "therefore" in text or "∴" in text else text
        )
        found = _extract(main, reference.answer, policy, last_number_counts)
        verdict = same_answer(reference.answer, found, policy)
        if verdict is False and _told_in(aside, reference.answer):
            raise Unscored(f"perhaps what is added behind {found!r}")
    except TooLarge as error:
        raise Unscored(str(error)) from error
    if verdict is None:
        raise Unscored(f"cannot compare {found!r} with {reference.answer!r}")
    return Finding(None if verdict else f"{found!r} is not {reference.answer!r}", extracted=found)


def _told_in(aside: str, gold: str) -> bool:
    """Is the gold answer, or a number of it, in what is added?"""
    wanted = {gold, *numbers_in(gold)}
    return any(same_answer(one, each) for each in numbers_in(aside) for one in wanted)


def same(a: str, b: str, reference: Reference | None = None) -> bool:
    """Are two final answers the same one, under the reference's policy or else the default one?"""
    try:
        return bool(same_answer(a, b, reference.comparison if reference else None))
    except TooLarge:
        return a == b


def warm() -> None:
    """Loads the parser, whose tables grow with what it has read: half a second for the first few texts."""
    symbolically_equal("(x+1)(x+2)", "x^2+3x+2")
    symbolically_equal(r"\frac{\sqrt{2}}{2}", r"\sqrt{\frac{1}{2}}")
    same_answer("5 km", "5000 m")


def near_misses(reference: Reference) -> list[str]:
    """Final answers close by that must not pass."""
    if not isinstance(reference, MathReference):
        return []
    rounded = reference.comparison is not None and reference.comparison.decimals is not None
    return misses(reference.answer, rounded)


def equivalents(reference: Reference) -> list[str]:
    """Responses with other spellings of the answer, which must pass."""
    if not isinstance(reference, MathReference):
        return []
    return [f"\\boxed{{{each}}}" for each in others(reference.answer)]


def _extract(text: str, gold: str, policy: Comparison, last_number_counts: bool) -> str:
    try:
        texts = final_values(text, gold)
        if texts is None:
            return _lone(text, gold, policy, last_number_counts)
    except Unclear as error:
        raise Unscored(str(error)) from error
    if len(texts) > 1 and read_list(plain(gold)) is not None:
        return ", ".join(texts)
    if len(texts) > 1:
        raise Unscored(f"two final answers: {texts[0]!r} and {texts[1]!r}")
    return texts[0]


def _lone(response: str, gold: str, policy: Comparison, counts: bool) -> str:
    """The last number where it stands free; a torn one only where the gold answer is not near it.

    Beside a gold answer that is no number, the value that the last sentence closes with.
    """
    if not counts:
        raise Unscored("no final answer")
    response = ending_in_figures(unproven(response[:-_MOST_END] + _BELOW.sub(" ", response[-_MOST_END:])))
    wanted = read_number(gold)
    if wanted is None:
        closing = closing_value(response)
        if closing is None:
            raise Unscored("no final answer")
        value = value_in(closing.text, gold)
        is_value = policy.decimals is not None and read_number(value) is not None
        if not (closing.set_apart or is_value or same_answer(gold, value, policy)):
            raise Unscored(f"no final answer, perhaps {value!r}")
        return value
    try:
        number = lone_number(response, gold)
    except Torn as torn:
        near = [read_number(each) for each in torn.numbers]
        if not torn.run or any(each is None or each.value == abs(wanted.value) for each in near):
            raise Unscored(str(torn)) from torn
        if same_answer(gold, torn.run, policy) is not False:
            raise Unscored(str(torn)) from torn
        return torn.run
    if number is None:
        raise Unscored("no final answer")
    before = response[: response.rfind(number)][-40:]
    if _ROUGHLY.search(before) and rounds(plain(gold), number) and same_answer(gold, number) is False:
        raise Unscored(f"a rounding: {number!r}")
    return number
