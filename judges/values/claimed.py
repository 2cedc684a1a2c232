"""What a response states as its answer, held against what stands around the statement.

`The wrong answer is B`, `Answer: B. Actually, C` and `\\boxed{B} or C` state no answer.
"""

import re
from collections import deque
from dataclasses import replace

from judges.values.beside import changed_after, unit_beside
from judges.values.counts import Unclear
from judges.values.finals import Final, final_answers, later_statement
from judges.values.seen import hidden, struck
from judges.values.supposed import box_not_meant, not_meant
from judges.values.withdrawn import asked, otherwise, taken_back, undecided

# Labels that stand for `Answer:` where there is none.
_LABEL = re.compile(
    r"^[ \t>*_#-]*+(?:(?:the[ \t]{1,9})?(?:(?:final|correct|right|best)[ \t]{1,9})?answer[ \t*_#]*+\n\s*+"
    r"|(?:the[ \t]{1,9})?(?:correct|right|best|final|chosen|selected)[ \t]{1,9}(?:option|choice|answer)"
    r"[ \t*_]{0,9}(?:[:\uff1a]|[ \t](?:is\b|[-\u2013\u2014]))[ \t*_:\uff1a]*+"
    r"|answer[ \t*_]{1,9}[-\u2013\u2014][ \t]"
    r"|[\u3010\[]?(?:故|所以|因此|综上(?:所述)?)?[,\uff0c]?(?:正确|参考|标准|最终|本题)?的?(?:答案|选项)"
    r"(?:应?[是为选]+[ \t*_:\uff1a]*+|[ \t*_]{0,9}[\u3011\]:\uff1a]++[ \t*_]*+))"
    r"(?P<text>[^\n]*[^\W_][^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
# Signs before a box that make another answer of it.
_CHANGED = re.compile(
    r"(?:\bor|(?<=\w\s)[<>]|[≠≤≥^_/]|\\(?:neq?|[lg]eq?|[lg]eqslant|not|lt|gt|pm|sqrt))[\s$({*]*\Z"
    r"|[-+]\$?\Z|=\s*-\s*\$?\Z",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"[^.!?\n]{0,200}\b(?:is|was|are|were|be|by|called|named|in(?=\s+\d{3,4}\W*\Z))\s+(?P<x>[^!?\n]{1,200}?)[.!]?",
    re.IGNORECASE,
)
_HEARSAY = re.compile(
    r"\b(?:many|some|most|people|everyone|students?|friends?|teachers?|he|she|they|someone|often|sometimes"
    r"|mis\w+|mistakes?|error|myth|neither|cannot|hardly|unlike|except|or|either|used to|once|guess|would|may"
    r"|believed|least|runner|second (?:choice|option|guess|place))\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|no|never)\b|n['’]t\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d")
_STOP = re.compile(r"(?<=[^\s*])[.!](?=\*\*\s)")
_AROUND = 40


def stated_answers(response: str, may_ask: bool = False) -> list[Final]:
    """The final answers, and a later statement of a weaker kind; empty where nothing is stated as final.

    Raises Unclear where what stands around one says that it is none; `may_ask` allows a question mark
    after it.
    """
    found = [_cut(final, response) for final in final_answers(response) or _labelled(response)]
    for final in found:
        if told := _doubt(final, response, may_ask):
            raise Unclear(told)
    if found and (told := undecided(response)):
        raise Unclear(f"not decided: {told!r}")
    later = later_statement(response, found[-1]) if found else None
    return found if later is None or _doubt(later, response, may_ask) else [*found, later]


def one_sentence(response: str) -> str | None:
    """What a response of one plain sentence ends in, after its verb: `The capital of France is Paris.`"""
    text = response.strip()
    found = _SENTENCE.fullmatch(text.replace("*", ""))
    if found is None or _HEARSAY.search(text):
        return None
    head, at = found.string, found.start("x")
    none = _NEGATED.search(head, 0, at) or not_meant(head, at) or box_not_meant(head, at)
    return None if none else found["x"]


def after(final: Final, response: str) -> str:
    """What follows the statement in the response."""
    return response[final.end :]


def _cut(final: Final, response: str) -> Final:
    """Up to a full stop in bold: `**The answer is B.** For …`."""
    head = _STOP.split(final.line, maxsplit=1)[0]
    if not head or len(head) >= len(final.text):
        return final
    return replace(final, text=head, end=response.find(head, final.start) + len(head))


def _doubt(final: Final, response: str, may_ask: bool) -> str | None:
    before, rest = response[max(0, final.start - _AROUND) : final.start], after(final, response)
    if final.how in ("boxed", "tagged"):
        none = box_not_meant(response, final.start) or _CHANGED.search(before) or _raised(final, response)
    else:
        none = not_meant(response, final.start)
    if none:
        told = before.rpartition("\n")[2] + final.text
        return f"not stated as the answer: {told.strip()!r}"
    if struck(final.line or final.text) or hidden(response, final.start):
        return f"crossed out: {final.text!r}"
    if asked(final.text, rest) and not may_ask:
        return f"a question: {final.text!r}"
    if otherwise(rest) or taken_back(rest, explained=True):
        return f"taken back: {(final.text + rest[:80]).strip()!r}"
    return None


def _raised(final: Final, response: str) -> bool:
    """Does a sign after a number in a box make another number of it?"""
    end = unit_beside(response, final.end)[1]
    return _NUMBER.search(final.text) is not None and changed_after(response, end)


def _labelled(response: str) -> list[Final]:
    """The last line under a heading `Answer`, or after a label such as `Correct option:`."""
    lines = deque(_LABEL.finditer(response), maxlen=1)
    if not lines:
        return []
    last = lines[0]
    start, label = last.start("text"), "Answer: "
    found = final_answers(f"{label}{last['text']}")
    return [replace(each, start=start, end=start + each.end - len(label)) for each in found]
