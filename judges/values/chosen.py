"""Binomials and falling factorials in the ways that people write them, as `\\binom` and factorials."""

import re

_FIGURES = r"(?:\{\s*(\d{1,4})\s*\}|(\d))"
_LETTER = r"(?<![a-zA-Z\\}\d])([CAP])\s*"
_UNDER = re.compile(rf"{_LETTER}_\s*{_FIGURES}\s*\^\s*{_FIGURES}(?!\d)")
_OVER = re.compile(rf"{_LETTER}\^\s*{_FIGURES}\s*_\s*{_FIGURES}(?!\d)")
_BEFORE = re.compile(rf"(?<![\w}}\])])(?:\{{\s*\}})?\s*[_^]\s*{_FIGURES}\s*([CP])\s*_\s*{_FIGURES}(?!\d)")
_CHOOSE = re.compile(r"\{([^{}]*)\\choose(?![a-zA-Z])([^{}]*)\}")
_WHOLE = re.compile(r"\A([^{}\\=,]*)\\choose(?![a-zA-Z])([^{}\\=,]*)\Z")


def chosen(text: str) -> str:
    """`{6 \\choose 2}`, `C_6^2` and `{}_6C_2` as `\\binom{6}{2}`; `A_6^2` as 6!/4!."""
    if "\\choose" in text:
        text = _WHOLE.sub(r"\\binom{\1}{\2}", _CHOOSE.sub(r"\\binom{\1}{\2}", text))
    if "_" in text and ("C" in text or "A" in text or "P" in text):
        text = _BEFORE.sub(
            lambda found: _of(found, found[3], found[1] or found[2], found[4] or found[5]), text
        )
        for pattern in (_UNDER, _OVER):
            text = pattern.sub(_either, text)
    return text


def _either(found: re.Match[str]) -> str:
    """`C_6^2` in China and France, `C^6_2` elsewhere: the larger figure is what is chosen from."""
    ends = sorted((found[2] or found[3], found[4] or found[5]), key=int)
    return _of(found, found[1], ends[1], ends[0]) if found[1] != "P" else found[0]


def _of(found: re.Match[str], letter: str, many: str, few: str) -> str:
    if int(few) > int(many):
        return found[0]
    if letter == "C":
        return rf"\binom{{{many}}}{{{few}}}"
    return rf"\frac{{{many}!}}{{{int(many) - int(few)}!}}"
