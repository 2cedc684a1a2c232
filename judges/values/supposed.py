"""What stands before a statement and makes it none: supposed, asked, quoted, somebody else's, denied."""

import re

_AROUND, _NEAR = 200, 80
# What leads up to most statements and needs no closer look.
_PLAIN = frozenset({"", "the", "so the", "so, the", "thus, the", "thus the", "therefore, the", "hence the"})
_SENTENCE_START = re.compile(r"[.!?](?=\s)|[。！？]")
_CLAUSE_START = re.compile(
    r"[,;:，；：]|\b(?:so|hence|therefore|thus|because|then|and|but|however)\b|所以|因此|故", re.IGNORECASE
)
# In the clause that leads up to `the answer is`.
_DOUBTED = (
    r"\b(?:claim(?:s|ed|ing)?|says|saying|said|states|stated|thinks|thought|believes|believed"
    r"|suggest(?:s|ed)?|argue[sd]?|guess(?:es|ed)|insists|wrote|writes|told|reports?|reported|asserts?"
    r"|according|doubt|nobody|hardly|unlikely|maybe|perhaps|possibly|might|could|(?-i:may)|tempt\w*"
    r"|mistakenly|suppos\w+|assum\w+|imagine|pretend|whether|check(?:ing)? (?:if|that)|if"
    r"|(?:you|one|some|many|people|others|they|students?|would) (?:think|say|guess|believe|claim|answer"
    r"|conclude|expect)"
    r"|not|never|cannot|no longer|false|wrong|incorrect|untrue|mistake|used to (?:think|believe)"
    r"|let[’']?s say|unless|until|had)\b|n['’]t\b"
    r"|如果|假设|假如|若|认为|以为|声称|是否|不能说|错误|不正确|有人|他说|她说|答案?书"
    r"|\b(?:si|supong\w+|dice[n]?|cree[n]?|afirma\w*|quizás|prétend\w*|croit|dit que|pense|supposons"
    r"|wenn|angenommen|behauptet|sagt|glaubt|vielleicht|если|допустим|говорит|утверждает)\b"
)
# Right before `answer`, or with one word between.
_ANOTHER = (
    r"\b(?:wrong|incorrect|false|mistaken|first|initial|original|previous|earlier|old|na[iï]ve|intuitive"
    r"|obvious|tempting|common|popular|usual|typical|least likely|worst|other|another|alternative|partial"
    r"|intermediate|trap|expected|claimed|(?:a|one)[ \t]possible|plausible|potential|textbook"
    r"|his|her|their|(?:students?|pupils?|friends?|teachers?)(?:['’]s?)?)"
    r"(?:[ \t]+(?!(?:the|my|our)\b)\w{1,20})?[ \t]*\Z"
    r"|\b(?!(?:let|today|here|it|that|there|what)['’])(?:\w{2,20}['’]s|\w{2,20}s['’])"
    r"(?:[ \t]+(?!(?:the|my|our|final|correct)\b)\w{1,20})?[ \t]*\Z"
    r"|\b(?:what|possible|book|key)[ \t]*\Z"
)
_NOT_MEANT = re.compile(f"{_DOUBTED}|{_ANOTHER}", re.IGNORECASE)
_MEANT = re.compile(
    r"\bnot (?:hard|difficult)\b|\b(?:I|we)(?:['’]d| would| can| could| will|['’]ll)? (?:say|think"
    r"|believe|guess|claim|suggest|argue|report)\b|\bcannot be (?:anything|other)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|provided|assuming|suppose|supposing|in case|wenn|falls)\b|如果|假如|假设|若",
    re.IGNORECASE,
)
# Something else is told of it: half of the answer, one more than the answer.
OF_ANSWER = (
    r"\b(?:(?<!value )of|than|times|twice|thrice|double|triple|half|quarter|plus|minus|from|in|to)"
    r"(?:[ \t]+(?:the|our|my|this|that))?(?:[ \t]+(?:final|correct|right))*[ \t]+answer\b"
)
_OF_ANSWER = re.compile(OF_ANSWER, re.IGNORECASE)
# What does not hold: `Had it been fair, the answer would be`, `Without it the answer would be`.
_UNREAL = re.compile(
    r"[\W_]*(?:but[ \t]+)?(?:(?:had|were|should)\b"
    r"|(?:without|with|otherwise|under|for|in (?:that|such a) case)\b"
    r"[^\n]{0,200}\banswer[ \t]+would\b)",
    re.IGNORECASE,
)
# Of a box the same, where it is told that it did not happen; `if it travels on, it would be` may be asked.
_NOT_SO = re.compile(
    r"(?:\bif\b[^\n]*\bhad(?:n['’]t)?[ \t]+(?:not[ \t]+)?(?:been|\w+ed)\b|\A[\W_]*(?:but[ \t]+)?had\b)"
    r"[^\n]*(?:\bwould\b|['’]d\b)[^.\n]*\Z",
    re.IGNORECASE,
)
# What shows how answers are to be written: `Example: "Answer: ` and a value.
_SAMPLE = re.compile(
    r"\b(?:such as|like)[ \t]+[\"“][^\"”\n]*\Z"
    r"|\A[ \t>*_#-]*(?:worked[ \t]+)?example\b[^\n]*[.!?][ \t]*\Z"
    r"|\b(?:examples?|formats?|templates?|instructions?|placeholder|e\.g)\b[^\n\"“”]*[\"“][^\"”\n]*\Z"
    r"|\b(?:template|instructions?|placeholder|example)\b[^\n\"“”.]{0,40}\b(?:says?|reads?|shows?)\b[\s:]*\Z",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"\b(?:says?|said|claim(?:s|ed)|stat(?:es|ed)|reads?|wrote|writes|told|insist(?:s|ed))\b[^\"“”\n]{0,20}[\"“][^\"“”\n]*\Z",
    re.IGNORECASE,
)
_IF_WE = re.compile(
    r"(?<=\w )if and only if(?=[\s$*\\({\[]*\Z)"
    r"|\bif (?:we|you|one|I) (?:add|sum|subtract|multiply|divide|combine|count|total|plug|substitute|solve"
    r"|simplify|calculate|compute)\b",
    re.IGNORECASE,
)
# In the clause that leads up to a box, which may be any step of the work.
_SUPPOSED = re.compile(
    r"\b(?:if|suppos(?:e|ing)|assum(?:e|es|ed|ing)|unless|whether|imagine|perhaps|maybe)\b"
    r"|如果|假设"
    r"|(?:\bnot|\bnever|n['’]t)\s+(?:think|believe|say|mean|sure|certain|true|the case|correct|agree"
    r"|conclude|know)\b",
    re.IGNORECASE,
)
# Right before a box.
_DENIED = re.compile(
    r"(?:\b(?:(?:(?:might|may|could|would|people|others?|some|many|one|students?|he|she|they) (?:say|think"
    r"|guess|answer|claim|believe)s?|claims|pretend|expected)(?: (?:that|it|is|was|were|answer|the)){0,3}"
    r"|(?:(?:not|never|neither|nor|cannot|except|without|unlike|anything but|other than|rather than"
    r"|instead of|nicht|keine?|n['’]est pas|no es|não é|non è|не)|(?<=n['’])t)"
    r"(?:(?:\s+(?:be|equal|equals|to|the|answer|correct|final|is|say|write|put|in|as)){0,4}"
    r"|\s+(?!the\b)\w{1,20}))|\bno(?=\s*:)|≠|不是|并非|不等于|不为)[\s$*({\[:\\]*\Z",
    re.IGNORECASE,
)
# Without one of these it need not be looked for; other scripts always are.
_HINTS = (
    *("say", "think", "guess", "answer", "claim", "believe", "pretend", "expected", "no", "n't", "never"),
    *("neither", "except", "without", "unlike", "but", "than", "instead", "nicht", "kein", "pas"),
)
_ANSWER = re.compile(r"\b(?:answer|guess|response)\b[^,;]{0,30}\Z", re.IGNORECASE)


def not_meant(response: str, start: int) -> bool:
    """Is `the answer is`, which stands here, supposed, quoted, denied or conditional?"""
    line = response[max(0, start - _AROUND) : start].rpartition("\n")[2]
    if ("xample" in line or '"' in line or "“" in line) and _SAMPLE.search(line):
        return True
    before = _sentence_before(response, start)
    return before.strip(" *_>#").lower() not in _PLAIN and (
        _doubted(before)
        or _QUOTED.search(before) is not None
        or _CONDITION.search(_IF_WE.sub("", before)) is not None
        or _OF_ANSWER.search(before + response[start : start + len("answer")]) is not None
        or _UNREAL.match(before + response[start : start + _NEAR]) is not None
    )


def box_not_meant(response: str, start: int) -> bool:
    """The same of a box or a tag, which may stand in any sentence of the work."""
    near = response[max(0, start - _NEAR) : start]
    if (not near.isascii() or any(map(near.lower().__contains__, _HINTS))) and _DENIED.search(near):
        return True
    before = _sentence_before(response, start)
    if not before.strip():
        return False
    if _NOT_SO.search(before) or _SAMPLE.search(before):
        return True
    answer = _ANSWER.search(before)
    return _SUPPOSED.search(_IF_WE.sub("", _clause(before))) is not None or (
        answer is not None and _doubted(before[: answer.start()])
    )


def _sentence_before(response: str, start: int) -> str:
    left = response[max(0, start - _AROUND) : start].rpartition("\n")[2]
    ends = [end.end() for end in _SENTENCE_START.finditer(left)]
    return left[ends[-1] :] if ends else left


def _doubted(before: str) -> bool:
    return _NOT_MEANT.search(_MEANT.sub("", _clause(before))) is not None


def _clause(before: str) -> str:
    starts = [start.end() for start in _CLAUSE_START.finditer(before)]
    return before[starts[-1] :] if starts else before
