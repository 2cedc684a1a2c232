"""Which part of a chain, `m + n = 3 + 4 = 7` or `\\sqrt{2} \\approx 1.41`, is its value."""

import re
from fractions import Fraction

from judges.values.answers import same_answer
from judges.values.counts import Unclear
from judges.values.equality import constant
from judges.values.evaluate import as_fraction, is_real
from judges.values.expressions import read_tree
from judges.values.numbers import read_number
from judges.values.plain import plain
from judges.values.restated import rounds

_LINK = re.compile(r"(?<![<>!:=])=(?!=)|\\(?:approx|simeq|doteq)(?![a-zA-Z])")
_MOST_CHARS = 300
_ARROW = re.compile(
    r"\A\s*(?:\\(?:therefore|Rightarrow|implies|Longrightarrow|because)(?![a-zA-Z])|[⇒→∴]|[=-]>)\s*"
)
_NO_CHAIN = re.compile(
    r"[<>≠≡]|\\(?:le|ge|lt|gt|ne|leq|geq|neq|equiv|in|to|sim|cong|pmod|mapsto|implies|iff|lor|land|vee"
    r"|wedge|Rightarrow"
    r"|Leftrightarrow|cases)(?![a-zA-Z])|\bmod\b"
    r"|\b(?:or|and|except|excluding|unless|without|(?:other|apart) (?:than|from))\b|或|和"
)
# What a value may be called: a letter, a function of something, the size or the measure of something, words.
_NAME = re.compile(
    r"\s*(?:(?:\\(?:angle|triangle|overline|overrightarrow|hat|vec|bar|text|Delta|alpha|beta|gamma|delta"
    r"|theta|lambda|mu|phi|omega|nabla"
    r"|sigma|rho|tau|epsilon|varphi|kappa|eta|zeta|xi|nu|psi)\b\s*)?\{?[A-Za-zα-ωΑ-Ω]{0,3}'{0,2}\}?"
    r"(?:_\s*(?:\w|\{[^{}]{1,30}\}|\\[a-z]{1,10})|\^\s*\\?\*|\^\{\\?\*\}){0,2}'{0,2}\s*(?:\([^=]{1,60}\)"
    r"|\[[^=\[\]]{1,30}\])?"
    r"|\|[A-Za-z](?:_\w)?\||#\s*[A-Z]|[A-Za-z]{2,}(?: [A-Za-z]+){0,8}|\\(?:gcd|lcm|max|min|det"
    r"|operatorname|deg|dim|lim|log|sum|int)\b.*)\s*"
)
_APPROXIMATE = re.compile(
    r"(?<=\S)\s*(?:[,(]\s*|\bor\s+|\bwhich is\s+|\bi\.e\.,?\s+){0,2}(?:about|approximately|approx\.?"
    r"|roughly|around|\\approx)\s+"
    r"(?=[$€£]?\d[\d.,]*\s*(?:[a-z]{1,12}\s*)?\)?[.\s]*\Z)"
)


def chain(text: str) -> str | None:
    """The part of a chain that is its value; None where there is no chain. Raises Unclear: parts disagree."""
    text = _ARROW.sub("", text)
    source = _APPROXIMATE.sub(r" \\approx ", text) if len(text) <= _MOST_CHARS else text
    if source != text:
        source = source.rstrip(" .").removesuffix(")") if source.count(")") > source.count("(") else source
    if not _LINK.search(source) or _NO_CHAIN.search(source):
        return None
    parts, links = _split(source)
    if not links or not all(part.strip() for part in parts[1:]):
        return None
    if not parts[0].strip():
        return parts[1].strip() if len(parts) == 2 else chain("".join(_joined(parts[1:], links[1:])))
    exact = max((at for at, link in enumerate(links, 1) if link == "="), default=0)
    if exact == 0 and _is_name(parts[0]):
        return parts[-1].strip()
    if exact and _is_letter(parts[exact]) and not _is_letter(parts[0]):
        exact = 0
    elif exact and (not _may_name(parts[0]) or (_is_letter(parts[0]) and _holds(parts[exact], parts[0]))):
        raise Unclear(f"an equation, not a value: {text!r}")
    _agree(parts, links, exact, text)
    return parts[exact].strip()


def _joined(parts: list[str], links: list[str]) -> list[str]:
    return [piece for pair in zip(parts, [*links, ""], strict=True) for piece in pair]


def _split(source: str) -> tuple[list[str], list[str]]:
    """Parts and links between them, at the top level; nothing where a comma makes a list of it."""
    cuts = {found.start(): found for found in _LINK.finditer(source)}
    parts, links, depth, start = [], [], 0, 0
    for at, char in enumerate(source):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char in ",;" and not source[at + 1 : at + 4].isdigit():
            return [source], []
        if depth == 0 and at in cuts and at >= start:
            parts.append(source[start:at])
            links.append("=" if cuts[at][0] == "=" else "~")
            start = cuts[at].end()
    return [*parts, source[start:]], links


def _is_letter(part: str) -> bool:
    return re.fullmatch(r"\s*[a-zA-Z]\s*", part) is not None


def _holds(part: str, letter: str) -> bool:
    tree = read_tree(plain(part))
    return tree is not None and letter.strip() in tree.names


def _is_name(part: str) -> bool:
    source = plain(part)
    return _NAME.fullmatch(source) is not None and any(char.isalpha() for char in source)


def _may_name(part: str) -> bool:
    """A name, a number, or a quantity of several letters that was asked for; no equation in one unknown."""
    if _is_name(part) or constant(plain(part)) is not None or read_number(part) is not None:
        return True
    tree = read_tree(plain(part))
    return tree is not None and len(tree.names) > 1


def _names_something(part: str) -> bool:
    """A name, or what was asked for in letters that are known elsewhere."""
    tree = read_tree(plain(part))
    return _is_name(part) or (tree is not None and len(tree.names) > 0)


def _agree(parts: list[str], links: list[str], exact: int, text: str) -> None:
    value = _value(parts[exact])
    for at, part in enumerate(parts):
        if at == exact or (at == 0 and _names_something(part)):
            continue
        if at > 0 and links[at - 1] == "~":
            agrees = _value(part) is None or value is None or rounds(parts[exact], part.strip())
        elif value is None or (other := _value(part)) is None:
            agrees = same_answer(part, parts[exact]) is not False
        else:
            agrees = other == value
        if not agrees:
            raise Unclear(f"parts that are not equal: {text!r}")


def check_near(exact: str, near: str) -> None:
    """Raises Unclear where a rounded value does not agree with the exact one."""
    _agree([exact, near], ["~"], 0, f"{exact} {near}")


def _value(part: str) -> Fraction | None:
    number = read_number(part)
    if number is not None:
        return None if number.percent else number.value
    found = constant(plain(part))
    return as_fraction(found) if found is not None and is_real(found) else None
