"""Go on from answers that were cut short: which are, how they are asked for, and what comes of it."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from datapipe.asking import messages_id, to_answer, to_request
from datapipe.backends.base import Completion, Prefix, Request
from datapipe.config import RunConfig
from datapipe.format import as_sent
from datapipe.owed import Slot
from datapipe.wire import wire_messages
from schemas.ids import content_id, seed
from schemas.rows import Answer, Question

Unfinished = dict[str, tuple[Question, Answer]]
"""Question and the answer to be gone on from, by the request_id that goes on."""


def unfinished(
    config: RunConfig, questions: Mapping[str, Question], answers: Iterable[Answer], known: Container[str]
) -> Unfinished:
    """Which of the answers of one policy to go on from, by the request_id that does.

    Every one that was cut short with fewer tokens than `generate.max_tokens`, asked with the messages that
    would be asked with now; not where its request is among the `known`. All of a question's, or none: those
    that were cut are its long ones, and a choice among them would change its pass rate.
    """
    found: Unfinished = {}
    for made in answers:
        key = content_id("continuation", made.answer_id, config.generate.max_tokens)
        if key in known or not _open(config, made) or made.question_id not in questions:
            continue
        question = questions[made.question_id].model_copy(update={"format": made.format})
        if messages_id(wire_messages(as_sent(question, made.format))) == made.messages_id:
            found[key] = question, made
    return found


def _open(config: RunConfig, made: Answer) -> bool:
    spent = _spent(made)
    calls = any(turn.tool_calls for turn in made.turns)
    return (
        made.finish_reason == "length"
        and not calls
        and spent is not None
        and spent < config.generate.max_tokens
    )


def _spent(made: Answer) -> int | None:
    """Tokens that an answer has; where no server counted, as many as it was allowed."""
    return made.max_tokens if made.completion_tokens is None else made.completion_tokens


def continuations(config: RunConfig, owed: Unfinished) -> Iterator[Request]:
    """The requests that go on, each with a seed of its own."""
    for key, (question, made) in owed.items():
        yield replace(
            to_request(config, key, question, Slot(made.index)),
            max_tokens=config.generate.max_tokens - (_spent(made) or 0),
            seed=seed(config.seed, question.question_id, made.index, f"continue/{made.answer_id}"),
            prefix=Prefix(made.raw, made.raw_thinking, made.completion_tokens),
        )


def joined(config: RunConfig, question: Question, made: Answer, request: Request, said: Completion) -> Answer:
    """The row of an answer that goes on from `made`: the whole text, the tokens and the time of both."""
    spent, took = _spent(made), made.latency_s or 0.0
    # At least one, or a server that counts none is asked to go on for ever.
    new = None if said.completion_tokens is None else max(1, said.completion_tokens)
    tokens = None if new is None or spent is None else spent + new
    closed = made.raw_thinking is not None and bool(made.raw)
    whole = replace(
        said,
        completion_tokens=tokens,
        reasoning_tokens=made.reasoning_tokens if closed else None,
        latency_s=took + said.latency_s,
    )
    slot = Slot(made.index, "harvest" if made.purpose == "harvest" else "rate", made.round)
    row = to_answer(config, made.policy_id, question, slot, request, whole)
    return row.model_copy(update={"continues": made.answer_id, "max_tokens": config.generate.max_tokens})
