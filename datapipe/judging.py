"""Ask a judge model what rubrics want to know, store every reply, and read verdicts out of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from datapipe.backends.base import BackendError, Completion, Refused, Request, Unable
from datapipe.context import Context, Shard
from datapipe.journal import journal_row, read_journal
from datapipe.loop import stream
from datapipe.policies import policy_of
from datapipe.shards import remove
from judges.base import EVIDENCE_CHARS, Attempt, Ruling
from judges.rubric import Rubric
from judges.values.thinking import split
from schemas.ids import content_id, seed
from schemas.rows import Reply

ASKS = 2
"""Times that one vote is asked in one run where replies cannot be read."""

LOST = "the judge did not answer"
REFUSED = "the judge refused the request"


class Vote:
    """One vote of one rubric about one answer: what is asked, and the replies so far."""

    def __init__(self, rubric: Rubric, answer_id: str, prompt: str, number: int) -> None:
        self.rubric, self.answer_id, self.prompt, self.number = rubric, answer_id, prompt, number
        self.prompt_id = content_id("prompt", prompt)

    @property
    def key(self) -> tuple[str, str, int]:
        return self.prompt_id, self.answer_id, self.number


@dataclass(frozen=True, slots=True)
class Owed:
    """One rubric and one answer it is to be asked about."""

    rubric: Rubric
    answer_id: str
    attempt: Attempt

    def refusal(self) -> str | None:
        """Why a judge is not asked about the answer, if it is not."""
        if self.attempt.truncated:
            return "truncated at max_tokens"
        return None if self.attempt.response.strip() else "no answer"

    def votes(self) -> list[Vote]:
        """The votes that make the ruling; none where there is nothing to judge."""
        if self.refusal():
            return []
        prompt = self.rubric.render(self.attempt)
        return [Vote(self.rubric, self.answer_id, prompt, number) for number in range(self.rubric.votes)]


class Judging:
    """The replies of a shard in one table: those stored, and those that come."""

    def __init__(self, ctx: Context, shard: Shard, table: str) -> None:
        self.ctx, self.shard, self.table = ctx, shard, table
        self.judge = policy_of(shard.lane, ctx.settings.judge).policy_id
        self.journal = ctx.run.journal_path(table, shard.lane, shard.number)
        self.stored: set[str] = set()
        self.fresh: list[Reply] = []
        self.replies: dict[tuple[str, str, int], list[Reply]] = defaultdict(list)
        self.refused: dict[tuple[str, str, int], str] = {}
        """What was said to votes that no judge takes, as where the answer is longer than its context."""
        for reply in ctx.run.read(table, Reply, shard.lane, shard.number):
            self._take(reply)
        for entry in read_journal(self.journal):
            if (reply := journal_row(self.journal, Reply, entry)).reply_id not in self.stored:
                self._take(reply)
                self.fresh.append(reply)

    def rule(self, owed: Sequence[Owed]) -> list[Ruling]:
        """The ruling of each, asking the judge for the votes that no stored reply answers."""
        votes = [each.votes() for each in owed]
        for _ in range(ASKS):
            if unread := [vote for each in votes for vote in each if self._unread(vote)]:
                self._ask(unread)
        return [
            majority([self._read(vote) for vote in each]) if each else Ruling.undecided(of.refusal() or "")
            for of, each in zip(owed, votes, strict=True)
        ]

    def commit(self) -> None:
        """Put fresh replies into a part of their own; stored replies are never rewritten."""
        run, lane, number = self.ctx.run, self.shard.lane, self.shard.number
        if self.fresh:
            part = run.next_part(self.table, lane, number)
            run.commit(self.table, lane, part, sorted(self.fresh, key=lambda r: (r.answer_id, r.reply_id)))
            self.fresh = []
        remove(self.journal)

    def _take(self, reply: Reply) -> None:
        if reply.reply_id not in self.stored:
            self.stored.add(reply.reply_id)
            if reply.judge == self.judge:
                self.replies[reply.prompt_id, reply.answer_id, reply.vote].append(reply)

    def _unread(self, vote: Vote) -> bool:
        """Whether a vote has no readable reply and may still be asked."""
        if vote.key in self.refused:
            return False
        most = ASKS * self.ctx.settings.screen.give_up_after
        return self._read(vote).unscored is not None and len(self.replies[vote.key]) < most

    def _read(self, vote: Vote) -> Ruling:
        """The last reply of a vote, read by the rubric as it is today."""
        if vote.key in self.refused:
            # One that takes nothing at all is asked with something wrong, which a person mends.
            ruling = Ruling.undecided(REFUSED, "informative" if any(self.replies.values()) else "infra")
            return replace(ruling, evidence=self.refused[vote.key])
        ruling = Ruling.undecided(LOST, "infra")
        for reply in self.replies[vote.key]:
            ruling = vote.rubric.read(reply.text, reply.finish_reason)
        return ruling

    def _ask(self, votes: list[Vote]) -> None:
        self.ctx.go_on()
        self.ctx.progress.owe("judge", len(votes))
        places = {(request := self._request(vote)).id: (request, vote) for vote in votes}
        requests = (request for request, _ in places.values())
        ended, at_once = self.ctx.abort.is_set, self.ctx.settings.judge.concurrency
        outcomes = stream(self.ctx.judge, requests, at_once, ended=ended)
        opened = self.ctx.run.journal(self.table, self.shard.lane, self.shard.number)
        with opened as journal, closing(outcomes):
            for request, said in outcomes:
                self.ctx.go_on()
                if isinstance(said, Completion):
                    reply = self._reply(request, places[request.id][1], said)
                    journal.append(reply.model_dump_json())
                    self._take(reply)
                    self.fresh.append(reply)
                else:
                    self._lose(places[request.id][1], said)
                self.ctx.progress.step("judge")

    def _lose(self, vote: Vote, error: BackendError) -> None:
        final = isinstance(error, Refused) and not isinstance(error, Unable)
        self.ctx.progress.drop(f"judge: {'refused' if final else 'outage'}")
        if final:
            self.refused[vote.key] = str(error)[:EVIDENCE_CHARS].encode("utf-8", "replace").decode()

    def _request(self, vote: Vote) -> Request:
        model, ask = self.ctx.settings.judge, len(self.replies[vote.key])
        return Request(
            id=content_id("reply", vote.prompt_id, self.judge, vote.answer_id, vote.number, ask),
            affinity=vote.answer_id,
            model=model.model,
            messages=({"role": "user", "content": vote.prompt},),
            sampling=model.sampling.model_dump(),
            max_tokens=min(model.max_tokens, vote.rubric.max_tokens),
            seed=seed(self.ctx.settings.seed, vote.answer_id, vote.number, f"{vote.rubric.name}/{ask}"),
            role="judge",
            served_as=tuple(model.served_as),
        )

    def _reply(self, request: Request, vote: Vote, said: Completion) -> Reply:
        opened = self.ctx.settings.judge.thinking_opened
        parts = split(said.content, said.reasoning, said.finish_reason, opened)
        return Reply(
            reply_id=request.id,
            lane=self.shard.lane,
            answer_id=vote.answer_id,
            rubric=vote.rubric.name,
            judge=self.judge,
            vote=vote.number,
            ask=len(self.replies[vote.key]),
            prompt_id=vote.prompt_id,
            text=parts.response,
            thinking=parts.thinking,
            finish_reason=said.finish_reason,
            prompt_tokens=said.prompt_tokens,
            completion_tokens=said.completion_tokens,
            server=said.server,
            latency_s=said.latency_s,
        )


def majority(votes: Sequence[Ruling]) -> Ruling:
    """The outcome of more than half of all votes; infra where lost votes could still change it, and the
    first's reason where none was lost and none says anything."""
    count = Counter(vote.outcome for vote in votes)
    for outcome in ("pass", "fail"):
        if count[outcome] * 2 > len(votes):
            return next(vote for vote in votes if vote.outcome == outcome)
    lost = [vote for vote in votes if vote.unscored == "infra"]
    if lost and (max(count["pass"], count["fail"]) + len(lost)) * 2 > len(votes):
        return lost[0]
    if all(vote.unscored == "informative" for vote in votes):
        return votes[0]
    return Ruling.undecided(f"votes are split {count['pass']} to {count['fail']}")
