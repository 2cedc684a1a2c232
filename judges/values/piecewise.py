"""Functions in pieces, as `plain` writes them in one line: values with their conditions."""

import re

from judges.values.bundles import Same

_CASES = re.compile(r"\\begin\{cases\}(.*)\\end\{cases\}", re.DOTALL)
_ROW = re.compile(r"(.*?)(?:,\s*&|&|,\s*(?:if|when|for)\b|\b(?:if|when|for)\b|,(?=[^,]*\Z))(.*)", re.DOTALL)
_LEAD = re.compile(r"\A\s*(?:if|when|for|where|,)\s*")
_ELSE = re.compile(r"otherwise|else|elsewhere|(?:in )?(?:all )?other(?: cases)?|其他|其它", re.IGNORECASE)
_MOST_ROWS = 12
Row = tuple[str, str]


def read_cases(text: str) -> list[Row] | None:
    """Values and conditions; None where the text is no function in pieces."""
    found = _CASES.fullmatch(text)
    rows = [_ROW.fullmatch(row.strip()) for row in re.split(r"\\cr(?![a-z])", found[1])] if found else []
    if not 0 < len(rows) <= _MOST_ROWS or None in rows:
        return None
    return [(row[1].strip(), _LEAD.sub("", row[2].strip())) for row in rows if row]


def same_cases(gold: list[Row], answer: list[Row], same: Same) -> bool | None:
    """The same values under the same conditions, in any order; None where the conditions part otherwise."""
    if len(gold) != len(answer):
        return None
    left = list(answer)
    told: list[bool | None] = []
    for value, condition in gold:
        met = next((row for row in left if _same_condition(condition, row[1], same)), None)
        if met is None:
            return None
        left.remove(met)
        told.append(same(value, met[0]))
    return False if False in told else None if None in told else True


def _same_condition(one: str, other: str, same: Same) -> bool:
    if _ELSE.fullmatch(one) or _ELSE.fullmatch(other):
        return bool(_ELSE.fullmatch(one) and _ELSE.fullmatch(other))
    return bool(same(one, other))
