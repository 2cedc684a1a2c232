"""What a response states as its answer, held against what stands around the statement.

`The wrong answer is B`, `Answer: B. Actually, C` and `\\boxed{B} or C` state no answer.
"""

import re
from collections import deque
from dataclasses import replace

from judges.values.counts import Unclear
from judges.values.finals import Final, final_answers, later_statement

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
_CLAUSE = re.compile(r"[.;!?\n。\uff0c\uff1b,:\uff1a]\s*|\b(?:so|thus|hence|therefore|but)\b", re.IGNORECASE)
_SUPPOSED = re.compile(
    r"\b(?:if|suppos(?:e|ing)|assum(?:e|es|ed|ing)|unless|whether|imagine|perhaps|maybe)\b|如果|假设"
    r"|(?:\bnot|\bnever|n['’]t)(?:\s+(?:think|believe|say|mean|sure|certain|true|the case|correct|agree"
    r"|conclude|know)\b|(?:\s+(?!the\b)\w{1,20})?[\s$({*]*\Z)",
    re.IGNORECASE,
)
_HEARD = re.compile(
    r"\b(?:might|could|says|said|claims?|claimed|thought|told|wrote|guess(?:ed|es)|doubt|wrong|false)\b",
    re.IGNORECASE,
)
# Just before `answer`, or before another word of its kind.
_OTHER = re.compile(
    r"\b(?:wrong|incorrect|false|mistaken|first|initial|original|previous|earlier|old|na[i\u00ef]ve|intuitive"
    r"|obvious|tempting|common|popular|usual|typical|least likely|worst|other|another|alternative|partial"
    r"|intermediate|(?:a|one) possible|plausible|potential|his|her|their|students?|pupil"
    r"|(?!(?:here|it|that|there|what|let)['’])\b\w{2,20}['’]s)"
    r"(?:\s+(?!(?:the|my|our)\b)\w{1,20})?"
    r"(?:\s*\Z|\s+(?:answer|guess|response)\b)|错误|不正确",
    re.IGNORECASE,
)
_BEFORE_BOX = re.compile(
    r"(?:\b(?:neither|nor|except|without|unlike|or)|(?<=\w\s)[<>]|[≠≤≥^_/]|\\(?:neq?|[lg]eq?|[lg]eqslant|not|lt|gt|pm|sqrt|cancel))"
    r"[\s$({*]*\Z|[-+]\$?\Z|=\s*-\s*\$?\Z",
    re.IGNORECASE,
)
_WRONG = (
    r"(?:wrong|incorrect|false|mistaken|impossible|invalid|untrue|absurd|out\b|ruled out"
    r"|not (?:right|correct|true|it|possible|valid|sure)\b)"
)
_CLOSERS = r"[\s*_$`'\"”’)\]}.,;:!\\-]{0,12}"
_DENIED_AFTER = re.compile(
    rf"{_CLOSERS}(?:(?:which|that|this|it)\s+)?(?:"
    rf"(?:is|was|are|were|be|seems?|looks?|must be|would be|['’]s)\s+(?:\w{{2,15}}ly\s+)?{_WRONG}"
    rf"|[(\[—–]\s*{_WRONG}|(?:is|was|does|did|would|can)n['’]t\b|cannot\b"
    r"|错|不对|不正确|吗)",
    re.IGNORECASE,
)
_OR = re.compile(
    rf"{_CLOSERS}(?:or|else|otherwise)\b(?!\s*,?\s(?:equivalently|about|approximately|simply|roughly))"
    r"|[^\n.!?;]{0,200}(?:,\s*or|[;,]\s*(?:maybe|perhaps|possibly|it (?:may|might|could)))\b",
    re.IGNORECASE,
)
_ASKED = re.compile(r"[\s*_$`'\"”’)\]}]{0,8}[?\uff1f]")
_STRUCK = re.compile(
    r"~~|</?(?:s|del|strike)>|[\u0335-\u0338\u20d2\u20d3]|\\(?:[xb]?cancel|sout|st|[hv]?phantom)(?![a-zA-Z])"
)
_HIDES = [("<!--", "-->"), ("<del>", "</del>"), ("<s>", "</s>"), ("\\iffalse", "\\fi")]
_IN_COMMAND = re.compile(
    r"(?:\\(?:[hv]?phantom|sout|st|[xb]?cancel)\s*\{|\\(?:text)?color\s*\{white\})[\s{$]*\Z|\A\s*%[^\n]*\Z"
)
_TURNS = (
    r"(?:actually|no\s*[,.;:!]|no\s+(?:it|that|wait)\b|no\s*\Z|rather\s*,|correction\b|i mean\b"
    r"|实际上|不对|其实)"
)
_TURNED = re.compile(rf"(?:\A{_CLOSERS}|[.;!?,(—–-]\s*|\n\s*)[*_>#\s]*{_TURNS}", re.IGNORECASE)
_TAKEN_BACK = re.compile(
    r"(?:\A|[.;!?,\n(—–-])[\s*_>#]*(?:(?:oh )?wait\b|hm+\b|oops\b|sorry\s*[,.!:—-]|(?:scratch|strike) that"
    r"|on second thought|correction\s*:|i (?:was|am) (?:wrong|mistaken)|i made an? (?:mistake|error)"
    r"|i take (?:that|it) back|let me (?:correct|revise|reconsider|redo)|等等|等一下|更正)",
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
_STOP = re.compile(r"(?<=[^\s*])[.!](?=\*\*\s)")
_MOST_BACK, _MOST_ON = 200, 2_000


def stated_answers(response: str, may_ask: bool = False) -> list[Final]:
    """The final answers, and a later statement of a weaker kind; empty where nothing is stated as final.

    Raises Unclear where what stands around one says that it is none; `may_ask` allows a question mark
    after it.
    """
    found = [_cut(final) for final in final_answers(response) or _labelled(response)]
    for final in found:
        if told := _doubt(final, response, may_ask):
            raise Unclear(told)
    later = later_statement(response, found[-1]) if found else None
    return found if later is None or _doubt(later, response, may_ask) else [*found, later]


def one_sentence(response: str) -> str | None:
    """What a response of one plain sentence ends in, after its verb: `The capital of France is Paris.`"""
    text = response.strip()
    found = _SENTENCE.fullmatch(text.replace("*", ""))
    if found is None or any(way.search(text) for way in (_SUPPOSED, _OTHER, _HEARD, _HEARSAY)):
        return None
    return None if _NEGATED.search(found.string, 0, found.start("x")) else found["x"]


def struck(text: str) -> bool:
    """Is some of it crossed out or not to be seen?"""
    return _STRUCK.search(text) is not None


def after(final: Final, response: str) -> str:
    """What follows the statement in the response."""
    at = max(response.find(final.line or final.text, final.start), final.start)
    for char in final.text:
        at = response.find(char, at) + 1 or at
    rest = response[at : at + _MOST_ON]
    if final.how == "boxed":
        return rest[rest.find("}") + 1 :]
    return rest.partition("</answer>")[2] if final.how == "tagged" else rest


def _cut(final: Final) -> Final:
    """Up to a full stop in bold: `**The answer is B.** For …`."""
    head = _STOP.split(final.line, maxsplit=1)[0]
    return replace(final, text=head) if head and len(head) < len(final.text) else final


def _doubt(final: Final, response: str, may_ask: bool) -> str | None:
    before, rest = response[max(0, final.start - _MOST_BACK) : final.start], after(final, response)
    clause = _CLAUSE.split(before)[-1]
    boxed = final.how == "boxed"
    heard = _BEFORE_BOX.search(before[-40:]) if boxed else _HEARD.search(clause)
    if heard or _SUPPOSED.search(clause) or _OTHER.search(f"{clause} ." if boxed else clause):
        return f"not stated as the answer: {(clause + final.text).strip()!r}"
    if struck(final.line or final.text) or _hidden(response[: final.start]):
        return f"crossed out: {final.text!r}"
    if _ASKED.match(rest) and not may_ask:
        return f"a question: {final.text!r}"
    if _taken_back(rest):
        return f"taken back: {(final.text + rest[:80]).strip()!r}"
    return None


def _hidden(before: str) -> bool:
    """Does what is crossed out, or a comment, open before the statement and not close?"""
    line = before.rpartition("\n")[2]
    opened = any(before.rfind(mark) > before.rfind(end) for mark, end in _HIDES)
    return opened or line.count("~~") % 2 == 1 or _IN_COMMAND.search(line[-80:]) is not None


def _taken_back(rest: str) -> bool:
    """Does what follows deny the answer, offer another one or go back on it?"""
    here, _, below = rest.partition("\n")
    near = f"{here}\n{below.lstrip()[:40]}"
    return any(
        (_DENIED_AFTER.match(rest), _OR.match(here), _TURNED.search(near), _TAKEN_BACK.search(rest)),
    )


def _labelled(response: str) -> list[Final]:
    """The last line under a heading `Answer`, or after a label such as `Correct option:`."""
    lines = deque(_LABEL.finditer(response), maxlen=1)
    if not lines:
        return []
    last = lines[0]
    start = last.start("text")
    return [Final(each.text, each.how, start, each.line) for each in final_answers(f"Answer: {last['text']}")]
