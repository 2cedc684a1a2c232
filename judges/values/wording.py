"""Words compared as words: one folded spelling for case, width, spaces and punctuation."""

import re
import unicodedata

CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# No article is the A of `A) 5`.
_ARTICLE = re.compile(r"\A\W*+(?:the|an?)\s+(?=[^\W_])(?!(?:the|an?)(?![^\W_]))")
_TEX = re.compile(
    r"\\(?:text(?:bf|it|rm|tt|sf|sc)?|math(?:rm|bf|it|sf|tt)|emph|mbox|operatorname)\s*\{([^{}]*)\}"
)
# What does not show; a tie of TeX; a figure below a letter of a formula.
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]+")
_TIE = re.compile(r"(?<=[^\W\d_])~(?=[^\W\d_])")
_BELOW = re.compile(r"(?<=[A-Za-z)])_(?:\{(\d{1,3})\}|(\d))")
# NFKC would make 102 of 10² and 11/2 of 1½.
_RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+")
_VULGAR = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_STEPS = [
    (re.compile(r"\A\s*\$([^$]+)\$\s*\Z"), r"\1"),
    (re.compile(r"\\([%$#&_])"), r"\1"),
    (re.compile("[\u2010-\u2013\u2212]"), "-"),
    (re.compile("\u2044"), "/"),
    (re.compile(r"(?<=\d)\s{0,3}per\s?cent\b"), "%"),
    (re.compile(r"--+"), " "),
    (re.compile(r"(?<=\d)\s++(?=%)"), ""),
    (re.compile(r"(?<=\w)\s++([/-])\s++(?=\d)"), r"\1"),
]
_AFTER, _BEFORE = rf"(?<=[^\W_{CJK}])", rf"(?=[^\W_{CJK}])"
# A sign, a range, a grade; a decimal point, `.net`; a rate, a fraction; `c#`. Between letters they only join.
_MEANT = re.compile(
    rf"(?<![^\W_{CJK}])-(?=[$€£¥]?\.?[^\W_{CJK}])|(?<=\d)-(?=\d)|{_AFTER}-(?=\s*\Z)"
    rf"|(?<=\d)\.(?=\d)|(?<![^\W_{CJK}])(?<!\.)\.{_BEFORE}|{_AFTER}[%/#]|[/#]{_BEFORE}"
)


def folded(text: str) -> str:
    """NFKC, casefolded, punctuation and spaces as single spaces, without a leading article.

    Signs that change what is meant stay where they touch a letter or a figure: -5, 50%, 2/3, 2.3, C#. A text
    of punctuation alone stays as it is.
    """
    shown = _TIE.sub(" ", _HIDDEN.sub("", text)).replace("`", " ")
    flat = _VULGAR.sub(" ", _RAISED.sub(r"^\g<0>", _BELOW.sub(r"\1\2", _TEX.sub(r"\1", shown))))
    wide = unicodedata.normalize("NFKC", flat).casefold()
    for pattern, by in _STEPS:
        wide = pattern.sub(by, wide)
    wide = _ARTICLE.sub("", wide)
    meant = {found.start() for found in _MEANT.finditer(wide)}
    kept = "".join(
        " " if unicodedata.category(char)[0] in "PZC" and at not in meant else char
        for at, char in enumerate(wide)
    )
    return " ".join(kept.split()) or wide.strip()


def plainly(text: str) -> str:
    """What a reader sees: wide and ornate letters as plain ones, without what does not show."""
    return unicodedata.normalize("NFKC", _HIDDEN.sub("", text))


def holds(text: str, phrase: str) -> bool:
    """Does a folded text hold a folded phrase, as whole words where the script has any?"""
    before = rf"(?<![^\s{CJK}])" if not re.match(f"[{CJK}]", phrase) else ""
    after = rf"(?![^\s{CJK}])" if not re.match(f"[{CJK}]", phrase[-1:]) else ""
    return re.search(before + re.escape(phrase) + after, text) is not None
