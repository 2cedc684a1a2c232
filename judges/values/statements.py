"""Where a response says in words that something is its answer: tags, marked lines, headings and sentences."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import takewhile

from judges.values.final import Final, How

_TAGGED = re.compile(r"<answer>(?P<text>(?:[^<]|<(?!/?answer>)){1,5000})</answer>", re.IGNORECASE)
_ENGLISH = (
    r"(?:the[ \t]+|our[ \t]+|my[ \t]+)?(?:(?:final|correct|right)[ \t]+)*ans(?:wers?)?"
    r"|final(?:[ \t]+result)?|result"
)
_ALL = (
    rf"{_ENGLISH}|(?:la[ \t]+)?respuesta(?:[ \t]+(?:final|correcta))?"
    rf"|(?:la[ \t]+)?r[ée]ponse(?:[ \t]+(?:finale|correcte))?"
    r"|(?:die[ \t]+)?(?:endgültige[ \t]+|richtige[ \t]+)?antwort|(?:end)?ergebnis|résultat|resultado"
    r"|risultato"
    r"|(?:a[ \t]+)?resposta(?:[ \t]+(?:final|correta))?|(?:la[ \t]+)?risposta(?:[ \t]+(?:finale|corretta))?"
    r"|(?:окончательный[ \t]+|правильный[ \t]+)?ответ"
    r"|(?:최종[ \t]*)?(?:정답|답)|(?:最終的?な?)?(?:答え|解答|回答)"
    r"|[^\n\d:\uff1a。]{0,6}答案(?:应?[为是])?|答"
)


def _marking(names: str) -> re.Pattern[str]:
    return re.compile(
        rf"^[ \t>*_#-]*(?:(?:{names})[ \t*_]*+(?:[:\uff1a][ \t*_]*+|$)"
        r"|(?P<short>(?-i:A:))[ \t*_]*+|####[ \t]*+(?=[^\s#]))",
        re.IGNORECASE | re.MULTILINE,
    )


_MARKED, _MARKED_ELSEWHERE = _marking(_ENGLISH), _marking(_ALL)
# Beside one of these, `A:` is an option and no answer.
_SIBLING = re.compile(r"^[ \t>*_#-]*[B-E]:|^[ \t>*_#-]*A:[^\n]*\bB:", re.MULTILINE)
_SAID = re.compile(
    r"\banswer(?:(?:[ \t]+(?:to|for)[ \t]+(?:the|this|that|our|your)[ \t]+\w{1,20})?[ \t]+(?:is|would be"
    r"|must be|will be|should be|was|equals|comes (?:out )?to)(?:[ \t]+therefore)?"
    r"|(?=[ \t*]*+[:\uff1a]))(?:[ \t*]*+[:\uff1a])?+[ \t*]*+(?=[^\n]|\n)"
    r"|\b(?:final|correct|actual|true|real)[ \t]+(?:result|value|total|number)[ \t]+is[ \t*:\uff1a]*+"
    r"|\b(?:correct|right|best)[ \t]+(?:option|choice)[ \t]+is[ \t*:]*+",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"\b(?:value|number|quantity|amount|result)[ \t]+(?:(?:that|which|we)[ \t]+(?:is|was|are|were)[ \t]+)?"
    r"(?:asked(?:[ \t]+for)?|requested|sought)(?:[ \t]+\([^()\n]{1,30}\))?[ \t]+is[ \t*:]*+",
    re.IGNORECASE,
)
_ASKING = ("asked", "requested", "sought")
_SAID_ELSEWHERE = re.compile(
    r"(?:答案(?:应该)?(?:是(?!否|不)|[为：:])|答案选|正确选项[为是]|故(?:应?选|答案[为是])|(?:所以|因此|应)选(?:择)?|(?:答え|解)は|(?:정답|답)[은는이]"
    r"|\brespuesta(?:[ \t]+(?!n)\w{1,12})?[ \t]+(?:es|sería|será)\b"
    r"|\br[ée]ponse(?:[ \t]+(?!n)\w{1,12})?[ \t]+(?:est|serait)\b"
    r"|\b(?:antwort|lösung|ergebnis)(?:[ \t]+(?:ist|lautet|beträgt|wäre))\b"
    r"|\bresposta(?:[ \t]+(?!n)\w{1,12})?[ \t]+(?:é|será)\b"
    r"|\brisposta(?:[ \t]+(?!n)\w{1,12})?[ \t]+(?:è|e['’])|\bответ(?:[ \t]+(?:равен|это)\b"
    r"|[ \t]*[-—–](?=[ \t]))"
    r"|\b(?:respuesta|r[ée]ponse|antwort|resposta|risposta|ответ)(?=[ \t*]*+[:\uff1a]))"
    r"(?:[ \t*]*+[:\uff1a])?+[ \t*]*+",
    re.IGNORECASE,
)
_ELSEWHERE = ("espuesta", "ponse", "ntwort", "rgebnis", "esposta", "isposta")
_CLAUSE_END = re.compile(
    r"(?<!i\.e)(?<!e\.g)\.(?=\s|\Z)|(?<![\d)])!(?=\s|\Z)|[;?](?=\s|\Z)|[。\uff0c\uff1b]"
    r"|(?:,|(?<![,\s]))\s++(?:because|since|as|so|which|where|with)\b"
)
# After these signs a value may follow, and the clause is a list.
_LISTING = re.compile(r"\s*(?:[a-zA-Z]\s*=\s*)?[$(\[{\\]{0,2}[-+−]?[.\\]?(?:\d|(?:sqrt|frac|pi)(?![a-z]))")
# Stars that set something in bold, or that close what opened before the answer; no power.
BOLD = re.compile(r"(?<![\w)*])\*{2,3}(?=\S)|(?<=\S)\*{2,3}(?![\w(*])|\A\s*\*\*")
_DECORATED = re.compile(r"[\s✅✓✔☑■□∎◻\U0001f300-\U0001faff]{1,20}\Z")
_HEADING = re.compile(r"[*_ \t]*(?:\d+[.)][ \t]+)?[^\W\d_]{3,}")
_BULLET = re.compile(r"[-*•+][ \t]+(?=\S)")
# A value, perhaps with a name, and no step of the work.
_ITEM = re.compile(
    r"(?:[-*•+]|\d{1,2}[.)])[ \t]+(?:[*_]{0,2}[^\n:=\d$\\]{1,60}:)?[*_ \t]*+"
    r"(?P<value>[$(\[{+−-]{0,4}(?:\d|\\?(?:frac|sqrt|pi))[^\n=:]{0,40})$"
)
_DISPLAYS = {"\\[": "\\]", "$$": "$$", "```": "```", "\\begin{": "\\end{", "\\(": "\\)", "$": "$"}
_WORD, _DIGIT = re.compile(r"[^\W\d_]{2,}"), re.compile(r"\d")
_MOST_SAID, _MOST_CHARS, _PROSE_WORDS = 50, 5000, 4


def tagged(response: str) -> list[Final]:
    """What stands between `<answer>` and `</answer>`."""
    if "</" not in response:
        return []
    found = deque(_TAGGED.finditer(response), maxlen=_MOST_SAID)
    return [
        Final(each["text"].strip(), "tagged", each.start(), end=each.end())
        for each in found
        if each["text"].strip()
    ]


def marked(response: str) -> list[Final]:
    """Marked lines; `A:` is one where no option `B:` stands beside it and no later sentence states more."""
    lines = list((_MARKED_ELSEWHERE if _elsewhere(response) else _MARKED).finditer(response))
    lines = [line for line in lines if not _is_heading(response, line)]
    if any(line["short"] for line in lines):
        said_at = max((found.start() for found in _SAID.finditer(response)), default=-1)
        options = _SIBLING.search(response) is not None
        lines = [line for line in lines if not line["short"] or not (options or line.start() < said_at)]
    return list(_clauses(response, [(line.start(), line.end()) for line in lines[-_MOST_SAID:]], "marked"))


def _is_heading(response: str, line: re.Match[str]) -> bool:
    """Is `####` the mark of a heading, with text below it?"""
    if "#" not in line[0][-5:] or not _HEADING.match(response, line.end()):
        return False
    below = response.find("\n", line.end())
    return below >= 0 and _DIGIT.search(response, below) is not None


def said(response: str, start: int = 0) -> list[Final]:
    """The last sentences that state an answer, from this place on."""
    patterns = [_SAID, *([_SAID_ELSEWHERE] if _elsewhere(response) else [])]
    patterns += [_ASKED_FOR] if any(map(response.__contains__, _ASKING)) else []
    places: list[tuple[int, int]] = []
    for pattern in patterns:
        places += [each.span() for each in deque(pattern.finditer(response, start), maxlen=_MOST_SAID)]
    places = sorted(set(places))[-_MOST_SAID:] if len(patterns) > 1 else places
    return list(_clauses(response, places, "said"))


def _elsewhere(response: str) -> bool:
    """May it be in another language than English?"""
    return not response.isascii() or any(word in response for word in _ELSEWHERE)


def _clauses(response: str, places: Iterable[tuple[int, int]], how: How) -> Iterator[Final]:
    for start, end in places:
        text, last, is_below = _text(response, end)
        clause = text[: _clause_end(text)]
        if is_below and _begins_a_solution(response, clause, last):
            continue
        bare = _DECORATED.sub("", BOLD.sub("", clause) if "*" in clause else clause)
        if bare.strip("*_ `$.:#"):
            at = last if len(clause) == len(text) else min(last, response.find(clause, end) + len(clause))
            yield Final(bare.strip(), how, start, text, at)


def _begins_a_solution(response: str, clause: str, last: int) -> bool:
    """Under a heading, a sentence that more figures follow is the first step towards an answer."""
    return len(_WORD.findall(clause)) >= _PROSE_WORDS and _DIGIT.search(response, last) is not None


def _text(response: str, start: int) -> tuple[str, int, bool]:
    """What is stated from here on, where it ends, and whether it stands below.

    It is the line, with a formula to its end, or the next lines where this one is empty.
    """
    stop = response.find("\n", start)
    stop = len(response) if stop < 0 else stop
    line = response[start : min(stop, start + _MOST_CHARS)].strip()
    if line.strip("*_: \t："):
        return _whole(response, start, stop, line), stop, False
    below = response[stop : stop + _MOST_CHARS]
    begin = stop + len(below) - len(below.lstrip())
    stop = response.find("\n", begin)
    return *_block(response, begin, len(response) if stop < 0 else stop), True


def _block(response: str, begin: int, stop: int) -> tuple[str, int]:
    line = response[begin : min(stop, begin + _MOST_CHARS)]
    for opening, closing in _DISPLAYS.items():
        if line.startswith(opening) and closing not in line[len(opening) :]:
            end = response.find(closing, stop, begin + _MOST_CHARS)
            if end < 0:
                return line.strip(), stop
            if opening == "\\begin{":
                return response[begin : response.find("}", end) + 1].strip(), response.find("}", end) + 1
            inner = response[begin + len(opening) : end]
            return " ".join((inner.partition("\n")[2] if opening == "```" else inner).split()), end
    return _items(line, response[stop + 1 : stop + _MOST_CHARS].split("\n"), stop)


def _items(line: str, below: list[str], stop: int) -> tuple[str, int]:
    """The items of a list that begins with this line, joined, else the line; and where they end."""
    lines = [line.rstrip(), *below]
    values = [each["value"].strip(" *_.") for each in takewhile(bool, map(_ITEM.match, lines)) if each]
    bullets = list(takewhile(_BULLET.match, lines))
    if len(values) < max(len(bullets), 1):
        values = [_BULLET.sub("", each, count=1).strip() for each in bullets] or [line.strip()]
    return ", ".join(values), stop + sum(len(each) + 1 for each in below[: len(values) - 1])


def _whole(response: str, start: int, stop: int, line: str) -> str:
    """The line, and what follows it where a formula that opens on it closes on a later one."""
    if "\\" not in line and "$$" not in line:
        return line
    for opening, closing in (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)")):
        at = line.rfind(opening)
        if at >= 0 and (line.count("$$") % 2 if opening == "$$" else closing not in line[at:]):
            end = response.find(closing, stop, start + _MOST_CHARS)
            return " ".join(response[start : end + 2].split()) if end >= 0 else line
    if line.count("$") % 2 and "\\begin{" in line:
        end = response.find("$", stop, start + _MOST_CHARS)
        return " ".join(response[start : end + 1].split()) if end >= 0 else line
    return line


def _clause_end(text: str) -> int:
    for end in _CLAUSE_END.finditer(text[:_MOST_CHARS]):
        sign = end.group()
        if sign in ";；，。" and (
            _LISTING.match(text, end.end()) or text[end.start() - 1 : end.start()] == "\\"
        ):
            continue
        if sign != "." and _inside(text[: end.start()]):
            continue
        return end.start()
    return min(len(text), _MOST_CHARS)


def _inside(before: str) -> bool:
    """Does a bracket or a formula stand open?"""
    signs = before.replace("\\$", "")
    opened = sum(map(signs.count, "([{")) - sum(map(signs.count, ")]}"))
    return opened > 0 or (signs.count("$") % 2 == 1 and "$" in signs[:2])
