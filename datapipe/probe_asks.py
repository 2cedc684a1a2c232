"""What a probe asks: a few small requests at once, each for one thing that a server may do in its own way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datapipe.backends.base import Transient, Unreachable
from datapipe.probe_wire import Reply, Wire, all_within
from datapipe.server_state import Besides

STORY = "Write a short text with these words: village, cold, river, lamp."
"""Open enough that two draws of it differ."""
SUM = "What is 3 + 4?"
"""Short enough that its answer ends by itself."""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"odd": {"type": "boolean"}},
    "required": ["odd"],
    "additionalProperties": False,
}
"""Holds nothing that a model could go on writing for ever, as it can an integer."""
SEED = 4_242
STORY_TOKENS, JSON_TOKENS, SUM_TOKENS = 96, 512, 1_024
MORE_SEEDS = 4
"""Asked besides where the first draws are all the same."""
LONGEST_CONTEXT = 1 << 20
"""Tokens; a prompt longer than that is not sent."""
PAGE_S = 15.0
FULL_S = 5.0
"""Until one that is full is probed again."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a role wants of a server."""

    model: str | None = None
    """The first that is served where not set."""
    served_as: tuple[str, ...] = ()
    """Other names under which it may say that it is the model."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int | None = None
    """What requests will ask for."""
    thinks: bool | None = None
    """Whether the model must be seen to think; None: it may not spend tokens that it does not show."""
    opened: bool = False
    """The chat template ends in an opening tag."""
    api_key_env: str | None = None
    connect_s: float = 10.0
    within_s: float = 120.0
    """Seconds in which one token must come."""
    tokens_per_second: float = 5.0
    """The slowest decoding that is no fault."""

    @property
    def patience_s(self) -> float:
        """Seconds for a chat completion of a server that has shown that it makes tokens."""
        return self.within_s + min(self.max_tokens or SUM_TOKENS, SUM_TOKENS) / self.tokens_per_second


@dataclass(frozen=True, slots=True)
class Heard:
    """Every reply of one server, by what was asked."""

    server: str
    model: str
    pages: Mapping[str, Reply]
    chats: Mapping[str, Reply]


async def ask_all(server: str, ask: Ask, spent: Besides | None = None) -> Heard:
    """Ask a server everything; what it costs is added to `spent`, whatever comes.

    Raises Transient where it is down or full: it cannot be judged now.
    """
    async with Wire(server, ask.api_key_env, ask.connect_s, spent) as wire:
        names = ("health", "version", "metrics", "v1/models")
        pages = await all_within(PAGE_S + ask.connect_s, {name: wire.page(name, PAGE_S) for name in names})
        if all(reply.status is None for reply in pages.values()):
            raise Unreachable(f"{wire.server} cannot be probed: {pages['v1/models'].error}")
        models = served(pages["v1/models"])
        model = ask.model or next(iter(models), "")
        asks = _chats(wire, ask, model, context_of(pages["v1/models"], model))
        # One that hangs is known by its first token, however long is waited for the last of a slow one.
        chats = await all_within(ask.patience_s, asks, sign="cut", sign_s=ask.within_s)
        _down(wire.server, chats["sum"])
        more = await _more(wire, ask, model, chats)
        return Heard(wire.server, model, pages, {**chats, **more})


def served(models: Reply) -> dict[str, dict[str, Any]]:
    """The model cards of /v1/models by name; none where there is no such page."""
    cards = models.said.get("data") if isinstance(models.said, dict) else None
    if models.status != 200 or not isinstance(cards, list):
        return {}
    return {card["id"]: card for card in cards if isinstance(card, dict) and isinstance(card.get("id"), str)}


def context_of(models: Reply, model: str) -> int | None:
    """The longest context of a model, in tokens, where the server tells it."""
    length = served(models).get(model, {}).get("max_model_len")
    return length if type(length) is int and length > 0 else None


def _chats(wire: Wire, ask: Ask, model: str, context: int | None) -> dict[str, Any]:
    room = (context or 1 << 30) // 2

    def chat(prompt: str, tokens: int, **more: Any) -> Any:
        messages = more.pop("messages", [{"role": "user", "content": prompt}])
        body = {
            "model": model,
            "messages": messages,
            **ask.sampling,
            "max_tokens": tokens,
            "seed": SEED,
            **more,
        }
        return wire.post("v1/chat/completions", body, ask.patience_s)

    story, structured = min(STORY_TOKENS, room), min(JSON_TOKENS, room)
    named = {"name": "odd", "schema": SCHEMA, "strict": True}
    begun = [
        {"role": "user", "content": SUM},
        {"role": "assistant", "content": "<think>\nThe sum of 3 and 4"},
    ]
    onward = {"messages": begun, "continue_final_message": True, "add_generation_prompt": False}
    asks = {
        "sum": chat(SUM, ask.max_tokens or min(SUM_TOKENS, room)),
        "two": chat(STORY, story, n=2),
        "first": chat(STORY, story),
        "second": chat(STORY, story, seed=SEED + 1),
        "cut": chat(STORY, 1),
        "response_format": chat(
            SUM, structured, response_format={"type": "json_schema", "json_schema": named}
        ),
        "structured_outputs": chat(SUM, structured, structured_outputs={"json": SCHEMA}),
        "continued": chat(SUM, 16, **onward),
    }
    if context is not None and context <= LONGEST_CONTEXT:
        # No tokenizer makes one token of two words.
        asks["too_long"] = chat(" ".join(str(place % 10) for place in range(context + 8)), 1)
    return asks


async def _more(wire: Wire, ask: Ask, model: str, chats: Mapping[str, Reply]) -> dict[str, Reply]:
    """What only the first replies tell how to ask: tokens of a text; more draws where the first are alike."""
    asks: dict[str, Any] = {}
    texts = {name: texts_of(chats[name]) for name in ("sum", "two", "first", "second")}
    if texts["sum"]:
        asks["tokenize"] = wire.post("tokenize", {"model": model, "prompt": texts["sum"][0]}, PAGE_S)
    drawn = {text for name in ("two", "first", "second") for text in texts[name]}
    if len(drawn) == 1 and all(drawn):
        for place in range(MORE_SEEDS):
            body = {"model": model, "messages": [{"role": "user", "content": STORY}], **ask.sampling}
            body |= {"max_tokens": STORY_TOKENS, "seed": SEED + 100 + place}
            asks[f"more{place}"] = wire.post("v1/chat/completions", body, ask.patience_s)
    return await all_within(ask.patience_s, asks) if asks else {}


def messages_of(reply: Reply) -> list[dict[str, Any]]:
    """The choices of a completion whose message is one; none of anything else."""
    choices = reply.said.get("choices") if reply.good else None
    if not isinstance(choices, list):
        return []
    return [each for each in choices if isinstance(each, dict) and isinstance(each.get("message"), dict)]


def texts_of(reply: Reply) -> list[str]:
    """All that each choice says: thinking, then content."""
    texts = []
    for choice in messages_of(reply):
        message = choice["message"]
        parts = (message.get(key) for key in ("reasoning", "reasoning_content", "content"))
        texts.append("\n".join(part for part in parts if isinstance(part, str)))
    return texts


def _down(server: str, reply: Reply) -> None:
    """Raises Transient for what may be over soon: no answer, a full server, one that breaks."""
    if reply.status is None or reply.status in (408, 425, 429) or reply.status in (500, 502, 503, 504):
        full = FULL_S if reply.status in (429, 503) else None
        error = Transient(f"{server} cannot be probed: a chat completion {_what(reply)}", full)
        error.status = reply.status
        raise error


def _what(reply: Reply) -> str:
    return reply.error if reply.status is not None else f"found {reply.error}"
