"""Which servers would spoil data, and what a person should know of the others."""

from collections.abc import Iterator

from pydantic import BaseModel

from datapipe.probe_asks import Ask
from datapipe.probe_read import Probe

_HIDDEN = 16
"""Tokens more than those shown that are no sign yet: an end mark, tags, another count of spaces."""
_SAME = 6
"""Draws of one open question that are all the same before seeds count as ignored."""


class Judged(BaseModel):
    """One server: what it does, and what follows."""

    probe: Probe
    refusal: str | None = None
    """Why it may not answer, with the way out; None where it may."""
    warnings: list[str] = []
    """What is not as it should be, and spoils nothing."""


def judge(probe: Probe, ask: Ask) -> Judged:
    """The first reason to refuse a server, and all that a person should know of it."""
    said = [text for wrong, text in _oddities(probe, ask) if wrong]
    return Judged(probe=probe, refusal=next(_refusals(probe, ask), None), warnings=said)


def _refusals(probe: Probe, ask: Ask) -> Iterator[str]:
    if ask.model is not None and probe.models and ask.model not in probe.models:
        names = ", ".join(probe.models[:8])
        yield f"it does not serve {ask.model}, but {names}: name one of them as `model`, or another server"
    if probe.chat_error:
        yield from _unanswered(probe, ask)
        return
    if probe.says_model not in (None, probe.model, *ask.served_as):
        yield (
            f"asked for {probe.model} it says that it is {probe.says_model}: where both are "
            f"the same, name it in served_as"
        )
    yield from _thinking(probe, ask)
    if probe.distinct == 1 and probe.draws >= _SAME and ask.sampling.get("temperature", 1) != 0:
        yield (
            f"{probe.draws} different seeds drew one and the same text, so all answers to a question would "
            f"be the same: take what caches or forces greedy decoding away"
        )
    if probe.cut is not None and probe.cut != "length":
        yield (
            f"an answer that was cut after one token is told as {probe.cut!r}, not as 'length', so truncated "
            f"answers would count as whole: ask the server itself, without what stands in between"
        )


def _unanswered(probe: Probe, ask: Ask) -> Iterator[str]:
    too_much = ask.max_tokens is not None and probe.context is not None and ask.max_tokens >= probe.context
    if too_much:
        yield (
            f"its context is {probe.context} tokens, so none with max_tokens = {ask.max_tokens} is answered: "
            f"set max_tokens below it, or serve the model with a longer one"
        )
    yield f"a plain chat completion is not answered: it {probe.chat_error}"


def _thinking(probe: Probe, ask: Ask) -> Iterator[str]:
    thinking = probe.thinking
    if thinking.layout not in ("none", None) or ask.thinks is False:
        return
    way = "serve it without a parser, or with minimax_m2_append_think, and the pipeline splits it itself"
    if ask.thinks:
        yield f"the model shows no thinking, neither in a field nor in tags: {way}, or set thinks = false"
        return
    tokens, shown = thinking.tokens or 0, thinking.shown
    if shown is not None and tokens > 1.5 * shown + _HIDDEN:
        yield (
            f"an answer of {tokens} tokens shows {shown} of them, so its thinking is lost: {way}, or set "
            f"thinks = false where it is meant to be hidden"
        )


def _oddities(probe: Probe, ask: Ask) -> Iterator[tuple[bool, str]]:
    yield not probe.models, "it does not tell which models it serves"
    yield probe.context is None, "it does not tell its context length"
    yield probe.repeats is False, "the same seed drew another text, so a draw cannot be repeated"
    yield probe.choices == 1, "one request for two choices brings one"
    yield probe.choices_differ is False, "the choices of one request are all the same"
    yield probe.children is False, "the second choice of a request is not what the next seed draws"
    yield (
        probe.too_long == "an outage",
        "a prompt over the context is answered like an outage, and would be retried",
    )
    yield probe.too_long == "answered", "a prompt over the context is answered as if it were whole"
    yield (probe.cut_tokens or 0) > 1, f"asked for one token it makes {probe.cut_tokens}"
    yield probe.ended == "length", "a short answer did not end within max_tokens"
    yield (
        "malformed" in (probe.thinking.layout or ""),
        "its thinking is laid out in a way that cannot be split well",
    )
    for name in ("response_format", "structured_outputs"):
        made = getattr(probe, name)
        if made is not None:
            yield not made.valid, f"{name} brings no valid JSON"
            yield made.valid and made.where == "thinking", f"{name} puts the JSON where the thinking belongs"
            off = (
                made.thinking is False
                and made.where == "content"
                and probe.thinking.layout not in ("none", None)
            )
            yield made.valid and off, f"{name} turns the thinking off"
    yield probe.continues is False, "an unfinished answer cannot be gone on from"
    yield not probe.metrics, "there are no metrics, so its load is told by its answers alone"
