"""From a question and an index to a request, and from a completion to an answer."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from datapipe.backends.base import BackendError, Completion, Refused, Request, Unable
from datapipe.config import RunConfig
from datapipe.draws import thinking_id
from datapipe.format import as_sent
from datapipe.owed import Slot
from datapipe.wire import wire_messages, wire_tools
from judges.values.thinking import split
from schemas.ids import MAX_SEED, answer_id, canonical, content_id, seed
from schemas.rows import Answer, Failure, Lane, Question, ToolCall, Turn

Messages = tuple[Mapping[str, Any], ...]
_HASHED: dict[int, tuple[Messages, str]] = {}
"""By identity; what is held here cannot be another thing at the same place."""
_MOST_HASHED = 512


def to_request(
    config: RunConfig, identity: str, question: Question, slot: Slot, like: Request | None = None
) -> Request:
    """The request of one draw, with the seed of its index; `like` is one of the same question, whose parts
    it then shares."""
    model = config.generate
    return Request(
        id=identity,
        affinity=question.question_id,
        model=model.model,
        messages=wire_messages(as_sent(question, question.format)) if like is None else like.messages,
        sampling=model.sampling.model_dump() if like is None else like.sampling,
        max_tokens=model.max_tokens,
        seed=seed_of(config, question.question_id, slot.index),
        tools=wire_tools(question.tools) if like is None else like.tools,
        served_as=tuple(model.served_as) if like is None else like.served_as,
    )


def seed_of(config: RunConfig, question: str, index: int) -> int:
    """The seed of one index: its own, or that of its group's first and then one more each, as a server
    that is asked for `choices` at once counts on from the seed it is given."""
    place = index % config.generate.choices
    return min(seed(config.seed, question, index - place), MAX_SEED + 1 - config.generate.choices) + place


def to_answer(
    config: RunConfig, policy_id: str, question: Question, slot: Slot, request: Request, said: Completion
) -> Answer:
    """The row of a completion, checked when it was read: thinking split by us, the raw text kept."""
    parts = split(said.content, said.reasoning, said.finish_reason, config.generate.thinking_opened)
    turn = Turn.trusted(
        {
            "role": "assistant",
            "content": parts.response,
            "thinking": parts.thinking,
            "tool_calls": list(said.tool_calls),
            "tool_call_id": None,
            "train": True,
            "tokens": said.completion_tokens,
        }
    )
    return Answer.trusted(
        {
            "answer_id": answer_id(request.id, said_text(said.content, said.reasoning, said.tool_calls)),
            "request_id": request.id,
            "question_id": question.question_id,
            "policy_id": policy_id,
            "lane": question.lane,
            "format": question.format,
            "index": slot.index,
            "round": slot.round,
            "purpose": slot.purpose,
            "seed": request.seed,
            "continues": None,
            "parent": None,
            "messages_id": messages_id(request.messages),
            "turns": [turn],
            "raw": said.content,
            "raw_thinking": said.reasoning,
            "layout": parts.layout,
            "finish_reason": said.finish_reason,
            "prompt_tokens": said.prompt_tokens,
            "completion_tokens": said.completion_tokens,
            "max_tokens": request.max_tokens,
            "server": said.server,
            "latency_s": said.latency_s,
            "finished_at": time.time(),
            "thinking_id": thinking_id(
                parts.thinking, parts.response, said.completion_tokens, said.reasoning_tokens
            ),
            "reasoning_tokens": said.reasoning_tokens,
        }
    )


def _reason(error: BackendError) -> str:
    if isinstance(error, Unable):
        return "unable"
    return "refused" if isinstance(error, Refused) else "outage"


def messages_id(messages: Messages) -> str:
    """The hash of the exact messages of a request. Those that draws of a question share are hashed once."""
    known = _HASHED.get(id(messages))
    if known is None or known[0] is not messages:
        if len(_HASHED) >= _MOST_HASHED:
            _HASHED.clear()
        known = _HASHED[id(messages)] = messages, content_id("messages", messages)
    return known[1]


def said_text(content: str, reasoning: str | None, calls: Iterable[ToolCall]) -> str:
    """Everything a model said, as the one text that an answer's identity is made of."""
    return canonical([reasoning, content, [call.model_dump() for call in calls]])


def to_failure(lane: Lane, policy_id: str, request: Request, error: BackendError) -> Failure:
    """One try that brought nothing. A refusal is final; an outage, or a server that cannot, is counted."""
    return Failure(
        lane=lane,
        stage="answer",
        unit="request",
        unit_id=request.id,
        question_id=request.affinity,
        policy_id=policy_id,
        reason=_reason(error),
        detail=str(error)[:1_000].encode("utf-8", "replace").decode(),
        attempts=1,
    )
