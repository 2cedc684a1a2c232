"""A server whose requests fail, or whose answers are broken, far more often than others' is set aside."""

import asyncio

from datapipe.backends.base import Completion, Request, Transient
from datapipe.endpoints import Endpoints
from tests.datapipe.scripted import Server, ask, endpoints, lasting, request, view
from tests.datapipe.virtual import story


def test_a_server_that_fails_far_more_often_is_set_aside() -> None:
    """Never thrice in a row, so that strikes alone would not do."""
    turn = 0

    async def shaky(_: Request) -> Completion:
        nonlocal turn
        turn += 1
        await asyncio.sleep(1)
        if turn % 3:
            raise Transient("500")
        return Completion("yes", "stop", "x", completion_tokens=100)

    pool = endpoints(
        Server("shaky", shaky), *(Server(n, lasting(1.0)) for n in "abc"), attempts=20, aside_s=15
    )

    async def tell() -> None:
        for start in range(0, 2_000, 40):
            got = await ask(pool, *(request(i) for i in range(start, start + 40)))
            assert all(isinstance(said, Completion) for said in got)
        assert view(pool, "shaky").failed < 200
        await pool.close()

    story(tell())


def test_answers_that_are_blamed_set_their_server_aside() -> None:
    servers = [Server(name, lasting(1.0)) for name in "abcd"]
    notes: list[str] = []
    pool = endpoints(*servers, aside_s=15)
    pool.note = notes.append

    async def tell() -> None:
        for start in range(0, 800, 40):
            for said in await ask(pool, *(request(i) for i in range(start, start + 40))):
                assert isinstance(said, Completion)
                if said.server == "b" or start % 800 == 400:
                    pool.blame(said.server, "text that goes in circles")
        found = view(pool, "b")
        assert found.state == "aside"
        assert found.why.startswith("it answers far worse (text that goes in circles) than the others")
        assert found.faults["text that goes in circles"] >= 8
        assert found.done < 40
        assert [view(pool, name).state for name in "acd"] == ["ready"] * 3
        await asyncio.sleep(300)
        assert view(pool, "b").state == "ready"
        await pool.close()

    story(tell())
    assert [note.partition(":")[0] for note in notes] == ["b is set aside for 240 s", "b answers again"]


def test_what_speaks_against_all_alike_speaks_against_none() -> None:
    """A model that goes in circles does so everywhere, and the only server is never set aside."""
    for names in ("abcd", "a"):
        pool = endpoints(*(Server(name, lasting(1.0)) for name in names))

        async def tell(pool: Endpoints = pool) -> None:
            for start in range(0, 800, 40):
                for said in await ask(pool, *(request(i) for i in range(start, start + 40))):
                    assert isinstance(said, Completion)
                    pool.blame(said.server, "text that goes in circles")
            assert all(found.asides == 0 for found in pool.servers())
            await pool.close()

        story(tell())
