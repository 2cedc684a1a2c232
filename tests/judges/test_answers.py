"""Two final answers are the same, are not, or nobody can tell."""

import pytest

from judges.values.answers import same_answer
from judges.values.bases import read_based
from schemas.references import Comparison

SPACES = [
    ("7/2", "3 1/2", True), ("3 1/2", "3.5", True), ("31/2", "3 1/2", False), ("3 1/2", "31/2", False),
    ("31/2", "3\\ 1/2", False), ("-3.5", "-3 1/2", True), ("7/2", "3\\frac{1}{2}", True),
    ("31/2", "3 \\frac{1}{2}", False), ("31", "3 1", None), ("12", "1\\ 2", None), ("3 1", "3 1", True),
    ("1000", "1 000", True), ("x + 1", "x+1", True), ("2x", "2 x", True), ("(1, 2)", "( 1,2 )", True),
    ("1234", "1, 234", False), ("1, 234", "1,234", None), ("(1, 234)", "(1,234)", True), ("5 m", "5m", True),
    ("\\log_2 8", "3", True),
]  # fmt: skip
FACTORS = [
    ("5,000,000", "5 million", True), ("5 million", "5000000", True),
    ("$5 million", "5,000,000 dollars", True),
    ("5", "5 million", None), ("5 million", "5", None), ("5 million", "6", False),
    ("5 million", "5 thousand", False), ("5000000", "5M", None), ("5", "$5k", None), ("4k/2", "2k", True),
    ("503", "5 hundred and 3", None), ("12", "3 x 4", None), ("5", "5^\\circ C", True),
    ("36", "3 dozen", True), ("3", "3 dozen", None), ("36 eggs", "3 dozen eggs", True),
    ("300", "3 hundred", True),
    ("36", "4 dozen", False), ("20 thousand", "20000", True), ("200000", "2 hundred thousand", True),
    ("1.5 billion", "1500 million", True), ("5", "5 tenths", None), ("2", "2 thirds", None),
]  # fmt: skip
COMPOUNDS = [
    ("2", "2 hours 30 minutes", None), ("2.5 hours", "2 hours 30 minutes", True),
    ("3", "3 feet 4 inches", None),
    ("40 inches", "3 feet and 4 inches", True), ("2 hours, 30 minutes", "2.5 hours", True),
    ("2", "2xy", False), ("2xy", "2", False), ("2xy", "2yx", True), ("5", "5cm", True), ("5 cm", "5cm", True),
    ("2.5", "2ft 6in", None), ("2", "2h 30m", None),
    ("2", "2h30m", None), ("2 hours 30 minutes", "2 hours 30 minutes", True),
    ("5", "5 or 6 apples", False), ("5, 6", "5 apples, 6 pears", True), ("5", "5 per 100", None),
    ("12", "12 m^2", True), ("12", "12 m2", True), ("12 m/s^2", "12 m/s^{2}", True), ("3", "3 s^{-1}", True),
]  # fmt: skip
BASES = [
    ("12_5", "12_7", False), ("12_{5}", "12_7", False), ("12_5", "12_5", True), ("101_2", "101_{2}", True),
    ("101_2", "0101_2", True), ("101_2", "101", True), ("5", "101_2", None), ("101", "101_2", None),
    ("12", "12_{10}", True), ("12_{10}", "12", True), ("101_2", "110", False), ("101_2", "5", None),
    ("\\text{FF}_{16}", "ff_{16}", None), ("\\text{FF}_{16}", "FF_{16}", True), ("x_1", "x_2", False),
    ("6", "101_2", False), ("12_{\\text{five}}", "12_{\\text{seven}}", False),
]  # fmt: skip
GLOSSES = [
    ("12", "12 (twelve)", True), ("12", "13 (thirteen)", False), ("21", "21 (twenty-one)", True),
    ("12 apples", "12 (twelve)", True), ("5 apples", "5 (apples)", True), ("5 m", "5 (cm)", None),
    ("12", "12(3)", False), ("12 apples", "12 (checked)", None), ("12", "13 (checked)", False),
    ("1/2", "1/2 (half)", True), ("3", "3 (three) apples", True),
    ("3 pears", "3 (three) apples", False), ("3", "4 (four) apples", False),
    ("-5", "minus 5", True), ("5", "negative 5", False),
]  # fmt: skip
DECIMALS = [
    ("\\frac{18\\pi}{5}", "3.6\\pi", True), ("3.6\\pi", "\\frac{18\\pi}{5}", True),
    ("\\frac{\\pi}{10}", "0.1\\pi", True),
    ("\\frac{12\\sqrt{3}}{5}", "2.4\\sqrt{3}", True), ("0.3", "0.1+0.2", True), ("0.1\\pi", "0.2\\pi", False),
    ("0.1\\pi", "0.10000000000000001\\pi", False), ("\\sqrt{e}", "e^{0.5}", True), ("x/10", "0.1x", True),
    ("x+y", "x+y+0.001", False), ("2\\pi", "6.28", False), ("1/3", "0.33+0", False),
    (".5\\pi", "\\pi/2", True),
    ("1/6", "0.1\\overline{6}", True), ("-1", "e^{i\\pi}", True), ("\\frac{1+i}{2}", "0.5+0.5i", True),
    ("3+4i", "3-4i", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("gold", "answer", "want"), [*SPACES, *FACTORS, *COMPOUNDS, *BASES, *GLOSSES, *DECIMALS]
)
def test_same_answer(gold: str, answer: str, want: bool | None) -> None:
    assert same_answer(gold, answer) is want


def test_units_that_count_are_not_ignored() -> None:
    strict = Comparison(ignore_units=False)
    assert same_answer("36 eggs", "3 dozen eggs", strict) is True
    assert same_answer("36", "3 dozen eggs", strict) is False
    assert same_answer("5000000", "5 million", strict) is True


@pytest.mark.parametrize("text", ["x_2", "a_{11}", "12_5 + 1", "12_1", "12_{99}", "19_2", "12"])
def test_an_index_is_no_base(text: str) -> None:
    assert read_based(text) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["1", "1,", "1 ", "a ", ". ", "!", "a!.", "$", "**", "(", "5 (a", "\\text{", "1_", "{", "^ ", "1 a "],
)
def test_hostile_answers_are_read_in_linear_time(piece: str) -> None:
    """A pattern that backtracks would not come back."""
    assert same_answer("5 apples", piece * (20_000 // len(piece)) + "x") is not True
