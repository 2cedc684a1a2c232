"""Constraints people set every day beyond IFEval's: None where one is followed, else what is wrong."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from judges.values.counts import Counted
from judges.values.fenced import fenced_blocks, fenced_lines
from judges.values.json_dialect import broken_rule
from judges.values.json_text import NotJson, read_json, unfenced
from judges.values.marks import headings, language, list_items
from judges.values.sentences import count_sentences
from judges.values.wording import plainly
from schemas import instructions as asked

_NUMBERED = re.compile(r"^[ \t]*\(?\d{1,3}[.)][ \t]", re.MULTILINE)
_JOINS = re.compile(r"[—–/]|--+")
_ALPHANUMERIC = re.compile(r"[^\W_]")
# Scripts that set no space between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_HEAD_END = re.compile(r":?-+:?")
Checker = Callable[[str, Any], str | None]


def _range(count: Callable[[str], Counted | int], what: str) -> Checker:
    def told(text: str, given: asked.Range) -> str | None:
        found = count(text)
        counted = Counted.exactly(found, what) if isinstance(found, int) else found
        return counted.between(given.min, given.max)

    return told


def _words(text: str) -> Counted:
    """What stands between spaces and holds a letter or a figure: `don't`, `well-known` and `$1.50` are one.

    Two that a dash or a slash joins may be counted as either; so may the numbers of a list. Where a script
    has no spaces, there is a word for each character at most.
    """
    parts = [part for part in text.split() if _ALPHANUMERIC.search(part)]
    more = sum(len([each for each in _JOINS.split(part) if _ALPHANUMERIC.search(each)]) - 1 for part in parts)
    more += sum(max(0, len(_UNSPACED.findall(part)) - 1) for part in parts)
    return Counted(len(parts) - len(_NUMBERED.findall(text)), len(parts) + more, "words")


def _prose(text: str) -> list[str]:
    """The lines outside code blocks."""
    return [line for line, block, _ in fenced_lines(text) if block is None]


def _list_items(text: str) -> int:
    return sum(1 for _ in list_items(_prose(text)))


def _headings(text: str) -> Counted:
    return headings(_prose(text))


def _full_lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.split("\n"))


def _paragraphs(text: str) -> int:
    return len([part for part in re.split(r"\n[^\S\n]*\n", text) if part.strip()])


def _contains(text: str, given: asked.Texts) -> str | None:
    missing = [each for each in given.texts if not _has(text, each, given.case_sensitive)]
    return f"no {missing[0]!r}" if missing else None


def _lacks(text: str, given: asked.Texts) -> str | None:
    shown = plainly(text)
    there = [
        each
        for each in given.texts
        if _has(text, each, given.case_sensitive) or _has(shown, plainly(each), given.case_sensitive)
    ]
    return f"{there[0]!r} occurs" if there else None


def _has(text: str, part: str, exact: bool) -> bool:
    return part in text if exact else part.casefold() in text.casefold()


def _starts(text: str, given: asked.OneText) -> str | None:
    said, wanted = _cased(text, given)
    return None if said.startswith(wanted) else f"starts with {text.strip()[:60]!r}"


def _ends(text: str, given: asked.OneText) -> str | None:
    said, wanted = _cased(text, given)
    return None if said.endswith(wanted) else f"ends with {text.strip()[-60:]!r}"


def _cased(text: str, given: asked.OneText) -> tuple[str, str]:
    pair = text.strip(), given.text.strip()
    return pair if given.case_sensitive else (pair[0].casefold(), pair[1].casefold())


def _table(text: str, given: asked.Table) -> str | None:
    found = list(_tables(_prose(text)))
    if any(columns >= given.columns and rows >= given.rows for columns, rows in found):
        return None
    told = f"{found[0][0]} columns and {found[0][1]} rows" if found else "no table"
    return f"{told}, at least {given.columns} columns and {given.rows} rows wanted"


def _tables(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Columns, and rows under the head, of each Markdown table."""
    columns = rows = 0
    above = ""
    for line in [*lines, ""]:
        cells = _cells(line)
        if columns and not cells:
            yield columns, rows
            columns = rows = 0
        elif columns:
            rows += any(cells)
        elif cells and all(map(_HEAD_END.fullmatch, cells)) and len(_cells(above)) == len(cells):
            columns = len(cells)
        above = line


def _cells(line: str) -> list[str]:
    """The cells of a line with a bar in it, else none."""
    bare = line.strip()
    return [cell.strip() for cell in bare.strip("|").split("|")] if "|" in bare else []


def _code_block(text: str, given: asked.CodeBlock) -> str | None:
    blocks = {language(name) for name, body in fenced_blocks(text) if body.strip()}
    if not blocks:
        return "no code block"
    named = given.language is None or language(given.language) in blocks
    return None if named else f"a code block in {', '.join(sorted(blocks)) or 'no language'}"


def _no_code_block(text: str, _: asked.Arguments) -> str | None:
    return "a code block" if fenced_blocks(text) else None


def _no_lists(text: str, _: asked.Arguments) -> str | None:
    item = next(list_items(_prose(text)), None)
    return None if item is None else f"a list item: {item.strip()[:60]!r}"


def _json_keys(text: str, given: asked.JsonKeys) -> str | None:
    value = _read(text)
    if isinstance(value, NotJson):
        return f"not JSON: {value}"
    if not isinstance(value, dict):
        return "no JSON object"
    missing = [key for key in given.keys if key not in value]
    others = sorted(value.keys() - set(given.keys)) if given.only else []
    return f"no key {missing[0]!r}" if missing else f"the key {others[0]!r} besides" if others else None


def _json_schema(text: str, given: asked.JsonSchema) -> str | None:
    value = _read(text)
    if isinstance(value, NotJson):
        return f"not JSON: {value}"
    broken = broken_rule(value, given.json_schema)
    return None if broken is None else f"at {broken[0] or 'the top'}: {broken[1]}"


def _read(text: str) -> Any:
    try:
        return read_json(unfenced(text))
    except NotJson as error:
        return error


FOLLOWED: Mapping[str, Checker] = {
    "datapipe:words": _range(_words, "words"),
    "datapipe:characters": _range(lambda text: len(text.strip()), "characters"),
    "datapipe:lines": _range(_full_lines, "lines that are not empty"),
    "datapipe:sentences": _range(count_sentences, "sentences"),
    "datapipe:paragraphs": _range(_paragraphs, "paragraphs"),
    "datapipe:headings": _range(_headings, "headings"),
    "datapipe:list_items": _range(_list_items, "list items"),
    "datapipe:contains": _contains,
    "datapipe:lacks": _lacks,
    "datapipe:starts_with": _starts,
    "datapipe:ends_with": _ends,
    "datapipe:table": _table,
    "datapipe:code_block": _code_block,
    "datapipe:no_code_block": _no_code_block,
    "datapipe:no_lists": _no_lists,
    "datapipe:json_keys": _json_keys,
    "datapipe:json_schema": _json_schema,
}
