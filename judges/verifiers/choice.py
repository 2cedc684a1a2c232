"""Compare the chosen option with the reference: by letter, by the option's text, or by both."""

import re

from judges.base import Attempt, Finding, Unscored, check
from judges.values.abroad import in_another_language, lettered, stated_abroad
from judges.values.affirmed import affirmed
from judges.values.answer_object import answer_told
from judges.values.claimed import stated_answers
from judges.values.concluded import concluded
from judges.values.counts import Unclear
from judges.values.final import Final
from judges.values.hinted import ended, matched
from judges.values.options import named_in, only
from judges.values.picked import bare_lines, gone_back, picked
from judges.values.plain import plain
from judges.values.seen import seen, struck
from schemas.references import ChoiceReference, Reference

_NUMBER = re.compile(r"(?:(?:option|choice|number)\s*#?|#)?\s*\(?([1-9])[.)]?", re.IGNORECASE)
_PETS = {"type": "choice", "answer": "B", "options": ["a cat", "a dog", "a hot dog"]}


@check(
    passes=[
        Attempt.of("B", _PETS),
        Attempt.of("It barks.\nAnswer: (b)", _PETS),
        Attempt.of("The answer is B) a dog.", _PETS),
        Attempt.of("**B**\n\nA cat does not bark, nor does C.", _PETS),
        Attempt.of("\\boxed{\\text{a dog}}", _PETS),
        Attempt.of("**Answer:** **B**", {"type": "choice", "answer": "B"}),
        Attempt.of(
            "Answer: vitamin C", {"type": "choice", "answer": "A", "options": ["vitamin C", "vitamin B"]}
        ),
        Attempt.of("答案：选B。", {"type": "choice", "answer": "B"}),
    ],
    fails={
        Attempt.of("The answer is A.", _PETS): "'A' is not 'B'",
        Attempt.of("\\boxed{a hot dog}", _PETS): "'C' is not 'B'",
        Attempt.of("Answer: F", _PETS): "'F' is none of the options",
    },
    unscored={
        Attempt.of("Answer: A or B", _PETS): "conflicting options: A, B",
        Attempt.of("Answer: A) a dog", _PETS): "conflicting options: A, B",
        Attempt.of("It barks.\n\n**Answer: A. a dog**", _PETS): "conflicting options: A, B",
        Attempt.of("\\boxed{A} \\boxed{B}", _PETS): "conflicting options: A, B",
        Attempt.of("A dog barks, but a cat is quieter, so it depends.", _PETS): "no option is chosen",
        Attempt.of("You always need a plan B.", _PETS): "no option is chosen",
        Attempt.of("The answer is not B.", _PETS): "a denial: 'not B'",
        Attempt.of("The wrong answer is B.", _PETS): "not stated as the answer: 'The wrong B'",
        Attempt.of("Answer: B. Actually, C.", _PETS): "taken back: 'B. Actually, C.'",
    },
)
def choice(attempt: Attempt) -> Finding:
    """Where nothing is stated as final, a sentence that picks an option is read, or a line that is one."""
    reference = attempt.expected(ChoiceReference)
    options = [plain(option) for option in reference.options or ()]
    response = seen(attempt.response, *options)
    try:
        stated = stated_answers(answer_told(response))
    except Unclear as doubt:
        raise Unscored(str(doubt)) from doubt
    if stated:
        read = [_stated(each, response, attempt.question, options) for each in stated]
        # A full stop behind the letter ends the clause, and the option stands in the next.
        read += [only(text, options) for each in stated for text in (each.line, *each.line.split(";")[1:])]
    else:
        read = _unstated(response, attempt.question, options)
    chosen = sorted(set().union(*read))
    if len(chosen) != 1:
        raise Unscored(f"conflicting options: {', '.join(chosen)}" if chosen else "no option is chosen")
    letter = chosen[0]
    if options and ord(letter) - ord("A") >= len(options):
        return Finding(f"{letter!r} is none of the options", extracted=letter)
    return Finding(
        None if letter == reference.answer else f"{letter!r} is not {reference.answer!r}", extracted=letter
    )


def _stated(final: Final, response: str, question: str, options: list[str]) -> set[str]:
    if in_another_language(response, final):
        letter = lettered(final.line, options) or lettered(final.text, options)
        if letter:
            return {letter}
    return named_in(_numbered(final.text, question, options), options)


def same(a: str, b: str) -> bool:
    """Are two extracted letters the same?"""
    return a.strip("() ").upper() == b.strip("() ").upper()


def near_misses(reference: Reference) -> list[str]:
    """The other letters."""
    if not isinstance(reference, ChoiceReference):
        return []
    many = len(reference.options or "ABCD")
    letters = [chr(ord("A") + at) for at in range(many)]
    return [letter for letter in letters if letter != reference.answer]


def _unstated(response: str, question: str, options: list[str]) -> list[set[str]]:
    """What sentences pick, or else what lines that hold nothing but an option name."""

    def read(texts: list[str]) -> list[set[str]]:
        return [only(_numbered(text, question, options), options) for text in texts if not struck(text)]

    ends, echoed = bare_lines(response)
    found = [each for each in read(picked(response)) if each]
    found += read(ends) + read(matched(response)) + read(concluded(response, options))
    abroad = [lettered(text, options) for text in stated_abroad(response)]
    found += [{letter} for letter in abroad if letter] + affirmed(response, options)
    if any(found):
        return [] if gone_back(response) else found
    sentence = ended(response, options)
    return read(echoed if sentence is None else [sentence])


def _numbered(text: str, question: str, options: list[str]) -> str:
    """The letter for `2` or `option 2`, where the question numbers its options."""
    found = None if plain(text) in options else _NUMBER.fullmatch(plain(text).strip("*_ "))
    if found is None or not all(
        re.search(rf"^\s*\(?{number}[.)]\s", question, re.MULTILINE) for number in {"1", "2", found[1]}
    ):
        return text
    return chr(ord("A") + int(found[1]) - 1)


def equivalents(reference: Reference) -> list[str]:
    """The letter as it is written in other ways, and with its option."""
    if not isinstance(reference, ChoiceReference):
        return []
    letter = reference.answer
    option = reference.options[ord(letter) - ord("A")] if reference.options else None
    told = [f"({letter})", f"\\text{{{letter}}}", f"Option {letter}"]
    return told if option is None else [*told, f"{letter}. {option}", f"({letter}) {option}"]
