"""Marks at the start of lines as people write them: list items, headings, languages at fences."""

import re
from collections.abc import Iterator, Sequence

from judges.values.counts import Counted

_QUOTE = r"[ \t\u00a0\u200b\ufeff]*(?:>[ \t]?)*"
_ITEM = re.compile(
    _QUOTE + r"(?:(?:[-*+–]|\(?\d{1,9}[.)])[ \t]+\S"
    # Bullets and numbers that need no space after them, and letters before a bracket.
    r"|[•‣◦▪▫●○■□·∙➢➤►▶✓✔☑✅☐][ \t️]*\S|[①-⑳❶-❿➀-➉][ \t]*\S"
    r"|[(（]?[\d０-９一二三四五六七八九十]{1,3}[、）．][ \t]*\S|\d{1,3}\.(?=[぀-鿿가-힣])"
    r"|\(?(?:[a-zA-Z]|[ivx]{2,4})\)[ \t]+\S)"
)
_LETTERED = re.compile(_QUOTE + r"([a-zA-Z])\.[ \t]+\S")
_RULE = re.compile(r"[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*\Z")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+\S")
_UNDERLINE = re.compile(r" {0,3}(?:(=)=+|--+)[ \t]*\Z")
_ALIASES = {
    "python": "py python3 py3 python2",
    "javascript": "js node nodejs mjs jsx",
    "typescript": "ts tsx",
    "c++": "cpp cc cxx hpp",
    "c#": "cs csharp",
    "f#": "fs fsharp",
    "shell": "bash sh zsh shell-script shellscript",
    "powershell": "ps ps1 pwsh",
    "yaml": "yml",
    "markdown": "md",
    "ruby": "rb",
    "rust": "rs",
    "go": "golang",
    "kotlin": "kt kts",
    "haskell": "hs",
    "objective-c": "objc objectivec",
    "latex": "tex",
    "dockerfile": "docker",
    "makefile": "make mk",
    "html": "htm xhtml",
    "perl": "pl",
    "elixir": "ex exs",
    "erlang": "erl",
    "clojure": "clj",
    "julia": "jl",
    "ocaml": "ml",
    "scala": "sc",
    "r": "rscript",
    "terraform": "tf hcl",
    "protobuf": "proto",
    "text": "txt plaintext plain",
    "visualbasic": "vb vbnet vb.net",
}
_LANGUAGES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}


def language(name: str) -> str:
    """One spelling of a language's name at a fence: `py` is `python`, `cpp:main.cpp` is `c++`."""
    plain = re.sub(r"\s", "", name.casefold()).partition(":")[0]
    return _LANGUAGES.get(plain, plain)


def list_items(lines: Sequence[str]) -> Iterator[str]:
    """Lines of prose that are list items; `A.` alone may be an initial, with a `B.` it is none."""
    letters = {found[1] for line in lines if (found := _LETTERED.match(line))}
    for line in lines:
        if _RULE.match(line):
            continue
        lettered = _LETTERED.match(line)
        if _ITEM.match(line) or (lettered and _neighbours(lettered[1]) & letters):
            yield line


def _neighbours(letter: str) -> set[str]:
    return {chr(ord(letter) - 1), chr(ord(letter) + 1)}


def headings(lines: Sequence[str]) -> Counted:
    """With `#`, or underlined; what stands over dashes may be a heading or a text before a rule."""
    sure = unsure = 0
    above = ""
    for line in lines:
        underline = _UNDERLINE.match(line)
        sure += _HEADING.match(line) is not None
        if underline and _may_head(above):
            sure, unsure = (sure + 1, unsure) if underline[1] else (sure, unsure + 1)
            line = ""
        above = line
    return Counted(sure, sure + unsure, "headings")


def _may_head(line: str) -> bool:
    marked = any(mark.match(line) for mark in (_HEADING, _RULE, _UNDERLINE, _ITEM))
    return bool(line.strip()) and not marked and "|" not in line and not line.lstrip().startswith(">")
