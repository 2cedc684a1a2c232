"""What option a text is, or names: by letter, by the option's text, or by both."""

import re
import unicodedata
from collections.abc import Callable

from judges.base import Unscored
from judges.values.plain import plain
from judges.values.signs import formal, tight
from judges.values.wording import folded, holds

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
# Said of the letter or of the option, they choose neither; nor does a second letter with an option.
_RENOUNCED = re.compile(
    r"\A(?:and|or|as|nor)\b|\A(?:is|was|are|were|do|does|did|can|could|would|will|has|have)"
    r"(?:n['’ ]t\b| not\b)|\A(?:am|cannot)\b|\b(?:trap|tempting|distractor|out"
    r"|not (?:\w{1,12} ){0,2}(?:answer|correct|right|true|it))\b",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    r"[?✗✘❌×]|[,:;(–—-]\s*(?:no|not?|too)\b|\b(?:but|yet|though|never|second to|less|smaller than|loses?"
    r"|fails?)\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"(?<![\w'’])\(?[A-Z](?:[:)]|\.\s)\s*\S|\([A-Z]\)")
_CONCLUDED = re.compile(r"(?:[,;.]\s|\band\s)\s*(?:so|thus|therefore|hence)\b(?P<rest>[^;.]{3,300})\.?\Z")
_ORDINAL = re.compile(
    r"(?:the\s+)?(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\s+(?:option|alternative)"
    r"(?:(?:\s*[,:]|\s+[-–—])\s+(?P<told>.{1,300})|\s*\((?P<aside>[^()]{1,300})\))?",
    re.IGNORECASE,
)
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_COMMA = re.compile(r"(?:[Oo]ption\s+|[Cc]hoice\s+)?\(?([A-Z])\)?,\s+(\S.*)", re.DOTALL)
_BOLD = re.compile(r"(\*\*|__)(\(?[A-Z]\)?[.:)]*)\1")
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
NO = re.compile(
    r"\b(?:not?|non|never|neither|cannot|except|excluding|other than|apart from|hardly|unlike|without"
    r"|opposite|far from|(?:any|every|all)(?:thing|one)?(?: \w{1,20}){0,2} but)\b|n['’]t\b|不(?!同)",
    re.IGNORECASE,
)
# Signs that make of a letter something else than a choice.
_SIGNS = re.compile(
    r"[=≠<>¬~?]|\\(?:n?e|neq|not|neg|lnot|phantom|[hv]phantom|[xb]?cancel|sout|bar|overline|color)(?![a-zA-Z])"
)
_DENIED = re.compile(rf"\A(?:\w+ ){{0,3}}\w{{0,6}}?(?:{NO.pattern})", re.IGNORECASE)
AGAINST = re.compile(
    r"\b(?:incorrect|wrong|false|rul(?:e|es|ed|ing) out|eliminat\w*|exclud\w*|anything but|all but|else"
    r"|otherwise|if|unless|maybe|perhaps|guess|wait|actually)\b",
    re.IGNORECASE,
)
_MINUS = re.compile(r"(?<![\w.)])-\s+(?=\.?\d)")
_WORDED = re.compile(r"[^\w\\+-]*[^\W\d_](?:[^\W_]|\s[^\W_])")
_FORMULA = re.compile(r"\\[a-zA-Z]|[=^{}<>]")
_NOT_BUT = re.compile(r"not\s.{1,300}?\sbut\s+(?:rather\s+)?(\S.*)", re.IGNORECASE)
_INSTEAD = re.compile(r"\s*(?:,|\bbut|\band)\s+not\b|\s+(?:rather than|instead of)\b", re.IGNORECASE)
_REASON = re.compile(
    r",?\s+(?:because|since|as(?!\s+(?:do|does|is|are|well"
    r"|(?:(?:the|an?|my|our)\s+)?(?:wrong|incorrect|false|distractor|trap|decoy|worst|least|second|first|runner"
    r"|backup|alternative))\b))\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r",\s+(?=(?:which|whose|who|where)\b)", re.IGNORECASE)
_HEARD = re.compile(
    r"\b(?:no|not|people|many|some|students?|think\w*|thought|believ\w+|sa(?:y|ys|id)|claim\w*|mis\w+"
    r"|myth|but|however|although|or)\b|n['’]t\b",
    re.IGNORECASE,
)
_MOST_CHARS, _MOST_LABELLED = 2_000, 6
Key = Callable[[str], str]


def only(text: str, options: list[str]) -> set[str]:
    """The options that a text is, which may give a reason or another one that it is not; else none."""
    short = _shortened(text)
    found = _is(short, options)
    if found:
        return found
    parts = (way.split(short, maxsplit=1) for way in (_INSTEAD, _REASON, _RELATIVE))
    head, rest = next((each for each in parts if len(each) > 1), ("", ""))
    if _RELATIVE.match(f", {rest}") and (AGAINST.search(rest) or _HEARD.search(rest)):
        return set()
    if not head or _DENIED.match(head):
        return set()
    found = only(head, options)
    if found & _is(rest.strip(), options):
        raise Unscored(f"chosen and not: {short!r}")
    return found


def named_in(text: str, options: list[str]) -> set[str]:
    """The options that a stated text names, by letter and by text."""
    found = only(text, options)
    if found:
        return found
    short, key = _shortened(text), key_of(options)
    contrast = _NOT_BUT.fullmatch(short)
    if contrast and (found := only(contrast[1], options)):
        return found
    if _SIGNS.search(short) and not any(map(_SIGNS.search, options)):
        raise Unscored(f"not only a choice: {short!r}")
    named = {next(filter(None, found)) for found in _MARKED.findall(short)}
    named |= set(_BARE.findall(short)) | _listed_a(short)
    # A word of a formula is no option: 3 is not chosen by √3, nor by "more than 3".
    worded = [key(option) if _WORDED.match(option) else "" for option in options]
    said = set() if _FORMULA.search(short) else by_text(key(short), worded)
    own = [options[ord(letter) - ord("A")] for letter in said]
    # An option may itself deny something.
    if _DENIED.match(short) and not any(map(NO.search, own)):
        raise Unscored(f"a denial: {short!r}")
    if AGAINST.search(short) and not any(map(AGAINST.search, own)):
        raise Unscored(f"not only a choice: {short!r}")
    if len(named) == 1 and not said and not _leads_to(short, *named):
        raise Unscored(f"not only a choice: {short!r}")
    return named | said


def _is(short: str, options: list[str]) -> set[str]:
    """The same of the whole text: a letter, an option, or both."""
    whole = whole_option(short, options)
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
    ordinal = _ORDINAL.fullmatch(short)
    if ordinal:
        told = ordinal["told"] or ordinal["aside"]
        at = {chr(ord("A") + _ORDINALS.index(ordinal[1].lower()))}
        return at if told is None else at | own if (own := only(told, options)) else own
    return _both(short, options)


def _both(short: str, options: list[str]) -> set[str]:
    """Where a letter stands beside its option, or beside what is said of it."""
    pairs = [(found[1], found[2]) for way in (_LABELLED, _GLOSSED) if (found := way.fullmatch(short))]
    comma = _COMMA.fullmatch(short)
    if comma and (meant := whole_option(comma[2], options)):
        return meant | {comma[1]}
    trailed = _TRAILED.fullmatch(short)
    pairs += [(trailed[2], trailed[1])] if trailed and (options or not NO.search(trailed[1])) else []
    for letter, told in pairs:
        meant = whole_option(told, options) or _begins(told, letter, options) or _ends(told, letter, options)
        if meant or (not options and _is_short(told)):
            return meant | {letter.strip("() ").upper()}
    return set()


def _is_short(told: str) -> bool:
    """May it be an option, where those are not known?"""
    against = any(way.search(told) for way in (AGAINST, _RENOUNCED, _ANOTHER)) or _ALONE.fullmatch(told)
    return len(told.split()) <= _MOST_LABELLED and not against


def _begins(text: str, letter: str, options: list[str]) -> set[str]:
    """The letter, where its own option begins what is said of it: `B: Paris is the capital`."""
    at, key = _place(letter), key_of(options)
    own, said = key(options[at]) if at < len(options) else "", key(text)
    if not own or not said.startswith(f"{own} ") or _ANOTHER.search(text) or _REJECTED.search(text):
        return set()
    rest = said.removeprefix(f"{own} ")
    return set() if AGAINST.search(rest) or _RENOUNCED.search(rest) else {chr(ord("A") + at)}


def _ends(text: str, letter: str, options: list[str]) -> set[str]:
    """The letter, where what is said of it concludes its own option: `D. …, so all of the above hold`."""
    at, found = _place(letter), _CONCLUDED.search(text)
    if found is None or at >= len(options) or text.endswith("?") or AGAINST.search(text) or NO.search(text):
        return set()
    key = key_of(options)
    if _REJECTED.search(text) or _RENOUNCED.search(found["rest"]):
        return set()
    own = by_text(key(found["rest"]), [key(option) for option in options])
    return own if own == {chr(ord("A") + at)} else set()


def _place(letter: str) -> int:
    return ord(letter.strip("() ").upper()) - ord("A")


def whole_option(text: str, options: list[str]) -> set[str]:
    key = key_of(options)
    same = _at(options, text)
    if same or formal(text):
        return same or _at([tight(option) for option in options], tight(text))
    return _at([key(option) for option in options], key(text))


def _shortened(text: str) -> str:
    short = _MINUS.sub("-", plain(_BOLD.sub(r"\2", text[:_MOST_CHARS])).strip("*_ "))
    return unicodedata.normalize("NFKC", short) if len(short) == 1 and not short.isascii() else short


def _leads_to(text: str, letter: str) -> bool:
    """Are the words around the letter such as go with a choice?"""
    before, _, behind = text.rpartition(letter)
    return _LEADS.fullmatch(before) is not None and _GOES_ON.match(behind) is not None


def key_of(options: list[str]) -> Key:
    """How texts are compared: folded, unless two options would be the same one."""
    return folded if len({folded(option) for option in options}) == len(options) else _spelled


def _spelled(text: str) -> str:
    return " ".join(text.split())


def _at(options: list[str], text: str) -> set[str]:
    return {chr(ord("A") + at) for at, option in enumerate(options) if option == text}


def _listed_a(text: str) -> set[str]:
    """A lone capital A is an article unless it stands among alternatives or at the end."""
    return {"A"} if re.search(r"(?<![\w'’])A(?=\s+(?:or|and)\s|\s*[,/&]|\Z)", text) else set()


def by_text(text: str, options: list[str]) -> set[str]:
    """Options whose text occurs, but for those that are a part of a longer one that occurs."""
    found = {at: option for at, option in enumerate(options) if option and holds(text, option)}
    whole = {
        at
        for at, option in found.items()
        if not any(option != o and holds(o, option) for o in found.values())
    }
    return {chr(ord("A") + at) for at in whole}
