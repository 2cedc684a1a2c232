"""Whose a row is that is to be purged, and how a question is named."""

from typing import Any

import pytest

from datapipe.errors import ConfigError
from datapipe.purge import Target
from datapipe.tombstones import said_source


@pytest.mark.parametrize("value", ["", "abc", "g" * 32, "A" * 32])
def test_a_question_is_named_by_its_whole_id(value: str) -> None:
    with pytest.raises(ConfigError, match="32 digits"):
        Target("question_id", value)


@pytest.mark.parametrize(
    ("value", "text", "source"),
    [
        ({"source": "a"}, "", "a"),
        ({"lane": "x"}, "", "unnamed"),
        (None, '{"source": "a"}', "a"),
        (None, '{"prompt": "cut", "source" : "\\u0061\\"b", "more', 'a"b'),
        (None, "{'source': 'it', 'more", "it"),
        (None, '{"prompt": "say \\"source\\": \\"a\\"', None),
        ({"source": 3}, "", None),
        (None, "no JSON", None),
    ],
)
def test_the_source_of_a_row_is_told_where_it_can_be(value: Any, text: str, source: str | None) -> None:
    assert said_source(value, text) == source
