"""Residues: `x \\equiv 2 \\pmod 5` is `x \\equiv 7 \\pmod{5}`."""

import re
from fractions import Fraction
from typing import NamedTuple

from judges.values.equality import constant

_MODULUS = r"(?:\\pmod\s*|\(?\s*\\?b?mod(?:\\ |\s|(?=[{\d]))\s*)\{?\s*(?P<modulus>[1-9]\d{0,17})\s*\}?\s*\)?"
_CONGRUENT = re.compile(
    rf"(?:(?P<name>[a-zA-Z](?:_\w)?)\s*(?:\\equiv|≡|=)\s*)?(?P<rest>[^\\=≡()]{{1,40}}?)\s*\(?{_MODULUS}"
)


class Residue(NamedTuple):
    """The letter, where one is named, the residue and the modulus."""

    name: str
    rest: int
    modulus: int


def read_residue(text: str) -> Residue | None:
    """None where the text is no whole number to a modulus."""
    found = _CONGRUENT.fullmatch(text) if "mod" in text else None
    rest = constant(found["rest"]) if found else None
    if found is None or not isinstance(rest, Fraction) or rest.denominator > 1:
        return None
    modulus = int(found["modulus"])
    return Residue(found["name"] or "", int(rest) % modulus, modulus)


def same_residue(one: Residue | None, other: Residue | None) -> bool | None:
    """The same class; None where one of them is none, or the names or the moduli differ."""
    if one is None or other is None or (one.name and other.name and one.name != other.name):
        return None
    if one.modulus == other.modulus:
        return one.rest == other.rest
    return False if (one.rest - other.rest) % min(one.modulus, other.modulus) else None
