"""Signs that unicode has in many faces: raised and lowered figures, styled letters, sets and relations."""

import re
import unicodedata

# ª and º are no powers, and a raised zero alone is a degree sign.
_SMALL = (
    0xB2,
    0xB3,
    0xB9,
    *range(0x2B0, 0x2E5),
    *range(0x1D2C, 0x1D6B),
    *range(0x2070, 0x20A0),
    0x2C7C,
    0x2C7D,
)


def _faces(kind: str) -> dict[int, str]:
    told = {code: unicodedata.decomposition(chr(code)) for code in _SMALL}
    return {
        code: unicodedata.normalize("NFKC", chr(code)).replace("\u2212", "-")
        for code, text in told.items()
        if text.startswith(f"<{kind}>")
    }


_RAISED, _LOWERED = _faces("super"), _faces("sub")
_STYLED = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}
_STYLED |= {ord(sign): f"\\mathbb{{{letter}}}" for sign, letter in zip("ℂℕℚℝℤ", "CNQRZ", strict=True)}
_STYLED |= {
    ord("ℎ"): "h",
    ord("ℓ"): "\\ell ",
    ord("⋅"): "\\cdot ",
    ord("∙"): "\\cdot ",
    ord("⁄"): "/",
    ord("∕"): "/",
}
_STYLED |= {ord("∀"): "\\forall ", ord("∣"): "\\mid ", ord("∧"): "\\land ", ord("∨"): "\\lor ", ord("″"): '"'}
_STYLED |= {ord("∠"): "\\angle ", ord("≃"): "\\approx ", ord("≅"): "\\approx ", ord("∩"): "\\cap "}
_DEGREE = re.compile("(?<=[0-9])⁰(?![{}])".format("".join(map(chr, _RAISED))))
_RUNS = [
    (re.compile("[{}]+".format("".join(map(re.escape, map(chr, faces))))), faces, sign)
    for faces, sign in ((_RAISED, "^"), (_LOWERED, "_"))
]


def unstyled(text: str) -> str:
    """`10⁻³` as `10^{-3}`, `x₁` as `x_{1}`, `𝑥` as `x`, `ℤ` as `\\mathbb{Z}`."""
    if text.isascii():
        return text
    found = _DEGREE.sub("°", text.translate(_STYLED))
    for pattern, faces, sign in _RUNS:
        found = pattern.sub(
            lambda run, faces=faces, sign=sign: f"{sign}{{{run[0].translate(faces)}}}",  # type: ignore[misc]
            found,
        )
    return found
