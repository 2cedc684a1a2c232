"""What follows a statement and makes it none: a question mark, another answer, a denial, second thoughts."""

import re

_CLOSERS = r"[\s*_$`'\"”’)\]}.,;:!\\-]{0,12}"
_LEAD = r"(?:(?:but|oh|ah|hmm+|hm|no|ok|okay|well|and|so)\b[\s,.…—-]{0,4}){0,3}"
_START = rf"(?:\A{_CLOSERS}|\n|[(—–。！？，；]|[.!?;,:)\]}}$*-]\s)[\s*_(>#$]{{0,12}}{_LEAD}"
_ASKED = re.compile(r"[\s*_$`'\"”’)\\\]}]{0,8}[?？]")
_ASKING = ("?", "？", "吗", "嗎", "ですか", "ますか", "でしょうか")
_ASKING_KA = re.compile(r"[^ぁ-ん]か")
# Not where the same is said in other words, `or about 5`.
_OR = (
    r"(?:(?:or|oder|ou|或者?|または|또는|или)\b"
    r"(?!\s*,?\s*(?:equivalently|about|approximately|simply|roughly|around|just|rather|more|in|as"
    r"|\$?\\approx|≈)(?![a-z]))|o\b(?= [$\d]))"
)
_ALTERNATIVE = re.compile(
    rf"{_CLOSERS}[(]?(?:{_OR}|(?:else|otherwise|maybe|perhaps|possibly)\b)(?P<other>[^\n]{{0,80}})",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    rf"{_CLOSERS}[(]?(?:{_OR}|(?:as well as|otherwise|else|unless)\b)"
    r"|(?:[^\n.!?]|\.(?=\d)){0,400}?"
    r"(?:(?<!because)(?<!since)[\s;,.(](?:otherwise|or else|unless)\b|(?:[;,.(]\s|\d\s)else\b|否则)"
    rf"|[^\n.!?;]{{0,200}}(?:,\s*{_OR}|[;,]\s*(?:maybe|perhaps|possibly|it (?:may|might|could))\b)",
    re.IGNORECASE,
)
_WRONG = (
    r"(?:wrong|incorrect|false|mistaken|impossible|invalid|untrue|absurd|erroneous|(?:a |the )?trap"
    r"|out\b|ruled out|not (?:\w{1,12} ){0,2}?(?:right|correct|true|it|possible|valid|sure|answer)\b)"
)
# Of the statement itself.
_DENIED = re.compile(
    rf"{_CLOSERS}(?:(?:which|that|this|it)\s*)?(?:"
    rf"(?:is|was|are|were|be|seems?|looks?|must be|would be|['’]s)\s+(?:\w{{2,15}}ly\s+)?{_WRONG}"
    rf"|[(\[—–]\s*{_WRONG}|(?:is|was|does|did|would|can)n['’]t\b|cannot\b"
    r"|错|不对|不正确|吗)",
    re.IGNORECASE,
)
# Of what was said before, wherever it is said.
_TAKEN_BACK = re.compile(
    rf"{_START}(?:(?:wait|hm+|oops|whoops|apologies|on second thoughts?|on reflection|never mind"
    r"|hold on|espera|perdón|attends|moment mal|entschuldigung)\b"
    r"|(?:sorry|nevermind)\s*[,.!:—-]|correction\s*:|等等|等一下|нет,)"
    r"|\b(?:(?:scratch|strike) that|take (?:that|it) back"
    r"|I (?:misread|mis-read|miscounted|miscalculated|misunderstood|misinterpreted|forgot|meant|overlooked"
    r"|(?:was|am) (?:wrong|mistaken))"
    r"|(?:I|we)(?:['’]ve| have)? made an? (?:\w{1,15} )?(?:mistake|error)"
    r"|let(?: me|['’]s| us) (?:re-?do|reconsider|re-?compute|re-?calculate|re-?think|re-?evaluate"
    r"|re-?examine|re-?count|try(?! to)|start over|correct|fix|revise)"
    r"|(?:the )?(?:revised|corrected) (?:answer|result|value|number) (?:is|should))\b"
    r"|更正|搞错|算错|重新计算|訂正|정정"
    r"|\b(?:me equivoqué|corrección|je me suis trompée?|korrektur|ошибся|исправ\w*)\b",
    re.IGNORECASE,
)
# The same, but in an explanation these words lead on as well.
_TURNED = re.compile(
    rf"{_START}(?:(?:actually|edit|sorry|correction|I mean|instead(?! of)|rather(?! than)|en realidad|en fait"
    r"|na verdade)\b|no(?:\s*\Z|\s*[,.;:!]|(?=,? (?:wait|it|that|this|the|sorry|I|\d|\$|\\)))"
    r"|实际上|不对|其实|应该是)"
    r"|\bI(?:(?:['’]m| am) not sure(?! (?:if|whether|what) you)| don['’]t (?:know|trust))\b",
    re.IGNORECASE,
)
# Of anything, such as the options that were not chosen.
_DISPUTED = re.compile(
    r"\b(?:correction|contradict(?:s|ion)|not sure|ignore (?:that|the above|this)"
    r"|(?:made|is|was|there['’]s|contains|have|see) an? (?:\w{1,15} )?(?:mistake|error)"
    r"|(?:is|was|[’']s|be|seems|looks|as)\s+(?:\w{1,12}\s+)?(?:wrong|incorrect|mistaken|erroneous|false"
    r"|invalid|(?:a |the )?trap)"
    r"|(?:(?:is|was|be)(?:n['’]t|\s+not)|[’']s not)\s+(?:\w{1,12}\s+){0,2}?"
    r"(?:right|correct|answer|it|possible|valid|what)"
    r"|(?:cannot|can['’]t) be (?:right|correct|the answer)"
    r"|should (?:have been|(?:\w{1,12} )?be) (?:\w{1,12} )?[-$\\(*]*\d)\b"
    r"|不对|错了|有误|应该是|不正确|修正|間違|違い|틀렸|잘못"
    r"|\b(?:incorrecto|erreur|falsch|ошибка|неверно|errado|sbagliato)\b",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\b(?:can(?:not| not|['’]t)|could(?: not|n['’]t)|unable to|not able to)\s(?:really |quite |yet )?"
    r"(?:decide|determine|tell|say|choose)\s(?:between|which)\b|\bnot (?:sure|certain) which\b",
    re.IGNORECASE,
)
_YOURS = re.compile(
    r"\b(?:the (?:decision|choice)|it) (?:is )?(?:up )?to you\b"
    r"|\byou (?:can |may |must |should )?(?:decide|choose) which\b"
    r"|\bup to (?:you|the reader)\b(?= (?:to (?:decide|choose)|which)|[\s.!)*]*\Z)",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"\b(?:I|we)(?:\s(?:really|still|simply|just))?\s(?:can(?:not|\snot|['’]t)|could(?:\snot|n['’]t)"
    r"|(?:am|was|are|were)\s(?:unable|not\sable)\sto)\s(?:(?:really|actually|yet|fully)\s)?"
    r"(?:(?:solve|answer|do|finish|complete|determine|find|compute|decide|figure\sout|work\sout)\s(?:it|this|that|the\s(?:problem"
    r"|question|answer|value))|work\s(?:it|this|that)\s(?:problem\s|one\s)?out|(?:give|offer|provide|state|name)\s(?:an?|any|the)"
    r"\s(?:\w+\s)?(?:value|answer|number|result|solution)|figure\s(?:it|this|that)\sout)\b",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_MOST_TAIL, _MOST_BELOW, _MOST_BACK = 20_000, 40, 400


def asked(text: str, rest: str) -> bool:
    """Is a statement with this text, which these words follow, a question?"""
    end = text.rstrip(" .$}*\n")
    if end.endswith(_ASKING) or _ASKED.match(rest):
        return True
    return end.endswith("か") and _ASKING_KA.fullmatch(end[-2:]) is not None


def otherwise(rest: str) -> bool:
    """Does the rest of a line offer another answer, or make this one hang on a condition?"""
    here = rest.partition("\n")[0]
    return here.strip(" .*$") != "" and _OTHERWISE.match(here) is not None


def alternative(rest: str) -> str | None:
    """What `or` offers right beside a statement; None where nothing is offered."""
    found = _ALTERNATIVE.match(rest)
    return found["other"] if found else None


def taken_back(tail: str, explained: bool = False) -> bool:
    """Do these words, which follow a statement, deny it or go back on it?

    What is `explained` is followed by why other options are wrong, and by turns that are not about the
    statement; then those words count next to it alone.
    """
    if _LETTER.search(tail) is None:
        return False
    tail = tail if len(tail) <= 2 * _MOST_TAIL else tail[:_MOST_TAIL] + tail[-_MOST_TAIL:]
    here, _, below = tail.partition("\n")
    near = f"{here}\n{below.lstrip()[:_MOST_BELOW]}" if explained else tail
    ways = [_DENIED.match(tail), _TAKEN_BACK.search(tail), _TURNED.search(near)]
    return any(ways) or (not explained and _DISPUTED.search(tail) is not None)


def gave_up(tail: str) -> bool:
    """Does it say that no answer was found, so that what stands before is none?"""
    return _GAVE_UP.search(tail[-_MOST_BACK:]) is not None


def undecided(response: str) -> str | None:
    """`I cannot decide which` of the last paragraph; None where it says no such thing."""
    last = response[-_MOST_BACK:].rpartition("\n\n")[2]
    found = _UNDECIDED.search(last) or (_YOURS.search(last) if " you" in last or " reader" in last else None)
    return None if found is None else found.group()
