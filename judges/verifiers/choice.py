"""Compare the chosen option with the reference: by letter, by the option's text, or by both."""

import re
import unicodedata
from collections.abc import Callable

from judges.base import Attempt, Finding, Unscored, check
from judges.values.answer_object import answer_told
from judges.values.claimed import stated_answers
from judges.values.counts import Unclear
from judges.values.hinted import ended, matched
from judges.values.picked import bare_lines, picked
from judges.values.plain import plain
from judges.values.seen import seen, struck
from judges.values.signs import formal, tight
from judges.values.wording import folded, holds
from schemas.references import ChoiceReference, Reference

_ALONE = re.compile(r"\(?([A-Za-z])\)?")
_MARKED = re.compile(
    r"\A\W{0,3}([A-Z])(?:[.:)\]]|\s+[-–—])"
    r"|\(([A-Z])\)"
    r"|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Pp]ick|[Cc]hoose|[Ss]elect)\s+(?:is\s+)?\(?([A-Z])\b"
    r"|选项?\s*([A-Z])"
)
# An option with its letter before it, whatever letters the option itself may name; or after it.
_LABELLED = re.compile(
    r"(?:[Oo]ption\s+|[Cc]hoice\s+)?\(?([A-Za-z])(?:\s*[.:)\]]+|\s+[-–—])\s*(\S.*)", re.DOTALL
)
_TRAILED = re.compile(r"(.{1,500}?),?\s*\((?:option\s+|choice\s+)?([A-Z])\)", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:the\s+)?(?:correct\s+|right\s+)?(?:option|choice|answer|letter|number|statement|选项?)\s*#?\(?([A-Z])\)?"
    r"|\(?([A-Z])\)?\s*(?:选项|项)?",
    re.IGNORECASE,
)
_GLOSSED = re.compile(r"(\(?[A-Z]\)?)\s*\(\s*([^()]{1,500})\)")
_BARE = re.compile(r"(?<![\w'’])([B-HJ-Z])(?![\w'’#+^])")
# What may stand before a letter that is chosen.
_LEADS = re.compile(
    r"(?:[\s*_`\"“‘'(\[:,.#$-]|\b(?:the|a|an|correct|right|best|final|answer|option|choice|letter|number|statement|is|it|be|must|would"
    r"|definitely|clearly|therefore|thus|so|most|likely|pick|choose|select|i|we|both|either|and|or|between"
    r"|all|of|[a-z])\b|[\u3400-\u9fff])*+",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"[\s*_]*(?:\Z|(?!-\w)[^\w\s^'’+#=<>/|&!]|(?:is|because|since|as|for|that|which|based|given|due)\b)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:not?|non|never|neither|cannot|except|excluding|other than|apart from|hardly|unlike|without"
    r"|opposite|far from|(?:any|every|all)(?:thing|one)?(?: \w{1,20}){0,2} but)\b|n['’]t\b|不(?!同)",
    re.IGNORECASE,
)
# Signs that make of a letter something else than a choice.
_SIGNS = re.compile(
    r"[=≠<>¬~?]|\\(?:n?e|neq|not|neg|lnot|phantom|[hv]phantom|[xb]?cancel|sout|bar|overline|color)(?![a-zA-Z])"
)
_DENIED = re.compile(rf"\A(?:\w+ ){{0,3}}\w{{0,6}}?(?:{_NO.pattern})", re.IGNORECASE)
_AGAINST = re.compile(
    r"\b(?:incorrect|wrong|false|rul(?:e|es|ed|ing) out|eliminat\w*|exclud\w*|anything but|all but|else"
    r"|otherwise|if|unless|maybe|perhaps|guess|wait|actually)\b",
    re.IGNORECASE,
)
_MINUS = re.compile(r"(?<![\w.)])-\s+(?=\.?\d)")
_WORDED = re.compile(r"[^\w\\+-]*[^\W\d_](?:[^\W_]|\s[^\W_])")
_FORMULA = re.compile(r"\\[a-zA-Z]|[=^{}<>]")
_NOT_BUT = re.compile(r"not\s.{1,300}?\sbut\s+(?:rather\s+)?(\S.*)", re.IGNORECASE)
_INSTEAD = re.compile(r"\s*(?:,|\bbut|\band)\s+not\b|\s+(?:rather than|instead of)\b", re.IGNORECASE)
_REASON = re.compile(r",?\s+(?:because|since|as)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(?:option|choice|number)\s*#?|#)?\s*\(?([1-9])[.)]?", re.IGNORECASE)
_MOST_CHARS, _MOST_LABELLED = 2_000, 6
Key = Callable[[str], str]
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
        read = [_letters(_numbered(each.text, attempt.question, options), options) for each in stated]
        read += [_only(text, options) for each in stated for text in each.line.split(";")[1:]]
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
        return [_only(_numbered(text, question, options), options) for text in texts if not struck(text)]

    ends, echoed = bare_lines(response)
    found = [each for each in read(picked(response)) if each]
    found += read(ends) + read(matched(response))
    if any(found):
        return found
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


def _only(text: str, options: list[str]) -> set[str]:
    """The options that a text is, which may give a reason or another one that it is not; else none."""
    short = _shortened(text)
    found = _is(short, options)
    if found:
        return found
    parts = (way.split(short, maxsplit=1) for way in (_INSTEAD, _REASON))
    head, rest = next((each for each in parts if len(each) > 1), ("", ""))
    if not head or _DENIED.match(head):
        return set()
    found = _only(head, options)
    if found & _is(rest.strip(), options):
        raise Unscored(f"chosen and not: {short!r}")
    return found


def _is(short: str, options: list[str]) -> set[str]:
    """The same of the whole text: a letter, an option, or both."""
    whole = _whole(short, options)
    alone = _ALONE.fullmatch(short)
    if alone:
        # Where an option reads `C`, the answer C may be that option or the third.
        letter = alone[1].upper()
        offered = not whole or ord(letter) - ord("A") < len(options)
        return whole | {letter} if offered else whole
    if whole:
        return whole
    named = _NAMED.fullmatch(short)
    if named:
        return {(named[1] or named[2]).upper()}
    pairs = [(found[1], found[2]) for way in (_LABELLED, _GLOSSED) if (found := way.fullmatch(short))]
    trailed = _TRAILED.fullmatch(short)
    pairs += [(trailed[2], trailed[1])] if trailed and (options or not _NO.search(trailed[1])) else []
    for letter, told in pairs:
        meant = _whole(told, options) or _begins(told, letter, options)
        if meant or (not options and len(told.split()) <= _MOST_LABELLED and not _AGAINST.search(told)):
            return meant | {letter.strip("() ").upper()}
    return set()


def _begins(text: str, letter: str, options: list[str]) -> set[str]:
    """The letter, where its own option begins what is said of it: `B: Paris is the capital`."""
    at, key = ord(letter.strip("() ").upper()) - ord("A"), _key(options)
    own = key(options[at]) if at < len(options) else ""
    begins = own and key(text).startswith(f"{own} ") and not _AGAINST.search(text)
    return {chr(ord("A") + at)} if begins else set()


def _whole(text: str, options: list[str]) -> set[str]:
    key = _key(options)
    same = _at(options, text)
    if same or formal(text):
        return same or _at([tight(option) for option in options], tight(text))
    return _at([key(option) for option in options], key(text))


def _shortened(text: str) -> str:
    short = _MINUS.sub("-", plain(text[:_MOST_CHARS]).strip("*_ "))
    return unicodedata.normalize("NFKC", short) if len(short) == 1 and not short.isascii() else short


def _letters(text: str, options: list[str]) -> set[str]:
    """The options that a stated text names, by letter and by text."""
    found = _only(text, options)
    if found:
        return found
    short, key = _shortened(text), _key(options)
    contrast = _NOT_BUT.fullmatch(short)
    if contrast and (found := _only(contrast[1], options)):
        return found
    if _SIGNS.search(short) and not any(map(_SIGNS.search, options)):
        raise Unscored(f"not only a choice: {short!r}")
    named = {next(filter(None, found)) for found in _MARKED.findall(short)}
    named |= set(_BARE.findall(short)) | _listed_a(short)
    # A word of a formula is no option: 3 is not chosen by √3, nor by "more than 3".
    worded = [key(option) if _WORDED.match(option) else "" for option in options]
    said = set() if _FORMULA.search(short) else _by_text(key(short), worded)
    own = [options[ord(letter) - ord("A")] for letter in said]
    # An option may itself deny something.
    if _DENIED.match(short) and not any(map(_NO.search, own)):
        raise Unscored(f"a denial: {short!r}")
    if _AGAINST.search(short) and not any(map(_AGAINST.search, own)):
        raise Unscored(f"not only a choice: {short!r}")
    if len(named) == 1 and not said and not _leads_to(short, *named):
        raise Unscored(f"not only a choice: {short!r}")
    return named | said


def _leads_to(text: str, letter: str) -> bool:
    """Are the words around the letter such as go with a choice?"""
    before, _, behind = text.rpartition(letter)
    return _LEADS.fullmatch(before) is not None and _GOES_ON.match(behind) is not None


def _key(options: list[str]) -> Key:
    """How texts are compared: folded, unless two options would be the same one."""
    return folded if len({folded(option) for option in options}) == len(options) else _spelled


def _spelled(text: str) -> str:
    return " ".join(text.split())


def _at(options: list[str], text: str) -> set[str]:
    return {chr(ord("A") + at) for at, option in enumerate(options) if option == text}


def _listed_a(text: str) -> set[str]:
    """A lone capital A is an article unless it stands among alternatives or at the end."""
    return {"A"} if re.search(r"(?<![\w'’])A(?=\s+(?:or|and)\s|\s*[,/&]|\Z)", text) else set()


def _by_text(text: str, options: list[str]) -> set[str]:
    """Options whose text occurs, but for those that are a part of a longer one that occurs."""
    found = {at: option for at, option in enumerate(options) if option and holds(text, option)}
    whole = {
        at
        for at, option in found.items()
        if not any(option != o and holds(o, option) for o in found.values())
    }
    return {chr(ord("A") + at) for at in whole}
