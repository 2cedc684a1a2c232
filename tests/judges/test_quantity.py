"""Quantities are compared by dimension and value, however written; what is not clear never passes."""

from typing import Any

import pytest

from judges.attempt import Attempt
from judges.verifiers.quantity import equivalents, near_misses, quantity, same
from schemas.references import parse_reference

P, F, U = "pass", "fail", "unscored"
GOLDS = [("9.81", "m/s^2"), ("5", "km"), ("25", "°C"), ("3e8", "m/s"), ("50", "%"), ("4.2", "J/(g*K)"),
        ("7", "µm"),
         ("60", "km/h"), ("1.5", "kW*h"), ("12", None)]  # fmt: skip


def told(text: str, answer: str, unit: str | None, **more: Any) -> Any:
    reference = {"type": "quantity", "answer": answer, "unit": unit, **more}
    return quantity.judge(Attempt.of(text, reference))


@pytest.mark.parametrize(
    ("text", "answer", "unit", "want"),
    [
        ("The answer is 60 kilometers per hour.", "60", "km/h", P), ("16.67 m/s", "60", "km/h", P),
        ("\\boxed{9.81 \\text{ m/s}^2}", "9.81", "m/s^2", P), ("9.81 m s^{-2}", "9.81", "m/s²", P),
        ("9.81 m·s⁻²", "9.81", "m/s^2", P), ("7 μm", "7", "µm", P), ("7 \\mu m", "7", "µm", P),
        ("$v = 3.00 \\times 10^8$ m/s", "3e8", "m/s", P), ("3 x 10^8 m/s", "3e8", "m/s", P),
        ("300,000 km/s", "3e8", "m/s", P), ("77 °F", "25", "°C", P), ("25 degrees Celsius", "25", "°C", P),
        ("25°C", "25", "°C", P), ("25 C", "25", "°C", U), ("4.2 J/(g·°C)", "4.2", "J/(g*K)", P),
        ("4.2 kJ/kg/K", "4.2", "J/(g*K)", P), ("4.2 J/g K", "4.2", "J/(g*K)", P),
        ("5.4 MJ", "1.5", "kW*h", P),
        ("0.5", "50", "%", U), ("50%", "50", "%", P), ("50 percent", "0.5", "", P), ("12", "12", None, P),
        ("5 meters", "5 m", None, P), ("500 cm", "5 m", None, P), ("5 m (500 cm)", "5", "m", P),
        ("5 m (600 cm)", "5", "m", U), ("4.98 m ± 0.01 m", "5", "m", U), ("4.99 \\pm 0.01 m", "5", "m", P),
        ("5 square meters", "5", "m^2", P), ("5 m^2", "5", "m", F), ("5 cubic feet", "5", "ft^3", P),
        ("5 m per second", "5", "m", F), ("5 m per blorp", "5", "m", U), ("5 apples", "5", "m", U),
        ("about 5 m of rope", "5", "m", P), ("5 ft 3 in", "5", "ft", F), ("not 5 m", "5", "m", U),
        ("between 4 and 6 m", "5", "m", U), ("The answer is 5 m or 6 m", "5", "m", U),
        ("5 m, 6 m, 7 m", "5", "m", U),
        ("Answer: 4 m\\boxed{5 m}\\boxed{6 m}", "5", "m", U), ("５ m", "5", "m", P), ("5 м", "5", "m", U),
        ("5 mm", "5", "Mm", F), ("9" * 400 + " m", "5", "m", U), ("5 m^99", "5", "m", U),
        ("5 __import__('os')", "5", "m", U), ("5 m**9**9**9", "5", "m", U), ("5 (((m", "5", "m", U),
        ("The distance is 5 m and then we walk on for a very long time until we come " * 3, "5", "m", U),
    ],
)  # fmt: skip
def test_quantity(text: str, answer: str, unit: str | None, want: str) -> None:
    said = told(text, answer, unit)
    assert said.outcome == want, said.reason


def test_the_tolerance_is_the_references() -> None:
    assert told("10 m/s^2", "9.81", "m/s^2", rel_tol=0.02).outcome == P
    assert told("9.9 m/s^2", "9.81", "m/s^2").outcome == F
    assert told("9.8 m/s^2", "9.81", "m/s^2").outcome == P
    assert told("366 days", "365", "days").outcome == F
    assert told("366 days", "365", "days", rel_tol=0.01).outcome == P


@pytest.mark.parametrize(("answer", "unit"), GOLDS)
def test_equivalents_pass_and_near_misses_do_not(answer: str, unit: str | None) -> None:
    reference = parse_reference({"type": "quantity", "answer": answer, "unit": unit})
    assert equivalents(reference)
    for each in equivalents(reference):
        said = quantity.judge(Attempt.of(f"\\boxed{{{each}}}", reference))
        assert said.outcome == P, (each, said.reason)
    assert near_misses(reference)
    for each in near_misses(reference):
        assert quantity.judge(Attempt.of(f"Answer: {each}", reference)).outcome != P, each


def test_a_reference_with_two_units_decides_nothing() -> None:
    assert told("5 km", "5 km", "m").outcome == U
    assert told("5 km", "5 km", "kilometers").outcome == P
    assert told("50%", "50%", "%").outcome == P


def test_same_is_by_value_and_dimension() -> None:
    assert same("5 km", "5000 m")
    assert same("100 °C", "373.15 K")
    assert not same("5 km", "5 kg")
    assert not same("5 km", "6 km")
