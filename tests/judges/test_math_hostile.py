"""No text makes the math verifier raise, or keeps it for long."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judges.attempt import Attempt
from judges.verifiers.math import math

VERIFIER = replace(math, kind="verifier")
GOLDS = [
    "42", "\\frac{1}{2}", "(1,2)", "x>3", "(-\\infty,2)\\cup[3,5)", "y=2x+1", "2:3", "3:30 pm", "\\pm 3",
    "x^2+1", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "5 km", "\\sin x", "no solution", "B", "101_2",
    "n!", "k\\pi, k\\in\\mathbb{Z}", "f(x)=x^2", "x \\equiv 2 \\pmod 5", "p \\land q", "2 hours 30 minutes",
    "\\begin{cases} x, & x>0 \\\\ -x, & x \\le 0 \\end{cases}",
]  # fmt: skip
PIECES = [
    "(", ")", "[", "]", "{", "}", "\\{", "\\}", "\\frac", "\\sqrt", "\\sin", "\\log_", "^", "_", "!", "|",
    "\\pm", "9", "99999999999", "0", ".", ",", ";", ":", "=", "<", "\\le ", "\\ne", "\\cup", "\\in",
    "\\infty", "\\mathbb{R}", "x", "i", "e", "\\pi", "°", "%", "$", " ", "\n", " or ", " and ", "\\text{",
    "cm", " hours", "am", "twelve ", "hundred ", "百", "分之", "½", "√", "\\boxed{", "Answer: ",
    "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\", "\\overline{3}", "...", "\\binom", "-", "+", "/",
    "*", "\\lfloor", "\x00", "\u202e", "\ud800", "٣", "x \\in ",
    "²", "ₙ", "⁰", "万", "\\begin{cases}", "\\end{cases}", "\\cr ", "\\choose ", "C_", "{", "'", "for all x",
    ", k \\in \\mathbb{Z}", "\\equiv ", "\\pmod 5", "\\approx ", "(about ", "f(x)=", "\\textcolor{red}{",
    "base ",
]  # fmt: skip
ANY = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


def said(gold: str, text: str) -> str:
    return VERIFIER.judge(Attempt.of(text, {"type": "math", "answer": gold})).reason or ""


@pytest.mark.slow
@settings(max_examples=800)
@given(gold=st.sampled_from(GOLDS), text=ANY)
def test_no_answer_raises(gold: str, text: str) -> None:
    assert not said(gold, f"\\boxed{{{text}}}").startswith("raised")
    assert not said(gold, text).startswith("raised")


@pytest.mark.slow
@settings(max_examples=300)
@given(gold=ANY.filter(lambda text: text and not {"\ud800", "\x00"} & {*text}), text=ANY)
def test_no_gold_raises(gold: str, text: str) -> None:
    assert not said(gold, f"\\boxed{{{text}}}").startswith("raised")


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_a_megabyte_of_one_piece(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    for shape in ("{}", "\\boxed{{{}}}", "The answer is {}"):
        assert not said("x>3", shape.format(text)).startswith("raised")
