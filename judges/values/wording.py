"""Words compared as words: one folded spelling for case, width, spaces and punctuation."""

import re
import unicodedata

_ARTICLE = re.compile(r"\A(?:the|an?) (?=\S)")
_TEX = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")


def folded(text: str) -> str:
    """NFKC, casefolded, punctuation and spaces as single spaces, without a leading article.

    A text of punctuation alone stays as it is.
    """
    wide = unicodedata.normalize("NFKC", _TEX.sub(r"\1", text)).casefold()
    kept = "".join(" " if unicodedata.category(char)[0] in "PZC" else char for char in wide)
    return _ARTICLE.sub("", " ".join(kept.split())) or wide.strip()


def holds(text: str, phrase: str) -> bool:
    """Does a folded text hold a folded phrase, as whole words where the script has any?"""
    if phrase.isascii():
        return f" {phrase} " in f" {text} "
    return phrase in text
