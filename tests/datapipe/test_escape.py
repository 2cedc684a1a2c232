"""Nothing that a model says acts on a terminal or a page."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapipe.escape import block, markdown_table, one_line, printable


@given(st.text())
def test_what_is_shown_never_acts(text: str) -> None:
    for shown, kept in ((printable(text), ""), (block(text), "\n\t"), (one_line(text), "")):
        assert not [
            c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in kept
        ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b", "\\x9b"),
        ("a\u202eb", "a\\u202eb"),
        ("\U000e0041", "\\U000e0041"),
        ("plain, père, 床前", "plain, père, 床前"),
    ],
)
def test_controls_are_seen_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_table_of_markdown_holds_text_and_no_markup() -> None:
    table = markdown_table([{"a|b": "<b>*x*</b> | `y`\n[z](http://e.vil) www.e.vil", "n": None}])
    head, rule, row = table.split("\n")
    assert head == "| a\\|b | n |"
    assert rule == "| --- | --- |"
    assert row.count("|") == 4  # three edges, and one that is escaped
    assert not set("<>`*[]") & {c for i, c in enumerate(row) if row[i - 1] != "\\"}
    assert "://" not in row
    assert "www." not in row
    assert markdown_table([]) == "(none)"
