"""Whether a model answers anything at all: told apart from requests that no server would ever answer."""

import asyncio

from datapipe import loop
from datapipe.backends.base import Backend, Completion, Request, Transient
from datapipe.endpoints import Endpoints

WITHIN_S = 30.0
"""A server that takes longer for one token is as good as down."""


def responds(backend: Backend, model: str, role: str = "generator") -> bool:
    """Ask for one token. A refusal is an answer too: somebody was there to refuse."""
    request = Request(
        id="probe",
        affinity="probe",
        model=model,
        messages=({"role": "user", "content": "Hello."},),
        sampling={},
        max_tokens=1,
        role=role,
    )

    async def ask() -> loop.Outcome:
        async with asyncio.timeout(WITHIN_S):
            said = await loop.outcome(backend, request)
        if isinstance(backend, Endpoints) and isinstance(said, Completion):
            backend.counts.besides.add(said.prompt_tokens, said.tokens_out)
        return said

    try:
        return not isinstance(loop.run(ask()), Transient)
    except TimeoutError:
        return False
