"""Ask the served tiny model to judge a few texts and write its replies into the rubric file."""

from __future__ import annotations

import argparse
import json

import grade
from client import Server, ask
from skills import judging

#: (question, text, what a right judge says)
CASES = (
    (
        "Write a few sentences that use these words: river, lamp, cat.",
        "The cat slept near the river. A girl put the lamp beside the box.",
        "pass",
    ),
    (
        "Write a short text with these words: farmer, bread, bell, hill.",
        "- The farmer carried some bread to the hill.\n- There was a bell by the street.",
        "pass",
    ),
    (
        "Write a few sentences that use these words: river, lamp, cat.",
        "The cat slept near the river. A girl put the coin beside the box.",
        "fail",
    ),
    (
        "Use these words in a few sentences: owl, tower, kite.",
        "The owl waited behind the tower. A boy cleaned the kite at noon. A boy cleaned the kite at noon.",
        "fail",
    ),
    (
        "Use these words in a few sentences: goat, plum, island, clock, queen.",
        "The goat ate a plum and a pear. The goat ate a plum and a pear. The queen rested by the island.",
        "fail",
    ),
)


def example(server: Server, question: str, text: str, want: str) -> str:
    """Return one TOML table; the reply is the first of eight draws that agrees with `want`."""
    verdict = {"pass": "CLEAN", "fail": "FAULT"}[want]
    drawn = ask(server, judging.render(question, text), 8, 0).answers
    agreeing = [said.response for said in drawn if grade.verdict(said.response) == verdict]
    print(f"{want}: {len(agreeing)} of 8 draws agree")
    fields = {"question": question, "answer": text, "want": want, "reply": agreeing[0]}
    return "\n".join(["[[examples]]", *(f"{k} = {json.dumps(v)}" for k, v in fields.items())])


def main() -> None:
    """Replace the examples in the rubric's front matter; its prompt stays as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="http://127.0.0.1:PORT/v1")
    server = Server(parser.parse_args().url)
    front, prompt = judging.RUBRIC.read_text(encoding="utf-8").split("\n+++\n", 1)
    settings = front.split("[[examples]]", 1)[0].rstrip()
    examples = [example(server, *case) for case in CASES]
    text = "\n\n".join([settings, *examples]) + f"\n+++\n{prompt}"
    judging.RUBRIC.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
