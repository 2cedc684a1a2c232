"""Find a text that goes round in circles, in time linear in its length, in any script."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import eq

from judges.values.wording import CJK

_WORD = re.compile(rf"[{CJK}]|[^\W{CJK}]+")
# What stands between words of ASCII.
_APART = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
_GRAM = 4
_LONG_WORD = 100
_SEARCHED = 4_096
"""Characters up to which a phrase is sooner found by searching than by counting all of them."""
_FIGURES_FACTOR = 10
# A line of code that closes a block and says nothing else.
_CLOSER = re.compile(
    r"[)\]}\s]*+(?:(?:end\w*+|fi|done|esac|od|next|loop|wend|#endif)"
    r"(?: (?:if|for|while|do|sub|function|loop|case|class))?"
    r"|</[\w:.-]++\s*>|\{%-?\s*end\w*+\s*-?%\}|\\end\{\w++\*?\})[)\]};,.\s]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Loop:
    """What is repeated, how often, and whether it is a whole line or a phrase."""

    kind: str
    text: str
    times: int


def line_loop(text: str, most: int) -> Loop | None:
    """The line that follows itself more than `most` times, blank lines aside; it must hold a letter.

    Lines of other indentation are other lines, and code may close as many blocks in a row as it opened.
    """
    if most > 0 and not _says_a_line_again(text):
        return None
    runs = ((line, sum(1 for _ in run)) for line, run in groupby(_telling_lines(text)))
    times, line = max(
        ((times, line) for line, times in runs if line), default=(0, ""), key=lambda run: run[0]
    )
    return Loop("line", line.strip(), times) if times > most else None


def _says_a_line_again(text: str) -> bool:
    """Whether two lines in a row are the same, blank lines aside, which costs little to ask."""
    if "\n" not in text:
        return False
    lines = list(filter(None, map(str.strip, text.split("\n"))))
    return any(map(eq, lines, islice(lines, 1, None)))


def _telling_lines(text: str) -> Iterator[str]:
    """Lines that are not blank, with their indentation; empty for one that says nothing when repeated."""
    fenced = False
    for line in text.split("\n"):
        bare = line.strip()
        fence = bare.startswith(("```", "~~~"))
        fenced ^= fence
        if bare:
            empty = not any(map(str.isalpha, bare)) or (fenced and _CLOSER.fullmatch(bare))
            yield "" if empty or fence else line.rstrip()


def phrase_loop(text: str, most: int, words: int) -> Loop | None:
    """A stretch of at least `words` words that says nothing new, each phrase of it more than `most` times.

    Figures repeat in tables and sums, so a stretch of them must be ten times as long.
    """
    if len(text) < words and text.isascii():  # elsewhere a folded character may be three
        return None
    tokens = _tokens(text)
    if not _may_go_stale(tokens, words):
        return None
    for start, end, times in _stale_stretches(tokens):
        stretch = tokens[start:end]
        figures = sum(token.isdigit() for token in stretch) > len(stretch) / 2
        if times > most and len(stretch) >= words * (_FIGURES_FACTOR if figures else 1):
            return Loop("phrase", " ".join(_period(stretch)), times)
    return None


def _tokens(text: str) -> list[str]:
    folded = text.casefold()
    if folded.isascii():
        folded = folded.translate(_APART)
        words, long = folded.split(), _has_long_word(folded)
    else:
        words, long = _WORD.findall(folded), True
    if not long:
        return words
    found: list[str] = []
    for word in words:
        if len(word) > _LONG_WORD:
            found.extend(word)
        else:
            found.append(word)
    return found


def _has_long_word(text: str) -> bool:
    """Whether there may be one among words between single blanks: it would fill half its length anywhere."""
    half = _LONG_WORD // 2
    return any(" " not in text[at : at + half] for at in range(0, len(text), half))


def _may_go_stale(tokens: list[str], words: int) -> bool:
    """Whether at least `words` words may say nothing new, which costs little to ask.

    All phrases of such a stretch occur elsewhere: so does one of those looked at, and one half way to the
    next.
    """
    step = words - _GRAM + 1
    if step < 2:
        return True
    if len(tokens) < words:
        return False
    again = _twice(tokens)
    for at in range(step, len(tokens), step):
        if again(at) and (again(at - step // 2) or again(at + step // 2)):
            return True
    return False


def _twice(tokens: list[str]) -> Callable[[int], bool]:
    """Whether the phrase that begins at this word occurs more than once; yes where words are too few."""
    text = f" {' '.join(tokens)} "
    if len(text) <= _SEARCHED:
        return lambda at: _found_twice(text, f" {' '.join(tokens[at : at + _GRAM])} ")
    times = Counter(_grams(tokens))
    return lambda at: at > len(tokens) - _GRAM or times[tuple(tokens[at : at + _GRAM])] > 1


def _found_twice(text: str, phrase: str) -> bool:
    return text.find(phrase, text.find(phrase) + 1) >= 0


def _grams(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(islice(tokens, shift, None) for shift in range(_GRAM)), strict=False)


def _stale_stretches(tokens: list[str]) -> list[tuple[int, int, int]]:
    """Maximal runs of phrases that all occurred before: start, end, mean times a phrase of it occurs.

    A block said k times in a row is new once and stale k - 1 times.
    """
    seen: set[tuple[str, ...]] = set()
    stretches: list[tuple[int, int, int]] = []
    start, distinct = 0, set[tuple[str, ...]]()
    for at, gram in enumerate([*_grams(tokens), ()]):
        if gram in seen:
            distinct.add(gram)
            continue
        seen.add(gram)
        if distinct:
            end = at + _GRAM - 1
            stretches.append((start, end, (end - start) // len(distinct) + 1))
            distinct = set()
        start = at + 1
    return stretches


def _period(stretch: list[str], most: int = 30) -> list[str]:
    """The block that the stretch repeats, or its beginning where it is longer than `most` words."""
    for length in range(1, most):
        if stretch[:length] == stretch[length : 2 * length]:
            return stretch[:length]
    return stretch[:most]
