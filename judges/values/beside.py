"""What stands beside a box: nothing of weight, a unit that belongs to it, or a sign that changes it."""

import re

from judges.values.numbers import read_number
from judges.values.plain import plain


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_AROUND = 120
_SPACE = r"(?:\s|\\[,;:! ]|\\q?quad(?![a-zA-Z])|~)"
# Delimiters, markup and groups that change nothing.
_OPENED = re.compile(
    rf"(?:{_SPACE}|\$|\\[(\[]|\*\*|__|`|&|(?<![\\\w}}\]^])\{{|\\displaystyle(?![a-zA-Z])"
    r"|\\(?:boxed|fbox|mathbf|textbf|text|mathrm|boldsymbol|bm|textcolor\{\w{1,20}\}|color\{\w{1,20}\})\s*\{"
    r"|\\(?:color\{\w{1,20}\}|(?:left|bigg?|Bigg?|large|Large|LARGE|huge|Huge)(?![a-zA-Z])))+\Z"
)
_CLOSED = re.compile(rf"(?:{_SPACE}|[}}$&]|\\[)\]]|\*\*|__|`|\\(?:right|bigg?|Bigg?)(?![a-zA-Z]))*")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_COMMAND = re.compile(r"\\([a-zA-Z]{1,20})\Z")
_HARMLESS_BEFORE = _set(
    "implies Rightarrow Longrightarrow rightarrow longrightarrow iff Leftrightarrow Longleftrightarrow"
    " therefore because to approx equiv mapsto item leadsto noindent hfill centering bigskip medskip"
    " smallskip par newline simeq Huge in"
)
_GROUP = re.compile(
    r"\\(?:begin|end|text|textbf|textit|textrm|mathrm|mbox|tag|label|hspace|vspace|section|subsection"
    r"|paragraph)"
    r"\*?\s*\{[^{}]{0,80}\}\Z"
)
_TAG = re.compile(r"</?[a-zA-Z]{1,12}>\Z")
_BULLET = re.compile(r"(?:\A|\n)[ \t]*(?:[-*+•>|–—]|\d{1,2}[.)]|\(\w{1,3}\))[ \t]+\Z")
_SIGN_AFTER = re.compile(r"[\^_*/×÷·<>≤≥≠√π²³¹⁰⁴-⁹%°]|[-+−–](?=\s*[\d$\\a-zA-Z])")
_SIGN_IN_PROSE = re.compile(r"[\^*/×÷·<>≤≥≠√π²³¹⁰⁴-⁹%°]|[-+−–](?=\s*[\d$\\])")
_HARMLESS_AFTER = re.compile(
    r"\\(?:\\|[()\[\],;:! ]|(?:text|textbf|textit|textrm|mathrm|mbox|q?quad|end|tag|square|blacksquare"
    r"|checkmark|hfill|approx"
    r"|implies|Rightarrow|Longrightarrow|rightarrow|to|label|because|therefore|boxed|fbox|[lc]?dots|par"
    r"|newline|item|iff"
    r"|bigskip|medskip|smallskip|Box|qed|[vh]space|nonumber|notag|noindent|right|hbox|equiv|simeq|land"
    r"|lor|wedge|vee)"
    r"(?![a-zA-Z]))"
)
_UNIT = re.compile(
    rf"(?:{_SPACE}|\$|\\\))*(?P<unit>\\?%|\^\s*(?:\{{\s*\\circ\s*\}}|\\circ(?![a-zA-Z]))|°\s?[CF]?"
    r"|\\(?:text|mathrm|mbox|textrm|operatorname)\s*\{\s*(?P<tex>[^{}$]{1,30}?)\s*\}(?P<power>\^\s*\{?\d\}?)?"
    r"|(?P<word>(?:square\s+|cubic\s+)?[A-Za-zµ]{1,12}(?:[²³]|\^\{?\d\}?)?(?:\s?/\s?[A-Za-z]{1,8}(?:[²³]"
    r"|\^\{?\d\}?)?)?)(?![\w'’]))"
)
UNITS = _set(
    "m cm mm km nm kg g mg t s h min ms lb lbs oz ft in mi yd inch inches foot feet yard yards mile miles"
    " meter meters metre metres centimeter centimeters centimetre centimetres millimeter millimeters"
    " kilometer kilometers kilometre kilometres gram grams kilogram kilograms milligram milligrams ton"
    " tons tonne tonnes pound pounds ounce ounces second seconds sec secs minute minutes mins hour hours"
    " hr hrs day days week weeks month months year years liter liters litre litres ml l cents cent"
    " dollars dollar euros euro yen yuan degrees degree radians radian rad mph kph gallon gallons quart"
    " quarts pint pints cup cups percent newtons joules watts volts hertz kelvin celsius"
)
_FACTORS = _set("percent hundred thousand million billion trillion dozen tenths hundredths thousandths")


def changed_before(response: str, start: int) -> bool:
    """Does a sign or an open bracket before this place change the value that starts here?"""
    left = response[max(0, start - _AROUND) : start]
    opened = _OPENED.search(left)
    head, opening = (left[: opened.start()], opened[0]) if opened else (left, "")
    if "white" in opening:
        return True
    if not head or _PARAGRAPH.search(opening):
        return False
    last = head[-1]
    if last == "|" and head[head.rfind("\n") + 1 :].lstrip()[:1] == "|":
        return False
    if last == ">" and _TAG.search(head):
        return False
    if last in ".:,;=\n。，：；" or (last == ")" and opening):
        return False
    command = _COMMAND.search(head)
    if command:
        return command[1] not in _HARMLESS_BEFORE
    if last.isalpha():
        # A word of prose, or a letter that multiplies.
        return not opening or (
            last.isascii() and not head[-2:-1].isalpha() and last not in "aAI" and "$" not in opening
        )
    if last in "}]":
        return _GROUP.search(head) is None and last == "}"
    if last in "-*+•>|–—" and _BULLET.search(head + " ") and opening[:1] in (" ", "\t", "$", "\n"):
        return False
    if last in "-–—" and "$" in opening and head[-2:-1] == " ":
        return False
    if last == "(":
        return response[start : start + 5000].find(")") < 0 or "$" not in opening
    if last.isdigit():
        return not set(opening) & set("$\n")
    return last in "-−–+*/^_×÷·±√<>≤≥≠([{|!%~\\"


def changed_after(response: str, end: int) -> bool:
    """Does a sign after this place change the value that ends here?"""
    right = response[end : end + _AROUND]
    closed = _CLOSED.match(right)
    at = closed.end() if closed else 0
    rest, inside = right[at:], "$" not in right[:at] and "\\)" not in right[:at] and "\\]" not in right[:at]
    if not rest or rest[0] in ".,;:)=\n。，；：":
        return False
    if rest[0] == "<" and rest[1:2] in ("/", "b", "p", "d", "s"):
        return False
    if rest[0] == "!":
        return inside and at == 0 and right[1:2].strip() != ""
    if rest[0] == "\\":
        return _HARMLESS_AFTER.match(rest) is None
    if rest[0].isalnum():
        return inside and at == 0 and rest[0].isascii()
    if rest[0] == "(":
        return inside and at == 0
    if "\n" in right[:at]:
        return False
    return (_SIGN_AFTER if inside else _SIGN_IN_PROSE).match(rest) is not None


def unit_beside(response: str, end: int) -> tuple[str, int]:
    """The unit that belongs to a box which ends here, or nothing, and where it ends."""
    found = _UNIT.match(response, end)
    if found is None:
        return "", end
    if found["word"] or found["tex"]:
        words = (found["word"] or found["tex"]).split()
        first = re.split(r"[/²³^]", words[-1])[0].lower()
        if first not in UNITS and first not in _FACTORS:
            return "", end
        if words[-1] == "in" or (words[-1] in ("s", "t", "l", "a") and not found["tex"]):
            return "", end
        return " " + " ".join(words) + (found["power"] or ""), found.end()
    return found["unit"], found.end()


def belongs(unit: str, gold: str) -> bool:
    """Units count beside a gold answer that has one; per cent and millions always."""
    number = read_number(gold)
    if number.unit if number else "\\" in gold and plain(gold).rpartition(" ")[2].lower() in UNITS:
        return True
    return read_number("1" + unit) != read_number("1 ways") and (
        "%" in unit
        or unit.split()[-1].lower()
        in ("percent", "hundred", "thousand", "million", "billion", "trillion", "dozen")
    )


def with_unit(value: str, text: str, end: int, gold: str) -> str:
    """The value with its unit, which stands after this place, where that counts beside the gold answer."""
    unit, _ = unit_beside(text, end)
    return value + unit if unit and belongs(unit, gold) else value
