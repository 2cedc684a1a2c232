"""Twenty thousand answers over servers that misbehave and die, by a run that is killed again and again."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.gates import Measured
from benchmarks.questions import write_questions

from tests.soaking import FAULTS, GROWTH, SERVERS, TOO_LONG, Soak

QUESTIONS, DRAWS, KILLS = 5_100, 4, 20


def measure(folder: Path) -> Iterator[Measured]:
    """Faults of what is left in the end; the gate is none, and that every kill came."""
    write_questions(folder / "questions.jsonl", QUESTIONS)
    found = Soak(folder, folder / "questions.jsonl", DRAWS, KILLS).run()
    print(f"  {SERVERS} servers, {FAULTS} of replies, {TOO_LONG:g} of questions refused")
    print(f"  {found}")
    for text in (*found.faults, *found.ended):
        print(f"        {text}")
    yield Measured(
        "answers", f"{found.answers:,} of {QUESTIONS * DRAWS:,}", "> 20,000", found.answers > 20_000
    )
    yield Measured("faults", str(len(found.faults)), f"none; growth <= {GROWTH:g}", not found.faults)
    met = f"{found.kills} of our process, {found.deaths} of servers"
    yield Measured("deaths", met, f"{KILLS}, and of servers > {KILLS}", found.deaths > KILLS <= found.kills)
