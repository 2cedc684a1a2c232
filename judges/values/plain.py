"""One plain spelling of a short mathematical text: without wrappers, spacing commands and look-alikes."""

import re
from collections.abc import Callable
from functools import lru_cache

from judges.values.chosen import chosen
from judges.values.raised import unstyled

_FOLD = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_FOLD |= dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\ufe63"), "-")
_FOLD |= dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u200a\u202f\u3000"), " ")
_FOLD |= dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None)  # type: ignore[arg-type]
_FOLD |= {ord("×"): "\\times ", ord("÷"): "/", ord("π"): "\\pi ", ord("∞"): "\\infty ", ord("≈"): "\\approx "}
_FOLD |= {ord("≤"): "\\le ", ord("≥"): "\\ge ", ord("·"): "\\cdot ", ord("、"): ",", ord("。"): "."}
_FOLD |= {ord("±"): "\\pm ", ord("∓"): "\\mp ", ord("≠"): "\\ne ", ord("∪"): "\\cup ", ord("∈"): "\\in "}
_FOLD |= {ord("∖"): "\\setminus ", ord("⟨"): "(", ord("⟩"): ")", ord("√"): "\\sqrt "}
_FOLD |= {ord("∶"): ":", ord("ˆ"): "^", ord("∗"): "*", ord("′"): "'", ord("º"): "°", ord("˚"): "°"}
_PAIRS = [
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("`", "`"),
    ('"', '"'),
    ("“", "”"),
]
_MATRIX = re.compile(
    r"\\begin\s*\{(?:[pbB]?matrix|smallmatrix|array)\}(?:\{[clr|\s]{0,20}\})?(.{0,2000}?)\\end\s*\{[a-zA-Z]{5,11}\}",
    re.DOTALL,
)
_CASES = re.compile(
    r"\\begin\s*\{(?:[dr]?cases)\}(.{0,2000}?)\\end\s*\{[dr]?cases\}"
    r"|\\left\s*(?:\\\{|\\lbrace)\s*\\begin\s*\{(?:array|aligned|matrix)\}(?:\{[clr|\s]{0,20}\})?(.{0,2000}?)"
    r"\\end\s*\{[a-z]{5,8}\}\s*\\right\s*\.",
    re.DOTALL,
)
_EQUATION = re.compile(r"[^=<>&]+=[^=<>&]+")
_ROW_END = re.compile(r"\\\\(?:\[[^\]]{0,9}\])?|\\cr(?![a-z])")
# A dollar that is money, until those that delimit formulas are gone.
_MONEY = "\ue000"
# What holds neither a command nor a group has nothing of these.
_LATEX: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\{([^{}]*)\\over(?![a-zA-Z])([^{}]*)\}"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\(?:langle|rangle)(?![a-zA-Z])"), lambda found: "(" if found[0] == "\\langle" else ")"),
    (re.compile(r"\\lbrace(?![a-zA-Z])"), r"\\{"),
    (re.compile(r"\\rbrace(?![a-zA-Z])"), r"\\}"),
    (re.compile(r"\\colon(?![a-zA-Z])"), ":"),
    (re.compile(r"\\neq(?![a-zA-Z])"), r"\\ne"),
    (re.compile(r"\\(?:dfrac|tfrac|cfrac)(?![a-zA-Z])"), r"\\frac"),
    # What takes room and does not show, or colours what does.
    (re.compile(r"\\(?:[hv]?phantom|[hv]space\*?|tag\*?|label)\s*\{[^{}]*\}"), " "),
    (
        re.compile(
            r"\\(?:(?:textcolor|color)\s*\{(?!white|transparent)[^{}]*\}|underline)"
            r"\s*\{((?:[^{}]|\{[^{}]*\})*+)\}"
        ),
        r" \1 ",
    ),
    # Metres in seconds are a unit where they are written as words.
    (
        re.compile(
            r"\\frac\s*\{\s*\\(?:text|mathrm)\s*\{\s*([a-zA-Z]{1,12})\s*\}\s*\}\s*"
            r"\{\s*\\(?:text|mathrm)\s*\{\s*([a-zA-Z]{1,12})\s*\}\s*(\^\s*\{?\s*[23]\s*\}?)?\s*\}"
        ),
        r" \1/\2\3",
    ),
    (re.compile(r"\{\s*\\(?:bf|rm|it|sf|tt|sl|cal)(?![a-zA-Z])\s*([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:bf|rm|it|sf|tt|sl|cal|bfseries|large|Large|huge|small)(?![a-zA-Z])"), " "),
    (re.compile(r"\\(?:blacksquare|square|Box|qed|checkmark|star)\s*\$*\Z"), ""),
    (
        re.compile(
            r"\\(?:text(?:bf|it|rm|sf|normal)?|math(?:rm|bf|it|sf|tt)|mbox|operatorname\*?|emph|boldsymbol|bm)"
            r"\s*\{([^{}]*)\}"
        ),
        r" \1 ",
    ),
    (
        re.compile(
            r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|mathstrut|limits|middle|nolimits)(?![a-zA-Z])"
        ),
        "",
    ),
    (
        re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:(?:,?\\!|\\,|\{,\}(?:\\!)?)\d{3})+(?!\d)"),
        lambda found: re.sub(r"\D", "", found[0]),
    ),
    (re.compile(r"(?<=\d)\{,\}(?=\d)"), "."),
    (re.compile(r"(?<=\d)\{:\}(?=\d)"), ":"),
    (re.compile(r"\\[,;:!> ]|\\q?quad(?![a-zA-Z])"), " "),
    (re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z])"), "°"),
    (re.compile(r"(?<=[\d\s])\\frac\s*\{\s*([a-zA-Z]{2,})\s*\}\s*\{\s*([a-zA-Z]{1,20})\s*\}"), r" \1/\2"),
    (re.compile(r"\\\$"), _MONEY),
    (re.compile(r"\\([%#&_])"), r"\1"),
    (re.compile(r"\A([$\s]*[\d.,]+[$\s]*)\\mu\s*([a-zA-Z]\s*\$?)\Z"), "\\1 \u03bc\\2"),
    (re.compile(r"\A([$\s]*[\d.,]+[$\s]*[kM]?)\s*\\Omega(\s*\$?)\Z"), "\\1\u03a9\\2"),
    (re.compile(r"\\(l|g)eq(?![a-zA-Z])"), r"\\\1e"),
    (re.compile(r"\\[dt]binom(?![a-zA-Z])"), r"\\binom"),
    (re.compile(r"\\(frac|binom)\s*(\d)\s*(\d)"), r"\\\1{\2}{\3}"),
    (re.compile(r"\\(?:simeq|doteq|thickapprox|fallingdotseq)(?![a-zA-Z])"), r"\\approx"),
    (re.compile(r"\\sqrt\s*(\d)"), r"\\sqrt{\1}"),
]
_COMMON: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"(?<!~)~(?!~)"), " "),
    (re.compile(r"°\s*([CF])(?![a-zA-Z])"), r"°\1"),
    (re.compile(r"\.{3,}|…|\\[lc]?dots(?![a-zA-Z])"), r"\\dots "),
    # 0.333… goes on like that, where a figure stands three times or a group twice.
    (
        re.compile(r"(?<!\d)(\d{0,9}\.\d{0,9}?)(?:(\d)\2{2,20}|(\d{2,6}?)\3{1,9})\s*\\dots"),
        r"\1\\overline{\2\3}",
    ),
    (re.compile(r"\s+"), " "),
]
WHOLE = re.compile(r"-?[0-9]{1,40}")
"""A whole number, written in nothing but figures."""
_REMEMBERED_CHARS = 200
_BOX = re.compile(r"\A\\f?boxe?d?\s*\{(.*)\}\Z", re.DOTALL)
# After a word it shouts, after a number or a letter it is a factorial.
_SHOUT = re.compile(r"(?<=[^\W\d_]{2})!+\Z")
# Braces that hold no items group what they hold, and are no set.
_GROUP = re.compile(r"\{(?:[^{},;\\]|\\(?![{}])|\{(?:[^{}]|\{[^{}]*\})*+\})*+\}")
_INLINE = re.compile(r"\$([^$]{1,200})\$(?!\d)")
_MINUS = re.compile(r"\A(?:minus|negative)\s+(?=[$€£¥₹]?[\d.])", re.IGNORECASE)
_APPROX = re.compile(r"\A(?:\\approx|about|approximately|roughly|exactly)\s*(?=\S)", re.IGNORECASE)


def fold(text: str) -> str:
    """Look-alike signs, wide letters and unusual spaces as their plain ones."""
    return text.translate(_FOLD)


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """The text without delimiters, text commands, spacing and a closing full stop."""
    # Most answers are whole numbers, and each text is asked for by several readers.
    if WHOLE.fullmatch(text):
        return text
    return _plain(text) if len(text) > _REMEMBERED_CHARS else _remembered(text)


def _plain(text: str) -> str:
    found = fold(unstyled(text))
    if "\\" in found or "{" in found:
        found = _MATRIX.sub(_rows, _CASES.sub(_lines, found))
        for pattern, by in _LATEX:
            found = pattern.sub(by, found)
    for pattern, step in _COMMON:
        found = pattern.sub(step, found)
    found = _unwrap(found)
    if "$" in found:
        found = " ".join(_INLINE.sub(r" \1 ", found).split())
    return _MINUS.sub("-", _APPROX.sub("", chosen(found).replace(_MONEY, "$")))


_remembered = lru_cache(maxsize=2_048)(_plain)


def _rows(matrix: re.Match[str]) -> str:
    """`1 & 2 \\\\ 3 & 4` as `[[1,2],[3,4]]`."""
    rows = [row for row in _ROW_END.split(matrix[1].replace("\\hline", "")) if row.strip()]
    return (
        "[" + ",".join("[" + ",".join(entry.strip() for entry in row.split("&")) + "]" for row in rows) + "]"
    )


def _lines(cases: re.Match[str]) -> str:
    """Equations that hold together as a list; values with their conditions in one line, parted by `\\cr`."""
    rows = [row.strip().rstrip(",;.") for row in _ROW_END.split(cases[1] or cases[2] or "") if row.strip()]
    bare = [re.sub(r"&(?=\s*=)|(?<==)\s*&", "", row) for row in rows]
    if bare and all(_EQUATION.fullmatch(row) for row in bare):
        return ", ".join(bare)
    return "\\begin{cases}" + " \\cr ".join(rows) + "\\end{cases}"


def _unwrap(text: str) -> str:
    before = None
    while text != before:
        before = text
        text = _BOX.sub(r"\1", _SHOUT.sub("", text.strip())).rstrip(".,;:? ").strip()
        if text[:1] == "{" and _GROUP.fullmatch(text):
            text = text[1:-1]
        for left, right in _PAIRS:
            inner = text[len(left) : -len(right)]
            if text.startswith(left) and text.endswith(right) and inner and left not in inner:
                text = inner
    return text
