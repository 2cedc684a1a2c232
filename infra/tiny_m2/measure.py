"""Measure a served tiny model on the bundled questions and on planted faults; print Markdown tables."""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from random import Random

import grade
from client import Reply, Server, ask_all
from held_out import held_out
from skills import judging, writing
from task import ask

SEEDS = Path(__file__).resolve().parents[2] / "data" / "seeds"
FORMS = ("plain", "boxed", "sentence")
Row = dict[str, object]


def main() -> None:
    """Ask everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="http://127.0.0.1:PORT/v1")
    parser.add_argument("--model", default="tiny-m2")
    parser.add_argument("--answers", type=int, default=8, help="answers a question")
    parser.add_argument("--planted", type=int, default=600, help="texts for the judge")
    args = parser.parse_args()
    server = Server(args.url, args.model)
    verifiable(server, args.answers)
    texts = written(server, args.answers // 2)
    judged(server, planted(args.planted), "Judge on planted faults, held out")
    judged(server, texts[:: max(1, len(texts) // args.planted)], "Judge on the model's own texts")


def rows(name: str) -> list[Row]:
    """Return the bundled questions of one file."""
    text = (SEEDS / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def level(row: Row) -> tuple[str, int]:
    """Return skill and level, which the source id spells."""
    skill, number, _ = str(row["source_id"]).split("-")
    return skill, int(number)


def timed(server: Server, prompts: list[str], n: int) -> list[Reply]:
    """Ask all prompts and print how long that took."""
    start = time.monotonic()
    replies = ask_all(server, prompts, n)
    took, tokens = time.monotonic() - start, sum(reply.tokens for reply in replies)
    answers = [said for reply in replies for said in reply.answers]
    cut = sum(said.finish_reason != "stop" for said in answers)
    mean, speed = tokens / len(answers), tokens / took
    print(f"\n{len(answers)} answers, {mean:.0f} tokens each, {cut} cut; {took:.0f} s, {speed:.0f} tokens/s")
    return replies


def table(title: str, head: str, lines: Iterable[str]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n\n| {head} |\n|{'---|' * (head.count('|') + 1)}")
    print("\n".join(f"| {line} |" for line in lines))


def share(hits: float, n: int) -> str:
    """Return a share of `n` trials with its 95 % interval."""
    low, high = grade.wilson(hits / n, n)
    return f"{hits / n:.3f} | {low:.3f}–{high:.3f}"


def verifiable(server: Server, n: int) -> None:
    """Print pass rates by skill and level, and how the formats are kept; formats take turns."""
    questions = rows("verifiable")
    forms = [FORMS[i % len(FORMS)] for i in range(len(questions))]
    prompts = [ask(str(q["prompt"]), form) for q, form in zip(questions, forms, strict=True)]
    replies = timed(server, prompts, n)
    rates = [
        sum(grade.right(said.response, question["reference"]) for said in reply.answers) / n
        for question, reply in zip(questions, replies, strict=True)
    ]
    mixed = sum(0 < rate < 1 for rate in rates)
    part = f"{mixed} of {len(rates)} = {mixed / len(rates):.2f}"
    print(f"\nQuestions with a pass rate strictly between 0 and 1: {part}")
    _by_level(questions, rates)
    _by_form(forms, replies, rates)


def _by_level(questions: list[Row], rates: list[float]) -> None:
    groups: dict[tuple[str, int], list[float]] = defaultdict(list)
    for question, rate in zip(questions, rates, strict=True):
        groups[level(question)].append(rate)
        groups[level(question)[0], 0].append(rate)
    lines = []
    for (skill, number), found in sorted(groups.items()):
        mixed = sum(0 < rate < 1 for rate in found)
        name = f"{skill} | {number or 'all'} | {len(found)}"
        lines.append(
            f"{name} | {share(sum(found), len(found))} | {mixed} | {found.count(0)} | {found.count(1)}"
        )
    head = "skill | level | questions | pass rate | 95 % | 0 < p < 1 | p = 0 | p = 1"
    table("Pass rates by skill and level", head, lines)


def _by_form(forms: list[str], replies: list[Reply], rates: list[float]) -> None:
    lines = []
    for form in FORMS:
        mine = [i for i, other in enumerate(forms) if other == form]
        kept = sum(grade.in_format(s.response, form) for i in mine for s in replies[i].answers)
        answers = sum(len(replies[i].answers) for i in mine)
        passed = share(sum(rates[i] for i in mine), len(mine))
        lines.append(f"{form} | {len(mine)} | {passed} | {kept / answers:.3f}")
    table("By answer format", "format | questions | pass rate | 95 % | format kept", lines)


def written(server: Server, n: int) -> list[tuple[str, str, str]]:
    """Print the faults of the model's texts by number of given words; return (question, text, kind)."""
    questions = rows("non_verifiable")
    forms = [("plain", "bullets")[i % 2] for i in range(len(questions))]
    prompts = [ask(str(q["prompt"]), form) for q, form in zip(questions, forms, strict=True)]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    texts = []
    for question, form, reply in zip(questions, forms, timed(server, prompts, n), strict=True):
        for said in reply.answers:
            missing, loops = faults(str(question["prompt"]), said.response)
            name = f"words {level(question)[1]}"
            for key in (name, "all", form):
                found = (1, missing, loops, missing or loops)
                counts[key] = [a + b for a, b in zip(counts[key], found, strict=True)]
            texts.append((str(question["prompt"]), said.response, "own"))
    lines = [
        f"{key} | {n} | {m / n:.3f} | {r / n:.3f} | {share(f, n)}"
        for key, (n, m, r, f) in sorted(counts.items())
    ]
    table("Faults of the model's texts", "texts | n | word missing | loop | either | 95 %", lines)
    return texts


def faults(question: str, text: str) -> tuple[bool, bool]:
    """Return whether a given word is missing and whether a sentence is repeated."""
    missing = writing.missing_words(writing.given_words(question), text)
    return bool(missing), bool(writing.repeated(text))


def planted(count: int) -> list[tuple[str, str, str]]:
    """Return held-out (question, text, planted fault)."""
    found: list[tuple[str, str, str]] = []
    index = 0
    while len(found) < count:
        rng = Random(f"planted {index}")
        case = judging.planted(rng, rng.choice(judging.LEVELS))
        index += 1
        if held_out(case[0]):
            found.append(case)
    return found


def judged(server: Server, cases: list[tuple[str, str, str]], title: str) -> None:
    """Print how the judge does: FAULT is the positive class, no verdict counts as wrong."""
    replies = timed(server, [judging.render(question, text) for question, text, _ in cases], 1)
    said = [grade.verdict(reply.answers[0].response) for reply in replies]
    truth = [any(faults(question, text)) for question, text, _ in cases]
    hits = [verdict == ("FAULT" if bad else "CLEAN") for verdict, bad in zip(said, truth, strict=True)]
    groups: dict[str, list[bool]] = defaultdict(list)
    for hit, bad, (_, _, kind) in zip(hits, truth, cases, strict=True):
        for name in (
            "accuracy",
            "TPR (faults found)" if bad else "TNR (clean passed)",
            f"accuracy on {kind}",
        ):
            groups[name].append(hit)
    lines = [f"{name} | {len(found)} | {share(sum(found), len(found))}" for name, found in groups.items()]
    blind = max(sum(truth), len(truth) - sum(truth))
    lines.append(f"always the more frequent verdict | {len(truth)} | {blind / len(truth):.3f} | ")
    kappa = grade.kappa([(bad, bad == hit) for bad, hit in zip(truth, hits, strict=True)])
    table(title, "what | n | share | 95 %", [*lines, f"κ | {len(hits)} | {kappa:.3f} | "])
    print(f"\nNo readable verdict: {said.count(None)}")


if __name__ == "__main__":
    main()
