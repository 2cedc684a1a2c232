"""The number of the last sentence that has one, where nothing is stated as final and it stands free."""

import re

from judges.values.again import told_once
from judges.values.counts import Unclear
from judges.values.lone_value import FORMULA, NUMBER, sentence_value
from judges.values.plain import fold
from judges.values.remarks import in_check, without_place
from judges.values.supposed import OF_ANSWER
from judges.values.withdrawn import taken_back

_MOST_CHARS = 1_000
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)[.!?](?=[\s*$)]|\Z)|[。！？]")
_MARKER = re.compile(
    r"(?:[>#]+[ \t]+|[ \t*_])*+(?:[-*•+][ \t]+|\d{1,2}[.)][ \t]+|step[ \t]*\d{1,2}[ \t]*[:.][ \t*]*)?",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^[ \t>*_]*\(?\d{1,2}[.)](?:[ \t]|$)", re.MULTILINE)
_PARTS = re.compile(
    r"^\W*(?:answer|part|question|option|case)[ \t]*\(?(?:\d{1,2}|[a-h])\)?[ \t]*[:.)]",
    re.IGNORECASE | re.MULTILINE,
)
# No answer, an unsure one, a remark about the work, or work that goes on.
_NO_ANSWER = re.compile(
    r"\b(?:cannot|can['’]t|unable|(?:don['’]t|do not) (?:know|think)|give up|not|never|no|nobody|unknown"
    r"|impossible|depends?|e\.g|for example"
    r"|for instance|insufficient|sorry|unclear|ambiguous|apolog\w+|if|suppose|assum\w+|maybe|perhaps"
    r"|might|could|would have been|(?-i:may)|probably|possibly"
    r"|guess\w*|anything|neither|nor|unsure|uncertain|doubt\w*|whether|claim\w*|says|think\w*|believes?|wrong|incorrect|false"
    r"|we (?:need|must|have to|should|can now|know)|I (?:need|would need|must|should|checked|verified"
    r"|used|tried)|let (?:me|us|the)|let['’]s"
    r"|let|given (?:that|a|n|x)|consider|denote|remains to|would need|need (?:more|to (?:find|know"
    r"|consider|determine))|please|image|checked|verified|rated|note"
    r"|references?|cannot view|possible answers|either|or"
    r"|between(?! (?:the|an?|both|them|two (?!and\b)|\w+s\b))"
    r"|problems? (?:has|says|states|I)"
    r"|the question(?! (?:only |just )?asks (?:only |just )?for [^:]{1,60}:)|asked"
    r"|se puede|no sé|quizás|pas|ne|peut-être|nicht|kein\w*|oder|vielleicht|bis|ou|não|nem|не|нет|или"
    r"|возможно|hasta|jusqu)\b|n['’]t\b"
    r"|[不没無无非或]|如果|假设|可能|题目|已知|ません|ない|かもしれ|または|아니|아닙|않|모르|또는|혹은|\by/o\b"
    r"|\A[\W_]*(?:(?:had|were)\b|without\b[^\n]{0,200}\bwould\b)",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"(?:[-+*/=×÷,:(\[{<>&^_\\–—]|\b(?:and|or|but|so|the|a|an|of|to|is|are|if|then|that|which|with|for|in"
    r"|on|at|by|from|because|since|as"
    r"|when|where|while|than|we|he|she|it|they|times|plus|minus|therefore|thus|hence|und|oder|et|ou|y|o"
    r"|и))[\s*$]*\Z",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:(?:cannot|can['’]t|unable to) (?:\w+ ){0,2}(?:determine|answer|solve|help|say|tell|know|view"
    r"|see)|give up|(?:I|would) need more"
    r"|not enough|insufficient|(?:don['’]t|do not) know|impossible to)\b|无法|不能确定",
    re.IGNORECASE,
)
# The number is spoken of.
_SUBJECT = re.compile(
    r"[\s*$]{1,6}(?:is|was)\b(?![\s*]*(?:(?:the|our|my)[\s*]+(?:\w+[\s*]+)?(?:answer|solution)"
    r"|(?:right|correct)\b))",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_CLOSING = re.compile(
    r"\W*(?:(?:I |we )?hope\b|let me know|feel free|if you (?:have|need|want|would)|would you like"
    r"|that(?:['’]s| is) (?:it|all|the)\b"
    r"|this (?:is|completes|matches|agrees|gives|confirms)\b|we are done|done\b|q\.?e\.?d|thanks?\b"
    r"|good luck|great\b|cheers)",
    re.IGNORECASE,
)
# What follows a number and is broken off: `169, so the hypotenuse has length`.
_BROKEN_OFF = re.compile(
    r"(?:[,;]|\s)\s*(?:so|and|but|hence|thus|therefore|which|while|whereas|where|whose|giving|because|since)\b"
    r"(?![\s\w]{1,9}\b(?:final )?answer\b)[^.!?。！？)\d]*[^\W\d_]\Z",
    re.IGNORECASE,
)
# Of the answer something else is told: `the answer, when doubled, is 6`.
_TOLD_OF_IT = re.compile(
    r"\b(?:answer|result|number|value|solution|[b-z])\b[\s,$*]*(?:"
    r"(?:(?:when|once|if|after)[ \t]+(?:(?:it|being|is)[ \t]+){0,2}(?!rounded|simplified|written)[a-z]+ed\b)"
    r"|(?:plus|minus|times|squared|cubed|doubled|tripled|halved|multiplied|divided|increased|decreased|reduced)\b)"
    rf"|\banswer[ \t]+and\b|{OF_ANSWER}",
    re.IGNORECASE,
)


def lone_number(response: str, gold: str) -> str | None:
    """The number that the last sentence states; None where no figure stands anywhere. Raises Unclear."""
    at = _last_digit(response)
    if at is None:
        return None
    sentence, rest = _sentence(response, at)
    sentence = told_once(sentence, gold)
    if sentence.rstrip("* $)")[-1:] in ("?", "？") or (
        not _CLOSING.match(rest) and "?" in rest[:_MOST_CHARS]
    ):
        raise Unclear("no final answer but a question")
    rest = rest[:_MOST_CHARS]
    if in_check(response, at):
        raise Unclear("no final answer but a check")
    if no_answer(sentence) or _TOLD_OF_IT.search(sentence) or taken_back(rest):
        raise Unclear("no final answer but a guess, a denial or a remark")
    if _LETTERS.search(rest) and not _CLOSING.match(rest):
        raise Unclear("no final answer, and the last sentence has no number")
    if _REFUSED.search(response[max(0, at - _MOST_CHARS) : at].rpartition("\n\n")[2]) or _SUBJECT.match(
        response, at + 1
    ):
        raise Unclear("no final answer but a refusal or a remark")
    if (
        _PARTS.search(sentence)
        or _as_before(response, at)
        or (re.fullmatch(r"\W*\d{1,2}\W*", sentence) and _LISTED.search(response[:at]))
    ):
        raise Unclear("no final answer but a part of a list")
    broken = broken_off(response, at + 1) or _UNFINISHED.search(response[-60:].rstrip(" \n*_`$"))
    return sentence_value(without_place(fold(sentence).strip().rstrip(".")), gold, bool(broken))


def broken_off(text: str, start: int = 0) -> bool:
    """Does another clause begin behind this place that has no end?"""
    return _BROKEN_OFF.search(text, start) is not None


def no_answer(sentence: str) -> bool:
    """Do its words, formulas aside, make the sentence a guess, a denial or a remark about the work?"""
    return _NO_ANSWER.search(FORMULA.sub(" ", sentence)) is not None


def _as_before(response: str, at: int) -> bool:
    """Is the line built like the one before, of one number, so that both are items of a list?"""
    begin = response.rfind("\n", max(0, at - _MOST_CHARS), at)
    line = response[begin + 1 : at + _MOST_CHARS].partition("\n")[0]
    before = response[max(0, begin - _MOST_CHARS) : max(0, begin)].rstrip().rpartition("\n")[2]
    return len(NUMBER.findall(before)) == 1 and _shape(before) == _shape(line)


def _shape(line: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", NUMBER.sub("0", line)).strip(" .*")


def _last_digit(response: str) -> int | None:
    found = re.search(r"\d", response[: -_MOST_CHARS - 1 : -1])
    return len(response) - 1 - found.start() if found else None


def _sentence(response: str, at: int) -> tuple[str, str]:
    """The sentence around this place, without a list marker, and what follows it."""
    begin = response.rfind("\n", max(0, at - _MOST_CHARS), at) + 1 or max(0, at - _MOST_CHARS)
    stop = response.find("\n", at)
    stop = len(response) if stop < 0 else stop
    marker = _MARKER.match(response, begin, stop)
    if marker and marker.end() <= at:
        begin = marker.end()
    for end in _SENTENCE_END.finditer(response, begin, stop):
        if end.start() <= at:
            begin = end.end()
        else:
            stop = end.end()
            break
    return response[begin:stop], response[stop:]
