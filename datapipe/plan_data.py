"""What a pilot brought and what is still to be asked, read from a run's folder and its question files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from datapipe.config import RunConfig
from datapipe.forecast import Block, Seen
from datapipe.policies import policy_of
from datapipe.query import connect
from datapipe.questions import to_question
from datapipe.reading import find_files, read_raw
from datapipe.run import RunFolder, shard_of
from datapipe.share import in_share

Domain = tuple[str, str]
"""Lane and domain."""
_BLOCKS = 40
"""Stretches of a run that are told apart where a target or a budget may end it."""


@dataclass
class Pilot:
    """The questions of a run by whether the pilot asked them."""

    seen: list[Seen] = field(default_factory=list)
    """The pilot's questions that are done."""
    open: int = 0
    """The pilot's questions that are not."""
    blocks: list[Block] = field(default_factory=list)
    """All others, in the order in which they are asked."""
    later: int = 0
    """Those of them that are done as well."""

    @property
    def left(self) -> int:
        """Questions that the pilot did not ask."""
        return sum(sum(block.values()) for block in self.blocks)


def read_pilot(config: RunConfig, share: float) -> Pilot:
    """What a run's folder holds of the questions in a share, and how many others there are."""
    run, found = RunFolder(config.folder), Pilot()
    done, shards = results(config), list[Counter[Domain]]()
    for lane in config.lanes:
        for part in run.parts("questions", lane):
            others: Counter[Domain] = Counter()
            for question, domain in run.columns("questions", lane, shard_of(part), "question_id", "domain"):
                settled = done.get((lane, question))
                if not in_share(config.spend.share, config.seed, question):
                    continue
                if not in_share(share, config.seed, question):
                    others[lane, domain] += 1
                    found.later += settled is not None
                elif settled is None:
                    found.open += 1
                else:
                    found.seen.append(settled)
            shards.append(others)
    found.blocks = _joined(shards)
    return found


def results(config: RunConfig) -> dict[tuple[str, str], Seen]:
    """What each question that is done brought and took under the configured policy, by lane and question.

    Done is one that is rated on as many draws as are asked at least and whose answers are all decided about,
    or that no request about brought an answer.
    """
    least = config.spend.first if config.spend.rounds else config.generate.n
    policies = {lane: policy_of(lane, config.generate).policy_id for lane in config.lanes}
    found: dict[tuple[str, str], Seen] = {}
    with connect([config.folder]) as db:
        for lane, policy in policies.items():
            rows = db.execute(_RESULTS, [lane, policy, lane, least, policy, lane, policy, lane]).fetchall()
            found |= {(lane, question): Seen(lane, *rest) for question, *rest in rows}
    return found


def counted(config: RunConfig) -> Counter[Domain]:
    """Questions by lane and domain: those of the run, or where it has none yet those of its files.

    Of files, questions alike to the letter count once; what checks will refuse is still among them.
    """
    run, found = RunFolder(config.folder), Counter[Domain]()
    for lane in config.lanes:
        for part in run.parts("questions", lane):
            found.update((lane, d) for (d,) in run.columns("questions", lane, shard_of(part), "domain"))
    return found or Counter(domain for domain, _ in _read(config))


def in_share_of(config: RunConfig, share: float) -> Counter[Domain]:
    """Questions of a share, as `counted` counts them."""
    run, found = RunFolder(config.folder), Counter[Domain]()
    stored = False
    for lane in config.lanes:
        for part in run.parts("questions", lane):
            stored = True
            rows = run.columns("questions", lane, shard_of(part), "domain", "question_id")
            found.update((lane, d) for d, q in rows if in_share(share, config.seed, q))
    if stored:
        return found
    return Counter(domain for domain, q in _read(config) if in_share(share, config.seed, q))


def _read(config: RunConfig) -> Iterator[tuple[Domain, str]]:
    known: set[str] = set()
    for path in find_files(config.input.questions):
        for row in read_raw(path, config.input.max_line_mb * 2**20):
            try:
                question = to_question(row, config)
            except (ValueError, RecursionError):
                continue
            if question.question_id not in known and question.lane in config.lanes:
                known.add(question.question_id)
                yield (question.lane, question.domain), question.question_id


def _joined(shards: Sequence[Counter[Domain]]) -> list[Block]:
    """Neighbouring shards put together, so that there are few enough."""
    step = -(-len(shards) // _BLOCKS) or 1
    return [sum(shards[at : at + step], Counter()) for at in range(0, len(shards), step)]


def cells(done: Sequence[Seen]) -> dict[tuple[str, str, str], Counter[str]]:
    """What questions that are done come to, by lane, domain and tier; `total` is none of them."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for each in done:
        sums = found.setdefault((each.lane, each.domain, each.tier), Counter())
        sums["questions"] += 1
        sums["kept"] += each.kept + each.harvested
        sums["tokens"] += each.tokens + each.harvest
        sums["prompt"] += each.prompt
    return found


_RESULTS: Any = """
    SELECT q.question_id, q.domain, coalesce(r.tier, 'unrated'), coalesce(s.kept, 0),
           coalesce(s.harvested, 0), coalesce(s.prompt, 0), coalesce(s.tokens, 0), coalesce(s.harvest, 0),
           coalesce(s.early, 0)
    FROM (SELECT question_id, domain FROM stored.questions WHERE lane = ?) q
    LEFT JOIN (SELECT question_id, tier FROM stored.ratings
               WHERE policy_id = ? AND lane = ? AND n + coalesce(duplicates, 0) >= ?) r
        USING (question_id)
    LEFT JOIN (
        SELECT question_id, bool_or(fate = 'undecided') AS undecided,
               count(*) FILTER (fate = 'kept' AND NOT continued AND purpose = 'rate') AS kept,
               count(*) FILTER (fate = 'kept' AND NOT continued AND purpose = 'harvest') AS harvested,
               sum(prompt_tokens)::BIGINT AS prompt,
               sum(completion_tokens) FILTER (purpose = 'rate')::BIGINT AS tokens,
               sum(completion_tokens) FILTER (purpose = 'harvest')::BIGINT AS harvest,
               sum(completion_tokens) FILTER (purpose = 'rate' AND round = 0)::BIGINT AS early
        FROM spending WHERE policy_id = ? AND lane = ? GROUP BY question_id) s USING (question_id)
    LEFT JOIN (SELECT DISTINCT question_id FROM stored.failures WHERE policy_id = ? AND lane = ?) f
        USING (question_id)
    WHERE (r.tier IS NOT NULL AND NOT coalesce(s.undecided, false))
       OR (f.question_id IS NOT NULL AND s.question_id IS NULL)"""
