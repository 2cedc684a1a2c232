"""The value inside what is stated: without lead-in words, the end of a chain, or its one free number."""

import re

from judges.values.again import told_once
from judges.values.answers import same_answer
from judges.values.beside import with_unit
from judges.values.chains import chain, check_near
from judges.values.counts import Unclear
from judges.values.lists import read_list
from judges.values.numbers import read_number
from judges.values.plain import WHOLE, plain
from judges.values.quantities import read_quantity
from judges.values.remarks import with_rough, without_place

# Words after which a number is a bound, or is denied.
BOUND = re.compile(
    r"\b(?:(?:less|more|fewer|greater|larger|smaller|bigger|higher|lower)[ \t]+(?:than|or[ \t]+equal)|cannot"
    r"|at[ \t]+least|at[ \t]+most|not|never|neither|nor|exceeds|up[ \t]+to|except|no[ \t]+longer"
    r"|anything[ \t]+but"
    r"|excluding|other[ \t]+than|apart[ \t]+from|almost|nearly|nowhere|far[ \t]+from|minimum[ \t]+of"
    r"|maximum[ \t]+of"
    r"|(?:any|every|all)(?:thing|one)?(?:[ \t]+\w{1,20}){0,2}[ \t]+but|nicht|kein|weder|mindestens"
    r"|höchstens|pas|n['’]est"
    r"|moins[ \t]+de|plus[ \t]+de|menos[ \t]+de|más[ \t]+de|não|ниже|не|нет)\b|n['’]t\b|\A\s*no[ \t]"
    r"|\b(?:between|under|over|above|below)[ \t]*[$€£¥]?\Z|不(?!同)|并非"
    r"|小于|大于|少于|多于|至少|至多|ではな|ではあり|아니|아닙",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(r"ではな|ではあり|じゃな|아니|아닙|не верно|nicht|\bno\b|\bpas\b", re.IGNORECASE)
_SPELLED = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred"
# Words that make another value of the number beside them.
CHANGING = re.compile(
    r"\b(?:twice|thrice|half|halves|doubled?|tripled?|quadruple|quarters?|thirds?|(?<!nearest )(?:tenth"
    r"|hundredth|thousandth)s?"
    r"|squared?(?=\s+(?:root|of))|squared|cubed|roots?|factorial|sqrt|log|ln|logarithm|sin|cos|tan|exp"
    r"|powers?|raised|exponent"
    r"|mod|modulo|base|choose|remainder|percent(?:age)?[ \t]+of|multiples?|divisible|divided?|dividing"
    r"|digits?|followed"
    r"|times[ \t]+(?=[\w$\\(])|plus|minus|theorem|lemma|equation|step|case|options?|choices?|problem"
    r"|question|section|chapter|page"
    r"|figure|table|item|formula|if|unless|only[ \t]+(?:when|for)|except|but|otherwise|else|maybe|perhaps"
    r"|possibly|either|or|through"
    r"|between|more[ \t]+than|less[ \t]+than|fewer[ \t]+than|greater[ \t]+than|larger[ \t]+than"
    r"|smaller[ \t]+than|short[ \t]+of"
    r"|negative|opposite|reciprocal|inverse|wrong|incorrect|false|unknown|not|never|fake|and[ \t]+change"
    r"|below|under|debt|loss|when"
    r"|had[ \t]+(?:\w+[ \t]+){1,3}(?:been|not)|oder|ou|entre|zwischen|jusqu|bis|или|и|ambiguous|depends)\b"
    r"|(?<!equal )(?<!equals )(?<!amounts )(?<!comes )(?<!rounds )(?<!simplifies )(?<!rounded"
    r" )(?<!evaluates )(?<!up )"
    r"\bto\b(?=[ \t]+(?:the[ \t]+)?[$]?\d)|(?<=\d[ ])to\b"
    r"|%\$?[ \t]+of[ \t]+(?=[\d$])|\bdozens?[ \t]+of\b|\band[ \t]+(?:more|up|above|over|below)\b"
    rf"|(?<=\d[ ])(?:{_SPELLED})\b|(?<=\d[ ])(?:is|was)[ \t]+(?:what|wrong|not)\b"
    r"|(?<!from left )\bsum[ \t]+of\b(?=[^=:]*\Z)|或|还是|至(?=\d)|倍|一半|次方|平方根|또는|から"
    rf"|\b(?:and|point|over)[ \t]+(?:{_SPELLED})\b|(?<=[-/,])[ \t]*(?:{_SPELLED})\b|\b(?:one"
    rf"|{_SPELLED})[ \t]+(?:times|to|over|and|point)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r",\s*(?:and\s+)?not\b|\s(?:rather than|instead of)\b|,\s*(?:nicht|no|non|pas|não|не)\s|，?而?不是",
    re.IGNORECASE,
)
_MINUS = re.compile(r"\b(?:minus|negative)[ \t]+(?=[$€£¥]?\d)", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"(?:(?:so|thus|hence|therefore|that|then|it|this|the|final|correct|my|our|required|desired"
    r"|requested)\s+)*"
    r"answer\s*(?:\bis\b\s*|:\s*|=\s*)+|therefore,?\s+|thus,?\s+|(?:that\s+)?it\s+is\s+"
    r"|that\s+(?=[-\d$\\]|there (?:is|are) no\b)|(?:simply|just|exactly)\s+|d[ei]\s+(?=[-\d$\\])",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"(?<=[^\d\s])(?:\s+(?:is|are|equals|equal to|was|be|comes to|becomes|amounts to|ist|lautet|(?:es|est|é"
    r"|è)(?:\s+d[ei])?)\b|\s*[:：])\s*"
    r"|(?:是|为|等于|共有|共|有)(?=\s*[-$\d\\])",
    re.IGNORECASE,
)
_FORMULA = re.compile(
    r"\$\$(.{1,2000}?)\$\$|(?<![\\\w])\$(?![\s$])([^$\n]{1,2000}?)(?<![\\\s])\$(?!\w)"
    r"|\\\((.{1,2000}?)\\\)|\\\[(.{1,2000}?)\\\]"
)
FREE = re.compile(
    r"(?<![\w.,/^\\{(\[|<>:#@&~√∛∜¬·×÷'’*+-])(?<![<>!]=)(?<![\w)\]}!%][ ]-)(?<![-+*/^<>÷×·√][ ])(?<!\d:["
    r" ])(?<!\d[ ]:["
    r" ])(?:(?:US)?[$€£¥₹]\s?)?[-+]?(?:[$€£¥₹]\s?)?"
    r"(?:\d{1,3}(?:\.\d{3}){1,9}+,\d\d?(?!\d)"
    r"|\d{1,3}(?:,\d{3}){1,40}+(?![\d,]*\d)|\d{1,3}(?:[ ]\d{3}){1,40}+(?!\d)"
    r"|\d{1,3}[ ]\d{1,2}(?=/\d)|\d+)(?:\.\d+)?(?:/\d+)?(?:\s?%)?"
    r"(?![\w^!{(\[½⅓¼¾²³*+/=<>'’]|[.,:]\d|-[\w]|\s?[*+/^×÷·<>=]"
    r"|\s?:\s?\d|\s-\s?\d)"
)
_BRACKETS = re.compile(r"\([^()]{0,80}\)")
JOINED_FORMULAS = re.compile(r"\$[^$]{1,200}\$(?:\s*(?:,|;|and|or|,\s*and)\s*\$[^$]{1,200}\$){1,9}")
_RELATION = re.compile(r"[=<>]|\\(?:le|ge|ne|in|equiv|leq|geq|neq)(?![a-zA-Z])")
_REMARK = re.compile(
    r"\b(?:or|not|wrong|incorrect|maybe|perhaps|possibly|negative|if|false|otherwise|else|mod|base"
    r"|unless)\b|n['’]t\b",
    re.IGNORECASE,
)
_BECAUSE = re.compile(
    r"\s*\((?:because|since|as|from|i\.e\.|that is|[^()=]{1,40}=)[^()]{0,80}\)\s*\Z", re.IGNORECASE
)
# `The numbers are 19 and 12`, where a list is asked for.
_ITEM = r"(?:[-−]?\d[\d./]{0,20}|\$[^$\n]{1,40}\$)"
_ITEMS = re.compile(
    rf"(?P<head>(?:the|these|those|all|its|so)\b[^\d$\\=\n]{{3,60}}?)\bare[ \t:]+"
    rf"(?P<items>{_ITEM}(?:(?:,|,?[ ]and)[ ]{_ITEM}){{1,9}})",
    re.IGNORECASE,
)
_NOT_THESE = re.compile(
    r"\b(?:no|not|none|never|if|other|except\w*|exclud\w+|reject\w*|fail\w*|given|original|possible|candidates?|wrong)\b",
    re.IGNORECASE,
)
_STARS, _SIGNED = re.compile(r"(?<!\d)\*\*|\*\*(?!\d)|`"), re.compile(r"(?<=[=≈:] )-\s+(?=\d)")
_ANY_DIGIT = re.compile(r"\d")
_CJK = re.compile(
    r"(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(?=[-$\d\\])"
    r"|(?<=\d)(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
)
SCALED = re.compile(r"\d\s*(?:[万亿千百十兆半折成几]|分之|点(?=\d)|以[上下内]|多|余|左右)|分之")
_ENDING = re.compile(r"\s*(?:です|である|だ|となります|になります|입니다|이다|이에요|예요)[\s.。]*\Z")
_FORMULA_END, _MOST_ENDING = re.compile(r"[a-zA-Z0-9$})\]]"), 30
_WORDS = re.compile(r"[^\W\d_]{2,}")


def value_in(text: str, gold: str) -> str:
    """What to compare with the gold answer: the text itself or the value it states. Raises Unclear."""
    if WHOLE.fullmatch(text):
        return text
    if "\\$" in text and len(text) > 4 and text[0] == text[-1] == "$" and text[-2] != "\\":
        text = text[1:-1]  # a formula that holds a sum of money
    text = text if text.isascii() else _without_ending(text)
    source = plain(text)
    if source == plain(gold) or WHOLE.fullmatch(source):
        return source
    numeric = read_number(gold) is not None
    if numeric and (_bounded(source) or (not source.isascii() and _DENIED_AFTER.search(source))):
        raise Unclear(f"a bound or a denial: {text!r}")
    if numeric and source.endswith("!") and "\\" not in source and same_answer(gold, source) is not True:
        raise Unclear(f"a factorial or an exclamation: {text!r}")
    if not numeric and (items := _ITEMS.fullmatch(text)) and read_list(plain(gold)):
        return text if _NOT_THESE.search(items["head"]) else items["items"]
    if not (_needs_reading(source, numeric) or "$" in text[1:-1]):
        return text
    if same_answer(gold, source) is True:
        return source
    text = _without_rough(told_once(without_place(text), gold))
    return _numeric(text, gold) if numeric else _other(text, gold)


def _without_ending(text: str) -> str:
    """A formula without the verb that ends the sentence in Japanese or Korean: `2√5 である`."""
    found = _ENDING.search(text, max(0, len(text) - _MOST_ENDING))
    head = text[: found.start()].rstrip() if found else ""
    return head if head and _FORMULA_END.search(head[-1:]) else text


def _needs_reading(source: str, numeric: bool) -> bool:
    if "=" in source or "\\approx" in source or "$" in source[1:] or "\\(" in source:
        return True
    return _WORDS.search(source) is not None and (numeric or _LEAD_IN.match(source) is not None)


def _other(text: str, gold: str) -> str:
    """Beside a gold answer that is no number: without the lead-in, of a chain its value."""
    bare = _without_lead_in(text)
    formula = _one_formula(bare, gold)
    found = formula if formula is not None else bare
    if JOINED_FORMULAS.fullmatch(bare):
        return bare.replace("$", "")
    if plain(found).count("=") + plain(found).count("\\approx") > 1 or _approximates(found):
        return chain(plain(found)) or found
    if "=" in found and not _RELATION.search(gold):
        try:
            return chain(plain(found)) or found
        except Unclear:
            return found
    return found


def _without_rough(text: str) -> str:
    """Without an approximation that follows an exact value and agrees with it."""
    exact, near = with_rough(text)
    if near is None or "=" in exact or len(exact.strip(" $")) <= 1:
        return text
    check_near(exact, near)
    return exact


def _approximates(text: str) -> bool:
    return "\\approx" in plain(text) or re.search(r"\b(?:about|approximately|approx)\b", text) is not None


def _numeric(text: str, gold: str) -> str:
    head = _INSTEAD.split(text, maxsplit=1)[0]
    text = _MINUS.sub("-", head if _ANY_DIGIT.search(head) else text)
    bare = _BECAUSE.sub("", _without_lead_in(text))
    if any(_REMARK.search(remark) for remark in _BRACKETS.findall(bare)):
        raise Unclear(f"a remark that changes it: {text!r}")
    changed = CHANGING.search(_BRACKETS.sub(" ", bare)) is not None
    if not changed and (read_number(bare) or read_quantity(plain(bare)) or _only_numbers(bare)):
        return bare
    formula = _one_formula(bare, gold)
    if formula is not None and not changed:
        bare = formula
    if "=" in bare and (copulas := list(_COPULA.finditer(bare.partition("=")[0]))):
        bare = bare[copulas[-1].end() :]
    if (found := chain(plain(bare))) is not None:
        return _numeric(found, gold) if _WORDS.search(found) and "\\" not in found else found
    if SCALED.search(bare):
        return bare
    tail = _after_copula(bare)
    if tail is not None:
        return tail
    if changed:
        if _is_expression(bare):
            return bare
        raise Unclear(f"words that change a number: {text!r}")
    if "\\" in bare.replace("\\$", "") or _is_expression(bare):
        return bare
    return one_number(bare)


def _is_expression(text: str) -> bool:
    """No word of more than one letter, TeX commands aside."""
    bare = re.sub(r"\\[a-zA-Z]+|\b(?:sqrt|log|ln|sin|cos|tan|exp|pi|or|and)\b", " ", plain(text))
    return not any(len(word) > 1 for word in _WORDS.findall(bare))


def _without_lead_in(text: str) -> str:
    source = text.lstrip("$ *") if text.lstrip("$ *").startswith("\\text") else text
    if source.startswith("\\text"):
        said, _, rest = plain(text).partition("\n")
        source = said + rest
    found = _LEAD_IN.match(source)
    while found and source[found.end() :].strip():
        source = source[found.end() :]
        found = _LEAD_IN.match(source)
    return source


def _one_formula(text: str, gold: str) -> str | None:
    """The one formula among words, with its unit, where nothing but words stands beside it."""
    found = list(_FORMULA.finditer(text))
    if len(found) != 1:
        return None
    beside = text[: found[0].start()] + " " + text[found[0].end() :]
    if _ANY_DIGIT.search(beside) or "=" in beside:
        return None
    return with_unit(next(filter(None, found[0].groups())), text, found[0].end(), gold)


def _after_copula(text: str) -> str | None:
    """The number behind the last `is`, `:` or comma."""
    for cut in (_COPULA, re.compile(r",\s+(?:so\s+|namely\s+|or\s+rather\s+)?")):
        ends = [found.end() for found in cut.finditer(text)]
        tail = text[ends[-1] :].strip() if ends else ""
        if tail and read_number(tail) is not None and CHANGING.search(tail) is None:
            before = text[: ends[-1]]
            if _bounded(tail) or (cut is not _COPULA and _ANY_DIGIT.search(before)):
                continue
            return tail
    return None


def one_number(text: str) -> str:
    """The one number of a text, which nothing touches."""
    source = unmarked(plain(text))
    free = list(FREE.finditer(source))
    rest = FREE.sub(" ", source)
    if not free:
        return text
    if _ANY_DIGIT.search(rest) or len({each.group().strip() for each in free}) > 1:
        raise Unclear(f"several numbers in {text!r}")
    if _DENIED_AFTER.search(source, free[0].end()):
        raise Unclear(f"a bound or a denial: {text!r}")
    number, tail = free[0].group().strip(), _ENDING.sub("", source[free[0].start() :]).strip()
    if read_number(tail) is not None:
        return tail
    if same_answer(number, tail) is not True:
        raise Unclear(f"words that may change a number: {text!r}")
    return number


def unmarked(text: str) -> str:
    """Without stars that set a number in bold, and with a sign set to its number."""
    return _SIGNED.sub("-", _STARS.sub("", text if text.isascii() else _CJK.sub(" ", text)))


def _bounded(text: str) -> bool:
    """Does a word before the first number make it a bound or a denial?"""
    head, *rest = re.split(r"[\d\\]", text, maxsplit=1)
    return bool(rest) and BOUND.search(head) is not None


def _only_numbers(text: str) -> bool:
    items = read_list(plain(text))
    return items is not None and all(read_number(item) is not None for item in items.items)
