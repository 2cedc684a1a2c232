"""Words that make of a statement no statement: supposed, quoted, denied, conditional or taken back."""

import re

_AROUND = 200
_SENTENCE_START = re.compile(r"[.!?](?=\s)|[。！？\n]")
_CLAUSE_START = re.compile(
    r"[,;:，；：]|\b(?:so|hence|therefore|thus|because|then|and|but|however)\b|所以|因此|故", re.IGNORECASE
)
# In the clause that leads up to "the answer is", or right before "answer".
_NOT_MEANT = re.compile(
    r"\b(?:claim(?:s|ed|ing)?|says|saying|said|states|stated|thinks|thought|believes|believed|suggest(?:s"
    r"|ed)?|argue[sd]?"
    r"|guess(?:es|ed)|insists|wrote|writes|told|reports?|reported|asserts?|according|doubt|nobody|hardly"
    r"|unlikely|maybe|perhaps"
    r"|possibly|might|(?-i:may)|tempt\w*|mistakenly|suppos\w+|assum\w+|imagine|pretend|whether"
    r"|check(?:ing)? (?:if|that)|if"
    r"|(?:you|one|some|many|people|others|they|students?|could|would) (?:think|say|guess|believe|claim"
    r"|answer|conclude|expect)"
    r"|not|never|cannot|no longer|false|wrong|incorrect|untrue|mistake|used to (?:think|believe)"
    r"|let[’']?s say|unless|until|had)\b"
    r"|n['’]t\b"
    r"|\b(?:wrong|incorrect|naive|naïve|tempting|common|typical|old|previous|initial|earlier|intermediate"
    r"|partial|another"
    r"|other|alternative|trap|expected|claimed|his|her|their|what|possible|textbook|book|key)[ \t]*\Z"
    r"|\b(?!(?i:let|today|it|that|here|there|what)['’]s)\w+['’]s?[ \t]*\Z"
    r"|如果|假设|假如|若|认为|以为|声称|是否|不能说|错误|有人|他说|她说|答案?书"
    r"|\b(?:si|supong\w+|dice[n]?|cree[n]?|afirma\w*|quizás|prétend\w*|croit|dit que|pense|supposons"
    r"|wenn|angenommen|behauptet|sagt|glaubt|vielleicht|если|допустим|говорит|утверждает)\b",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"\bnot (?:hard|difficult)\b|\b(?:I|we)(?:['’]d| would| can| could| will|['’]ll)? (?:say|think"
    r"|believe|guess|claim|suggest|argue|report)\b"
    r"|\bcannot be (?:anything|other)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|provided|assuming|suppose|supposing|in case|wenn|falls)\b|如果|假如|假设|若",
    re.IGNORECASE,
)
_IF_WE = re.compile(
    r"\bif (?:we|you|one|I) (?:add|sum|subtract|multiply|divide|combine|count|total|plug|substitute|solve"
    r"|simplify|calculate|compute)\b",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"(?:\A|[\s;,.(])(?:otherwise|or else|else|unless)\b|否则|\A\s*[(,]?\s*(?:or|oder|ou|或者?)\b",
    re.IGNORECASE,
)
_LEAD = r"(?:(?:but|oh|ah|hmm+|hm|no|ok|okay|well|and|so)\b[\s,.…—-]{0,4}){0,3}"
_TAKEN_BACK = re.compile(
    r"\b(?:scratch that|on second thoughts?|on reflection|never ?mind|oops|whoops|correction|take (?:that"
    r"|it) back"
    r"|I (?:misread|mis-read|miscounted|miscalculated|misunderstood|misinterpreted|forgot|meant|was wrong"
    r"|overlooked|mean)"
    r"|(?:made|is|was|there['’]s|contains|have|see) an? (?:\w{1,15} )?(?:mistake|error)|contradict(?:s"
    r"|ion)|strike that"
    r"|let(?: me|['’]s| us) (?:re-?do|reconsider|re-?compute|re-?calculate|re-?think|re-?evaluate"
    r"|re-?examine|re-?count|try"
    r"|start over|correct|fix|revise)|hold on"
    r"|(?:is|was|[’']s|be|seems|looks|as)\s+(?:\w{1,12}\s+)?(?:wrong|incorrect|mistaken|erroneous|false"
    r"|invalid|(?:a |the )?trap)"
    r"|(?:is|was|be)(?:n['’]t|\s+not)\s+(?:\w{1,12}\s+){0,2}?(?:right|correct|answer|it|possible|valid|what)"
    r"|cannot be (?:right|correct|the answer)|can['’]t be (?:right|correct|the answer)"
    r"|should (?:have been|(?:\w{1,12} )?be) (?:\w{1,12} )?[-$\\(*]*\d"
    r"|(?:the )?(?:revised|corrected) (?:answer|result|value|number) (?:is|should)"
    r"|not sure|I don['’]t (?:know|trust)|ignore (?:that|the above|this))\b"
    rf"|(?:\A|[.!?;,:。！？)\]}}$*\n—–-]\s){{1}}[\s*_(>$]{{0,12}}{_LEAD}"
    r"(?:wait|actually|sorry|apologies|hmm+|no(?=,? (?:wait|it|that|this|the|sorry|I|\d|\$|\\))|edit"
    r"|instead|rather)\b"
    r"|不对|错了|有误|更正|等等|等一下|应该是|搞错|算错|不正确|重新计算|修正|間違|訂正|違い|틀렸|정정|잘못"
    r"|\b(?:me equivoqué|corrección|espera|en realidad|perdón|incorrecto|erreur|en fait"
    r"|je me suis trompée?|attends|falsch"
    r"|korrektur|moment mal|entschuldigung|ошибка|ошибся|неверно|исправ\w*|нет,|errado|na verdade|sbagliato)",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]{2,}")


def sentence_before(response: str, start: int) -> str:
    """What stands before this place in its sentence."""
    left = response[max(0, start - _AROUND) : start]
    ends = [end.end() for end in _SENTENCE_START.finditer(left)]
    return left[ends[-1] :] if ends else left


def not_meant(before: str) -> bool:
    """Is what follows these words of a sentence supposed, quoted or denied?"""
    if not before.strip():
        return False
    starts = [start.end() for start in _CLAUSE_START.finditer(before)]
    clause = before[starts[-1] :] if starts else before
    return _NOT_MEANT.search(_MEANT.sub("", clause)) is not None


def conditional(before: str) -> bool:
    """Does the sentence so far hold a condition?"""
    return _CONDITION.search(_IF_WE.sub("", before)) is not None


def otherwise(rest: str) -> bool:
    """Does the rest of a line offer another answer?"""
    return _ELSE.search(rest) is not None


def taken_back(tail: str) -> bool:
    """Do these words, which follow a final answer, withdraw it?"""
    return _WORDS.search(tail) is not None and _TAKEN_BACK.search(tail) is not None
