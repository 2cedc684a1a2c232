"""Several draws of one question in one request, each as if it had been asked for alone."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from datapipe.asking import to_request
from datapipe.backends.base import Completion, Request
from datapipe.config import RunConfig
from datapipe.loop import Outcome
from datapipe.owed import Owed


def requests_of(config: RunConfig, owed: Owed) -> Iterator[Request]:
    """What is owed as requests of at most `generate.choices` draws of contiguous indices.

    Groups start at multiples of `choices`, so that an index has one seed, whatever else is owed with it.
    """
    size = config.generate.choices
    if size == 1:
        yield from _singles(config, owed)
        return
    drawn = [(key, question, slot) for key, (question, slot) in owed.items()]
    # Contiguous indices rise as their numbers do, so their difference stays.
    places = {key: (q.question_id, s.index // size, s.index - at) for at, (key, q, s) in enumerate(drawn)}
    for _, group in groupby(drawn, lambda each: places[each[0]]):
        first, *others = group
        yield replace(to_request(config, *first), also=tuple(key for key, _, _ in others))


def _singles(config: RunConfig, owed: Owed) -> Iterator[Request]:
    like: Request | None = None
    for key, (question, slot) in owed.items():
        same = like is not None and like.affinity == question.question_id
        like = to_request(config, key, question, slot, like if same else None)
        yield like


def told(request: Request, outcome: Outcome) -> Iterator[tuple[Request, Outcome]]:
    """What became of each draw of a request, by the request for it alone; not of those that are missing."""
    if not request.also:
        yield request, outcome
    elif isinstance(outcome, Completion):
        yield from ((request.single(said.place), said) for said in outcome.every)
    else:
        yield from ((request.single(place), outcome) for place in range(request.choices))


def missing(request: Request, outcome: Outcome) -> list[Request]:
    """The draws that a reply left out, each to be asked for alone."""
    if not request.also or not isinstance(outcome, Completion):
        return []
    came = {said.place for said in outcome.every}
    return [request.single(place) for place in range(request.choices) if place not in came]
