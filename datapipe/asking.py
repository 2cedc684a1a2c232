"""From a question and an index to a request, and from a completion to an answer."""

import time
from collections.abc import Iterable

from datapipe.backends.base import BackendError, Completion, Refused, Request
from datapipe.config import RunConfig
from datapipe.draws import thinking_id
from datapipe.format import as_sent
from datapipe.owed import Slot
from datapipe.wire import wire_messages, wire_tools
from judges.values.thinking import split
from schemas.ids import MAX_SEED, answer_id, canonical, content_id, seed
from schemas.rows import Answer, Failure, Lane, Question, ToolCall, Turn


def to_request(config: RunConfig, identity: str, question: Question, slot: Slot) -> Request:
    """The request of one draw, with the seed of its index."""
    model = config.generate
    return Request(
        id=identity,
        affinity=question.question_id,
        model=model.model,
        messages=wire_messages(as_sent(question, question.format)),
        sampling=model.sampling.model_dump(),
        max_tokens=model.max_tokens,
        seed=seed_of(config, question.question_id, slot.index),
        tools=wire_tools(question.tools),
        served_as=tuple(model.served_as),
    )


def seed_of(config: RunConfig, question: str, index: int) -> int:
    """The seed of one index: its own, or that of its group's first and then one more each, as a server
    that is asked for `choices` at once counts on from the seed it is given."""
    place = index % config.generate.choices
    return min(seed(config.seed, question, index - place), MAX_SEED + 1 - config.generate.choices) + place


def to_answer(
    config: RunConfig, policy_id: str, question: Question, slot: Slot, request: Request, said: Completion
) -> Answer:
    """The row of a completion: thinking split by us, the raw text kept."""
    parts = split(said.content, said.reasoning, said.finish_reason, config.generate.thinking_opened)
    turn = Turn(
        role="assistant",
        content=parts.response,
        thinking=parts.thinking,
        tool_calls=list(said.tool_calls),
        tokens=said.completion_tokens,
    )
    return Answer(
        answer_id=answer_id(request.id, said_text(said.content, said.reasoning, said.tool_calls)),
        request_id=request.id,
        question_id=question.question_id,
        policy_id=policy_id,
        lane=question.lane,
        format=question.format,
        index=slot.index,
        round=slot.round,
        purpose=slot.purpose,
        seed=request.seed,
        messages_id=content_id("messages", request.messages),
        turns=[turn],
        raw=said.content,
        raw_thinking=said.reasoning,
        layout=parts.layout,
        finish_reason=said.finish_reason,
        prompt_tokens=said.prompt_tokens,
        completion_tokens=said.completion_tokens,
        max_tokens=request.max_tokens,
        server=said.server,
        latency_s=said.latency_s,
        finished_at=time.time(),
        thinking_id=thinking_id(
            parts.thinking, parts.response, said.completion_tokens, said.reasoning_tokens
        ),
        reasoning_tokens=said.reasoning_tokens,
    )


def said_text(content: str, reasoning: str | None, calls: Iterable[ToolCall]) -> str:
    """Everything a model said, as the one text that an answer's identity is made of."""
    return canonical([reasoning, content, [call.model_dump() for call in calls]])


def to_failure(lane: Lane, policy_id: str, request: Request, error: BackendError) -> Failure:
    """One try that brought nothing. A refusal is final; an outage is counted."""
    return Failure(
        lane=lane,
        stage="answer",
        unit="request",
        unit_id=request.id,
        question_id=request.affinity,
        policy_id=policy_id,
        reason="refused" if isinstance(error, Refused) else "outage",
        detail=str(error)[:1_000].encode("utf-8", "replace").decode(),
        attempts=1,
    )
