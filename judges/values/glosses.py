"""A number with a remark in parentheses after it: `12 (twelve)`, `12 (apples)`."""

import re
from dataclasses import dataclass

from judges.values.numbers import read_number
from judges.values.spelled import signs

_GLOSS = re.compile(r"([^()]*\S)\s+\(\s*([^\W\d_]{2,}(?:[\s'’-]+[^\W\d_]+)*)\s*\)(\s+[^()\d]+)?")
_SPELLED = re.compile(
    r"(?:zero|one|two|three|five|ten|eleven|twelve|thirteen|fifteen|eighteen|eighty|(?:four|six|seven|eight|nine)"
    r"(?:teen|ty)?|twenty|thirty|forty|fifty|hundred|thousand|million|billion|dozen|and|point|minus|negative|a"
    r"|half|halves|thirds?|quarters?|[\s-])+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Gloss:
    """A number, as text, and the remark on it."""

    number: str
    remark: str

    @property
    def counts(self) -> bool:
        """The remark is a number in words."""
        return _SPELLED.fullmatch(self.remark) is not None

    @property
    def spells(self) -> bool:
        """The remark is the number again, in words."""
        remark = self.remark if self.counts else ""
        told = read_number(signs(remark)) or read_number(signs(f"one {remark}"))
        said = read_number(self.number)
        return told is not None and said is not None and told.value == said.value


def read_gloss(text: str) -> Gloss | None:
    """None where it is not a number that is remarked on, as in `f (x)`. Raises TooLarge."""
    found = _GLOSS.fullmatch(text)
    if found is None or read_number(found[1] + (found[3] or "")) is None:
        return None
    gloss = Gloss(found[1] + (found[3] or ""), found[2])
    return gloss if gloss.counts or not found[3] else None
