"""Messages as an OpenAI-compatible server takes them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.rows import Message, ToolCall


def wire_messages(messages: Iterable[Message]) -> tuple[Mapping[str, Any], ...]:
    """The `messages` of a request. Past thinking travels under both names that chat templates read."""
    return tuple(_message(message) for message in messages)


def wire_tools(tools: str | None) -> tuple[Mapping[str, Any], ...]:
    """The `tools` of a request, from their canonical JSON text."""
    return () if tools is None else tuple(json.loads(tools))


def _message(message: Message) -> Mapping[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.thinking is not None:
        wire |= {"reasoning": message.thinking, "reasoning_content": message.thinking}
    if message.tool_calls:
        wire["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _call(call: ToolCall) -> Mapping[str, Any]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }
