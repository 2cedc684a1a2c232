"""Answers made elsewhere: matched to questions and laid into the journals that generation would fill."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from datapipe.asking import said_text
from datapipe.context import Context
from datapipe.draws import thinking_id
from datapipe.journal import Journal
from datapipe.normal import strict_key
from datapipe.policies import add_policies, make_policy
from datapipe.questions import InputMessage, explain
from datapipe.reading import RawRow, find_files, read_raw
from datapipe.run import part_name, shard_of
from datapipe.seeds import quarantine
from datapipe.shards import digest
from datapipe.tombstones import Tombstones
from judges.values.thinking import split
from schemas.ids import canonical, content_id, recorded_answer_id, request_id
from schemas.rows import LANES, Answer, Label, Lane, Message, Policy, Quarantined, Question, Turn
from schemas.writable import writable

RECORDED = canonical({"recorded": True})
"""Sampling of a recorded policy: nobody told us."""
_OPEN = 128
"""Journals open at a time."""


class RecordedTurn(InputMessage):
    """One turn of a recorded answer."""

    train: bool = True

    def turn(self) -> Turn:
        return Turn.model_validate({**self.model_dump(), "train": self.train and self.role == "assistant"})


class RecordedAnswer(BaseModel):
    """`text` (with thinking tags, or thinking beside it), or `turns`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str | None = None
    turns: list[RecordedTurn] | None = Field(None, min_length=1)
    thinking: str | None = None
    model: str = "recorded"
    finish_reason: str = "stop"
    labels: dict[str, bool] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> "RecordedAnswer":
        if (self.text is None) == (self.turns is None):
            raise ValueError("exactly one of text and turns must be given")
        return self


class RecordedRow(BaseModel):
    """One line of a file of recorded answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    prompt: str | None = None
    messages: list[InputMessage] | None = None
    system: str | None = None
    tools: list[dict[str, JsonValue]] | None = None
    """Both are needed only where questions of the run differ in nothing else."""
    answers: list[RecordedAnswer]

    @model_validator(mode="after")
    def _one(self) -> "RecordedRow":
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("exactly one of prompt and messages must be given")
        return self

    def asked(self) -> tuple[list[Message], str | None]:
        """(messages, system): a leading system message is the system prompt, as in a question."""
        messages = [
            m.message() for m in self.messages or [InputMessage(role="user", content=self.prompt or "")]
        ]
        if self.system is None and messages[0].role == "system" and len(messages) > 1:
            return messages[1:], messages[0].content
        return messages, self.system


@dataclass(frozen=True, slots=True)
class _Place:
    lane: Lane
    shard: int
    question_id: str
    format: str
    key: str
    """Of messages, system and tools together."""


def import_recorded(ctx: Context) -> Counter[str]:
    """Lay every recorded answer into its shard's journal; rows of no question go to `unmatched`.

    Killed and started again it lays them once more: the answer stage takes each answer_id once.
    """
    files = find_files(ctx.settings.input.recorded)
    inputs = content_id(
        "recorded",
        [(str(path), digest(path)) for path in files],
        *(ctx.run.fingerprint("questions", lane) for lane in LANES),
    )
    if not ctx.run.done("unmatched", LANES[0], part_name(0), inputs):
        _import(ctx, files, inputs)
    counts = ctx.run.manifest("unmatched", LANES[0]).entries()[part_name(0)].counts
    return Counter(counts)


def _import(ctx: Context, files: list[Any], inputs: str) -> None:
    laying = _Laying(ctx, _places(ctx))
    bad: list[Quarantined] = []
    for path in files:
        for row in read_raw(path, ctx.settings.input.max_line_mb * 2**20):
            try:
                laying.take(row)
            except (ValueError, RecursionError) as error:
                bad.append(quarantine(row, LANES[0], str(error)))
    laying.close()
    counts = {**laying.counts, "refused": len(bad)}
    ctx.run.commit("unmatched", LANES[0], part_name(0), bad, inputs, counts=counts)


def _places(ctx: Context) -> dict[str, list[_Place]]:
    """Where the answers to a question may go, by the key of its messages."""
    places: dict[str, list[_Place]] = {}
    for lane in LANES:
        for part in ctx.run.parts("questions", lane):
            for q in ctx.run.read_part("questions", Question, lane, part):
                key = strict_key(q.messages, q.system, q.tools)
                place = _Place(lane, shard_of(part), q.question_id, q.format, key)
                places.setdefault(strict_key(q.messages, None, None), []).append(place)
    return places


class _Laying:
    """Open journals, and the running numbers that make equal answers distinct."""

    def __init__(self, ctx: Context, places: dict[str, list[_Place]]) -> None:
        self.ctx, self.places = ctx, places
        self.stones = Tombstones(Path(ctx.settings.store))
        self.journals: dict[tuple[Lane, int], Journal] = {}
        self.policies: dict[tuple[Lane, str], Policy] = {}
        self.seen: Counter[tuple[str, ...]] = Counter()
        self.counts: Counter[str] = Counter()

    def take(self, row: RawRow) -> None:
        """Lay the answers of one row. Raises ValueError with the reason where that cannot be."""
        if row.value is None:
            raise ValueError(row.reason)
        writable(row.value)
        try:
            given = RecordedRow.model_validate(row.value)
        except ValidationError as error:
            raise ValueError(explain(error)) from None
        place = self._place(given)
        if place is None:
            self.counts["purged"] += len(given.answers)
            return
        for each in given.answers:
            for entry in self._entries(place, each):
                self._journal(place).append(entry)
            self.counts[f"answers.{place.lane}"] += 1

    def _place(self, given: RecordedRow) -> _Place | None:
        """None where the question was purged."""
        messages, system = given.asked()
        tools = None if given.tools is None else canonical(given.tools)
        found = self.places.get(strict_key(messages, None, None), [])
        if system is not None or tools is not None:
            found = [place for place in found if place.key == strict_key(messages, system, tools)]
        if len(found) == 1:
            return found[0]
        if not found and self.stones.cover_prompt(strict_key(messages, None, None)):
            return None
        self.counts["unmatched"] += len(given.answers)
        which = "several questions of this run have this prompt: say which by system and tools"
        raise ValueError(which if found else "no question of this run has this prompt")

    def close(self) -> None:
        """Close the journals."""
        for journal in self.journals.values():
            journal.close()

    def _journal(self, place: _Place) -> Journal:
        key = (place.lane, place.shard)
        if key not in self.journals:
            if len(self.journals) >= _OPEN:
                self.journals.pop(next(iter(self.journals))).close()
            self.journals[key] = self.ctx.run.journal("answers", *key)
        return self.journals[key]

    def _entries(self, place: _Place, given: RecordedAnswer) -> Iterator[str]:
        policy = self._policy(place.lane, given.model)
        turns, layout, raw = _turns(given)
        text = raw if given.turns is None else canonical([turn.model_dump() for turn in turns])
        text = text if given.thinking is None else said_text(raw, given.thinking, [])
        occurrence = self._next(place.question_id, given.model, text)
        index = self._next(place.question_id, given.model)
        made = Answer(
            answer_id=recorded_answer_id(place.question_id, given.model, text, occurrence),
            request_id=request_id(place.question_id, policy.policy_id, "recorded", 0, index),
            question_id=place.question_id,
            policy_id=policy.policy_id,
            lane=place.lane,
            format=place.format,
            index=index,
            round=0,
            messages_id=content_id("recorded messages", place.question_id),
            turns=turns,
            raw=raw,
            raw_thinking=given.thinking,
            layout=layout,
            finish_reason=given.finish_reason,
            thinking_id=thinking_id(turns[0].thinking, turns[0].content) if len(turns) == 1 else None,
        )
        yield f'{{"answer":{made.model_dump_json()}}}'
        for name, value in given.labels.items():
            label = Label(
                lane=place.lane, answer_id=made.answer_id, name=name, value=value, by="recorded file"
            )
            yield f'{{"label":{label.model_dump_json()}}}'

    def _policy(self, lane: Lane, model: str) -> Policy:
        """Stored before its first answer is laid: a kill may come between, and no answer may name another."""
        if (lane, model) not in self.policies:
            self.policies[lane, model] = make_policy(lane, model, RECORDED)
            add_policies(self.ctx.run, lane, [self.policies[lane, model]])
        return self.policies[lane, model]

    def _next(self, *key: str) -> int:
        self.seen[key] += 1
        return self.seen[key] - 1


def _turns(given: RecordedAnswer) -> tuple[list[Turn], Any, str]:
    """(turns, layout, raw) of a recorded answer; thinking tags are split turn by turn."""
    if given.turns is None:
        parts = split(given.text or "", given.thinking, given.finish_reason)
        turn = Turn(role="assistant", content=parts.response, thinking=parts.thinking)
        return [turn], parts.layout, given.text or ""
    turns, layout, raw = [], "none", ""
    for each in given.turns:
        turn = each.turn()
        if turn.role == "assistant":
            parts = split(each.content, each.thinking, given.finish_reason)
            turn = turn.model_copy(update={"content": parts.response, "thinking": parts.thinking})
            # A fault of any turn is the answer's: what comes after it does not heal it.
            layout = layout if layout in ("unclosed", "malformed") else parts.layout
            raw = each.content
        turns.append(turn)
    return turns, layout, raw
