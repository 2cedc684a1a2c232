"""The value that the last sentence closes with, where nothing is stated as final and none is a number."""

import re
from dataclasses import dataclass

from judges.values.counts import Unclear
from judges.values.lone import broken_off, no_answer
from judges.values.readings import JOINED_FORMULAS
from judges.values.remarks import in_check
from judges.values.withdrawn import taken_back

_MOST_CHARS = 600
_BLANK = re.compile(r"(?:```[^\n]*|[\s*_#>$`-]*)\Z")
_SENTENCE_END = re.compile(r"(?<![A-Za-z]\.[A-Za-z])(?<!\b(?:e\.g|i\.e))[.!?](?=\s+[A-Z*$\\])|[。！？；]")
_ONLY_FORMULAS = re.compile(
    r"(?:\$\$?[^$]{1,400}\$\$?|\\\(.{1,400}?\\\)|\\\[.{1,400}?\\\]|[\s()（）,，.。])+\Z"
)
_MARKED = re.compile(
    r"\*\*(?P<bold>[^*\n]{1,300})\*\*|\$\$?(?P<formula>[^$\n]{1,400})\$\$?"
    r"|\\\((?P<round>.{1,400}?)\\\)|\\\[(?P<square>.{1,400}?)\\\]"
)
_AFTER = re.compile(
    r"[\s.,。，*$)]*(?:,?\s*for (?:all|every|any)\b[^.\n]{0,60}|\([^()\n]{0,60}\)"
    r"|(?:which is |or )?(?:about|approximately|roughly|≈)[\s$]*[\d.,]+)?[\s.。*$]*\Z"
)
_COPULA = re.compile(
    r"\b(?:is|are|was|were|equals|becomes|be)\s+(?:(?:an?|the)\s+)?(?:equal to\s+|given by\s+)?"
    r"|\bat\s+(?=[\d(])|\b(?:conclude|deduce|find|get|obtain|have)(?: that)?\s+(?=[^\s=]{1,9}\s?=)"
    r"|(?<!\d)[:：]\s*|(?:是|为|等于)\s*"
)
_ITEM = re.compile(r"[ \t>*_]*(?:[-*•+]|\(?\d{1,2}[.)])[ \t]")
_GIVEN = re.compile(
    r"\b(?:given|recall|original|known|identity|theorem|definition|equivalent|example|problem"
    r"|suppose|assume|want|find|solve|consider|start"
    r"|exclud\w+|reject\w*|discard\w*|rul\w+ out|remov\w+|fails?)\b|已知|原",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"\b(?:and|or)\b|[,;](?!\s*(?:and )?(?:so|thus|hence|therefore"
    r"|i\.e\.|that is|which (?:is|means)|c['’]est-à-dire)(?!\w))"
)
_SEVERAL = re.compile(rf"(?P<value>{JOINED_FORMULAS.pattern})[\s.]*\Z")
_CONCLUDED = re.compile(r"[\s*_]*(?:so|thus|therefore|hence|consequently)\b", re.IGNORECASE)
# Unless the sentence concludes, it is what was used.
_USED = re.compile(r"\bformula\b|公式", re.IGNORECASE)
_NONE = re.compile(
    r"(?<!left )(?<!right )(?<!sided )\b(?:limit|derivative|integral|sum|maximum|minimum|value|it) "
    r"(?P<value>does not exist)[.\s]*\Z",
    re.IGNORECASE,
)
_VALUE_FIRST = re.compile(
    r"(?:(?:so|thus|hence|therefore),? )?(?P<value>\S.{0,79}?) is (?:the|our)(?: final)?"
    r" (?:answer|solution(?: set)?)[\s.]*\Z",
    re.IGNORECASE,
)
# A sentence in bold closes with what stands behind its verb.
_BOLD_SAID = re.compile(
    r"[^\W\d_][^=$\\]*?\b(?:(?:is|are|was|were|equals)\s+(?=\d|noon\b|midnight\b)"
    r"|at\s+(?=\d{1,2}:\d|\d{1,2}\s?[ap]\.?m|noon\b|midnight\b))([^=$\\]{1,30})\Z",
    re.IGNORECASE,
)
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Closing:
    """What a response closes with."""

    text: str
    set_apart: bool
    """A line, a formula or bold, which is meant as the value; else the words behind the verb, or an item."""


def closing_value(response: str) -> Closing | None:
    """What the last line is, or its last sentence ends in; None where that is no value.

    Raises Unclear where the sentence is a question, a guess, a denial or what was given.
    """
    lines = [line for line in response[-_MOST_CHARS:].split("\n") if not _BLANK.match(line)]
    sentence, is_line = _last_sentence(lines[-1].strip(" >#\t") if lines else "")
    apart = (_line(sentence) if is_line else None) or _marked_end(sentence)
    found = apart or _in_words(sentence)
    if not found:
        return None
    around = sentence.replace(found, " ")
    if (
        in_check(response, len(response))
        or sentence.endswith(("?", "？"))
        or no_answer(around)
        or (not apart and "$" in found and broken_off(sentence))
        or _GIVEN.search(around)
        or (_USED.search(around) and not _CONCLUDED.match(sentence))
        or taken_back(around)
    ):
        raise Unclear(f"no final answer but a remark: {sentence[-120:]!r}")
    is_item = len(lines) > 1 and all(map(_ITEM.match, lines[-2:]))
    return Closing(found, set_apart=apart is not None and not is_item)


def _last_sentence(line: str) -> tuple[str, bool]:
    """The last sentence that says something, and whether it is all of the line."""
    ends = [found.end() for found in _SENTENCE_END.finditer(line) if line[found.end() :].strip(" *$")]
    return (line[ends[-1] :].strip() if ends else line), not ends


def _line(line: str) -> str | None:
    """A line that is nothing but formulas, one text in bold, or a relation without words."""
    if _ONLY_FORMULAS.match(line):
        return line.replace("$", "").rstrip(" .。")
    bold = re.fullmatch(r"\*\*([^*\n]{1,300})\*\*[.。]?", line)
    if bold:
        return _said_in(bold[1])
    words = [word for word in re.findall(r"[^\W\d_]{2,}", line) if word not in ("mod", "and", "or")]
    return line.rstrip(" .") if re.search(r"[=≡<>≤≥]", line) and "i.e." not in line and not words else None


def _marked_end(sentence: str) -> str | None:
    """The formula or the bold text that the sentence ends in."""
    marked = list(_MARKED.finditer(sentence))
    if not marked or not _AFTER.match(sentence, marked[-1].end()):
        return None
    if len(marked) > 1 and _JOINED.search(sentence[marked[-2].end() : marked[-1].start()]):
        return None
    return _said_in(next(filter(None, marked[-1].groups())))


def _said_in(text: str) -> str:
    """The value behind the verb of a sentence, else the text."""
    bare = text.rstrip(" .")
    said = _BOLD_SAID.match(bare)
    return said[1] if said else bare


def _in_words(sentence: str) -> str | None:
    """What it says does not exist or is the answer, the formulas it ends in, or the few words behind `is`."""
    for pattern in (_NONE, _VALUE_FIRST, _SEVERAL):
        if told := pattern.search(sentence):
            return str(told["value"])
    ends = [found.end() for found in _COPULA.finditer(sentence)]
    rest = sentence[ends[-1] :] if ends else ""
    rest = (rest.replace("**", "") if rest.count("**") > 2 else rest).rstrip(" .。*")
    return rest if rest and "*" not in rest and len(rest.split()) <= _MOST_WORDS else None
