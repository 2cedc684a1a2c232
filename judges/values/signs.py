"""Signs that change what a text says, beyond those of `wording`: `5!`, `[1,2)`, `--i`, `f(x)`, `*args`."""

import re
import unicodedata

_PAIRS = [(each, each) for each in ("***", "**", "*", "__", "_", "```", "``", "`", '"', "'", "$$", "$")]
_PAIRS += [("``", "''"), ("\u201c", "\u201d"), ("\u2018", "\u2019"), ("\\(", "\\)")]
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
_RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+")
_BRACED = re.compile(r"(?<=[\^_])\{\s*([+-]?\d{1,9}|\w)\s*\}")
_TAGS = re.compile(r"</?(?:b|i|em|strong|u|code|p|tt)>", re.IGNORECASE)
_INNER = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,300})(?<=[^\s*])\1(?![\w*])")
_ESCAPED = re.compile(r"\\([*_`%$#&@~^{}!])")
_TIE = re.compile(r"(?<=[^\W\d_])~(?=[^\W\d_])")
_TEX = re.compile(
    r"\\(?:text|textbf|textit|textrm|texttt|textsf|textsc|mathrm|mathbf|mathit|mathsf|mathtt|emph|mbox|operatorname)"
    r"\s*\{([^{}]*)\}"
)
_FORMAL = re.compile(
    r"\A[-\u2014]\s*\.?\d|[\[\]{}<>=+^|\\@~]|\*|\w\([^\s()]|\([^\s()]*[\d,][^\s()]*\)|(?<=\d)!|!(?=[\w(])|(?<![^\W_])[^\W\d_]!"
    r"|(?<![\w'’])[^\W\d_]['’′](?!\w)|--|&&|::|(?<![^\W_])[?:;]|\d:\d"
)


def bare(text: str) -> str:
    """The text without emphasis, quotes, code marks and text commands, wherever they come in pairs."""
    text = _ESCAPED.sub(r"\1", _TEX.sub(r"\1", _TAGS.sub("", text)))
    text = _TIE.sub(" ", _INNER.sub(r"\2", text)).strip()
    before = None
    while text != before:
        before = text
        text = text.strip()
        for left, right in _PAIRS:
            inner = text[len(left) : -len(right)]
            if text.startswith(left) and text.endswith(right) and inner.strip() and left not in inner:
                text = inner
    return text


def formal(text: str) -> bool:
    """Is it rather a formula or code than words, so that its signs count?"""
    return _FORMAL.search(_plain(text)) is not None


def tight(text: str) -> str:
    """A formal text as it is compared: cased alike, without spaces and a closing full stop."""
    return "".join(_plain(text.strip().removesuffix(".")).casefold().split())


def _plain(text: str) -> str:
    raised = _RAISED.sub(r"^\g<0>", _BRACED.sub(r"\1", bare(text).translate(_DASHES)))
    return unicodedata.normalize("NFKC", raised)
