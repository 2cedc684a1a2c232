"""Conversations as questions hold them, and as the model's own template is given them by hand."""

import json
from typing import Any

from schemas.rows import Message, ToolCall

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Today's weather",
        # Keys in the order of canonical JSON, in which a question's tools are stored and sent.
        "parameters": {
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "type": "object",
        },
    },
}
ASKED = {"role": "user", "content": "What is 3 + 4?"}
CALLED = {"name": "weather", "arguments": {"city": 'Köln "am" Rhein', "days": 2}}
HISTORIES: dict[str, tuple[list[Message], list[dict[str, Any]], list[Any]]] = {
    "one question": ([Message(role="user", content="What is 3 + 4?")], [ASKED], []),
    "answered without thinking": (
        [
            Message(role="system", content="Be brief."),
            Message(role="user", content="What is 3 + 4?"),
            Message(role="assistant", content="7."),
            Message(role="user", content="And 5 + 6?"),
        ],
        [
            {"role": "system", "content": "Be brief."},
            ASKED,
            {"role": "assistant", "content": "7."},
            {"role": "user", "content": "And 5 + 6?"},
        ],
        [],
    ),
    "answered with thinking": (
        [
            Message(role="user", content="What is 3 + 4?"),
            Message(role="assistant", content="7.", thinking="3+4=7\n\nso 7 <b>&amp; no more"),
            Message(role="user", content="And 5 + 6?"),
        ],
        [
            ASKED,
            {"role": "assistant", "content": "7.", "reasoning_content": "3+4=7\n\nso 7 <b>&amp; no more"},
            {"role": "user", "content": "And 5 + 6?"},
        ],
        [],
    ),
    "tools, thinking between call and reply": (
        [
            Message(role="system", content="Use tools."),
            Message(role="user", content="Is it warm?"),
            Message(
                role="assistant",
                content="",
                thinking="I look.",
                tool_calls=[ToolCall(id="c1", name="weather", arguments=json.dumps(CALLED["arguments"]))],
            ),
            Message(role="tool", content='{"warm": true}', tool_call_id="c1"),
            Message(role="assistant", content="Yes.", thinking="It is warm."),
            Message(role="user", content="And tomorrow?"),
        ],
        [
            {"role": "system", "content": "Use tools."},
            {"role": "user", "content": "Is it warm?"},
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "I look.",
                "tool_calls": [{"type": "function", "function": CALLED}],
            },
            {"role": "tool", "content": '{"warm": true}'},
            {"role": "assistant", "content": "Yes.", "reasoning_content": "It is warm."},
            {"role": "user", "content": "And tomorrow?"},
        ],
        [WEATHER],
    ),
    "two calls without thinking": (
        [
            Message(role="user", content="Is it warm?"),
            Message(
                role="assistant",
                content="Two places.",
                tool_calls=[
                    ToolCall(id="a", name="weather", arguments='{"city": "X"}'),
                    ToolCall(id="b", name="weather", arguments="{}"),
                ],
            ),
            Message(role="tool", content="yes", tool_call_id="a"),
            Message(role="tool", content="no", tool_call_id="b"),
        ],
        [
            {"role": "user", "content": "Is it warm?"},
            {
                "role": "assistant",
                "content": "Two places.",
                "tool_calls": [
                    {"type": "function", "function": {"name": "weather", "arguments": {"city": "X"}}},
                    {"type": "function", "function": {"name": "weather", "arguments": {}}},
                ],
            },
            {"role": "tool", "content": "yes"},
            {"role": "tool", "content": "no"},
        ],
        [WEATHER],
    ),
}
