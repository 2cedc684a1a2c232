"""What must hold of a run that was soaked: exactly what is owed is there, once, and the ledger balances."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from datapipe.asking import to_request
from datapipe.config import RunConfig
from datapipe.journal import read_journal
from datapipe.owed import Due
from datapipe.policies import policy_of
from datapipe.run import RunFolder
from schemas.rows import Answer, Failure, Lane, Question
from tests.stub_says import key_of, prompt_of

LANE: Lane = "verifiable"


def faults_of(config: RunConfig) -> Iterator[str]:
    """What is not as it should be."""
    run, owed = RunFolder(config.folder), set(owed_keys(config))
    answers = list(run.read("answers", Answer, LANE))
    given_up = Counter(f.unit_id for f in run.read("failures", Failure, LANE) if f.unit == "request")
    answered = Counter(made.request_id for made in answers)
    ids = Counter(made.answer_id for made in answers)
    draws = Counter((made.question_id, made.policy_id, made.index) for made in answers)
    for name, twice in (("answer_id", ids), ("draw", draws), ("request", answered), ("failure", given_up)):
        if doubled := sum(count > 1 for count in twice.values()):
            yield f"{doubled} times one {name} is stored twice"
    if missing := owed - answered.keys() - given_up.keys():
        yield f"{len(missing)} requests have neither an answer nor a reason"
    if extra := (answered.keys() | given_up.keys()) - owed:
        yield f"{len(extra)} requests were never owed"
    if both := answered.keys() & given_up.keys():
        yield f"{len(both)} requests have an answer and a failure"
    if silent := [f for f in run.read("failures", Failure, LANE) if not (f.reason and f.detail)]:
        yield f"{len(silent)} failures say no reason"
    for line in json.loads((config.folder / "ledger.json").read_text()):
        if line["gap"]:
            yield f"the ledger has a gap: {line}"
        if line["stage"] == "answer" and line["came"] != len(owed):
            yield f"the ledger counts {line['came']} requests, {len(owed)} are owed"
    if left := list(config.folder.glob("_journal/answers/*/*")):
        yield f"{len(left)} journals are left"


def still_owed(config: RunConfig) -> bool:
    """Whether an outage left requests to be asked by another run."""
    lines = json.loads((config.folder / "ledger.json").read_text())
    return any(line["pending"] for line in lines if line["stage"] == "answer")


def failure_reasons(config: RunConfig) -> Counter[str]:
    """Requests given up, by reason."""
    failures = RunFolder(config.folder).read("failures", Failure, LANE)
    return Counter(f.reason for f in failures if f.unit == "request")


def stored_keys(config: RunConfig) -> set[str]:
    """Keys of the requests whose answers stand in a part or in a journal."""
    run, entries = RunFolder(config.folder), _entries(config)
    ids = {made for (made,) in run.columns("answers", LANE, None, "request_id")}
    ids |= {entry["answer"]["request_id"] for entry in entries if "answer" in entry}
    ids |= {
        entry["failure"]["unit_id"]
        for entry in entries
        if entry.get("failure", {}).get("reason") == "refused"
    }
    keys = owed_keys(config)
    return {keys[each] for each in ids}


def _entries(config: RunConfig) -> list[dict[str, Any]]:
    return [
        e for path in config.folder.glob(f"_journal/answers/lane={LANE}/*.jsonl") for e in read_journal(path)
    ]


def owed_keys(config: RunConfig) -> dict[str, str]:
    """What a server writes down of a request, by request_id; nothing before the questions are taken."""
    questions = list(RunFolder(config.folder).read("questions", Question, LANE))
    policy = policy_of(LANE, config.generate).policy_id
    requests = (to_request(config, key, *asked) for key, asked in Due(config, policy).all(questions).items())
    return {each.id: key_of(each.seed, prompt_of(each.messages)) for each in requests}
